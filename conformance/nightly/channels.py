"""Channels that messages go to, and what waits to be sent to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from conformance.nightly.notices import Message

VARIABLE = "CONFORMANCE_NOTIFY"
"""The environment variable with addresses of channels, separated by white space."""
MOST = 30
"""Maximum number of messages that wait; the newest are kept."""
FAILURES = 2
"""A channel that fails this many times in a row is taken to be down."""
REJECTIONS = 3
"""A message is given up after so many nights in which a channel took others, but not this one."""


@dataclass(frozen=True)
class Channel:
    """A channel by its name. ``deliver`` sends a message, and returns whether that succeeded."""

    name: str
    deliver: Callable[[Message], bool]


def waiting_for(messages: Iterable[Message], channels: Iterable[Channel]) -> tuple[Message, ...]:
    """The messages that still wait for at least one of the channels: at most the newest MOST.

    Channels that are no longer configured are removed from the recipients of each message.
    """
    names = {channel.name for channel in channels}
    waiting = []
    for message in messages:
        to = tuple(name for name in message.to if name in names)
        if to:
            waiting.append(replace(message, to=to))
    return tuple(waiting[-MOST:])


def deliver_all(
    waiting: tuple[Message, ...],
    channels: Iterable[Channel],
    save: Callable[[tuple[Message, ...]], None],
) -> tuple[Message, ...]:
    """Send the waiting messages to each channel, oldest first; returns those that still wait.

    ``save`` stores what still waits after each delivery, so that nothing is sent twice. A channel
    that fails FAILURES times in a row gets nothing more for now. If a channel rejects one message
    but accepts others, it still gets the others. After enough such nights, the message is given up.
    """
    rejections: list[tuple[Message, str]] = []
    for channel in channels:
        rejected: list[Message] = []
        has_accepted, failures_in_a_row = False, 0
        for message in [each for each in waiting if channel.name in each.to]:
            if channel.deliver(message):
                waiting = _without(waiting, message, channel.name)
                save(waiting)
                has_accepted, failures_in_a_row = True, 0
            else:
                rejected.append(message)
                failures_in_a_row += 1
            if failures_in_a_row == FAILURES:
                break
        if has_accepted:
            rejections += [(message, channel.name) for message in rejected]
    if rejections:
        waiting = _after_rejections(waiting, rejections)
        save(waiting)
    return waiting


def _after_rejections(
    waiting: tuple[Message, ...], rejections: Iterable[tuple[Message, str]]
) -> tuple[Message, ...]:
    """What still waits after a night in which channels rejected a message but accepted another.

    ``rejections`` are the messages, each with the channel. A message counts the nights in which it
    was rejected. At REJECTIONS, it is given up for these channels, and its count stays as it is.
    """
    counted: set[tuple[str, str]] = set()
    for message, name in rejections:
        if message.rejected + 1 == REJECTIONS:
            waiting = _without(waiting, message, name)
        else:
            counted.add((message.title, message.body))
    return tuple(
        replace(each, rejected=each.rejected + 1) if (each.title, each.body) in counted else each
        for each in waiting
    )


def _without(waiting: tuple[Message, ...], done: Message, name: str) -> tuple[Message, ...]:
    """The waiting messages, of which ``done`` no longer waits for the channel ``name``.

    A message that then waits for no channel is dropped.
    """
    left = []
    for message in waiting:
        to = message.to
        if (message.title, message.body) == (done.title, done.body):
            to = tuple(channel for channel in to if channel != name)
        if to:
            left.append(replace(message, to=to))
    return tuple(left)
