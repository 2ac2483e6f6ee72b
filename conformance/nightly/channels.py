"""Channels that messages go to, and what waits to be sent to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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


def addressed(messages: Iterable[Message], channels: Iterable[Channel]) -> tuple[Message, ...]:
    """The messages that wait for some of the channels, at most the newest MOST.

    A channel that is no longer configured is dropped from a message.
    """
    names = {channel.name for channel in channels}
    kept = (replace(each, to=tuple(to for to in each.to if to in names)) for each in messages)
    return tuple(each for each in kept if each.to)[-MOST:]


def delivered(
    waiting: tuple[Message, ...],
    channels: Iterable[Channel],
    save: Callable[[tuple[Message, ...]], None],
) -> tuple[Message, ...]:
    """Send what waits, oldest first; returns what still waits.

    ``save`` stores what still waits after each delivery, so that nothing is sent twice. A channel
    that fails twice in a row gets nothing more for now. A message that a channel rejects, although
    it takes others, does not hold those up, and is given up in the end.
    """
    for channel in channels:
        rejected: list[Message] = []
        accepts, in_a_row = False, 0
        for message in [each for each in waiting if channel.name in each.to]:
            if channel.deliver(message):
                waiting = _without(waiting, message, channel.name)
                save(waiting)
                accepts, in_a_row = True, 0
            else:
                rejected.append(message)
                in_a_row += 1
            if in_a_row == FAILURES:
                break
        if accepts and rejected:
            waiting = _rejected(waiting, rejected, channel.name)
            save(waiting)
    return waiting


def _rejected(
    waiting: tuple[Message, ...], messages: Sequence[Message], name: str
) -> tuple[Message, ...]:
    """What still waits once a channel has rejected some messages, and accepted another.

    The rejections of these are counted, and at REJECTIONS a message is given up for the channel.
    """
    for message in messages:
        if message.rejected + 1 == REJECTIONS:
            waiting = _without(waiting, message, name)
    return tuple(
        replace(each, rejected=each.rejected + 1) if each in messages else each for each in waiting
    )


def _without(waiting: tuple[Message, ...], sent: Message, name: str) -> tuple[Message, ...]:
    """The waiting messages once the ``sent`` one no longer waits for the channel ``name``.

    A message that then waits for no channel is dropped.
    """
    left = []
    for message in waiting:
        is_sent = (message.title, message.body) == (sent.title, sent.body)
        to = tuple(each for each in message.to if not (is_sent and each == name))
        left.append(replace(message, to=to))
    return tuple(message for message in left if message.to)
