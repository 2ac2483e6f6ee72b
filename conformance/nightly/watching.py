"""Watches the nights of a directory from outside: did the last one arrive?"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from conformance.base.errors import Exit, UsageError
from conformance.base.text import amount
from conformance.nightly import silence, state_file
from conformance.nightly.channels import Channel, deliver_all, waiting_for
from conformance.nightly.notices import Kind, Message, Notice, message
from conformance.nightly.state import State


@dataclass(frozen=True)
class Watched:
    """What a look at a directory found: the notice that a night is missing, or None.

    ``unsent`` is the number of messages that could not be sent. ``fault`` says why this look cannot
    be remembered; empty if it can.
    """

    directory: Path
    notice: Notice | None
    unsent: int
    fault: str = ""

    @property
    def exit_code(self) -> Exit:
        """1 if a night is missing, else 2 for a fault, 3 if a message could not be sent, or 0."""
        if self.notice:
            return Exit.VIOLATED
        if self.fault:
            return Exit.USAGE
        return Exit.UNJUDGED if self.unsent else Exit.CONFORMS

    def __str__(self) -> str:
        words = str(self.notice or "the last night arrived")
        waiting = f" ({amount(self.unsent, 'message')} could not be sent)" if self.unsent else ""
        fault = f" ({self.fault})" if self.fault else ""
        return f"{self.directory}: {words}{waiting}{fault}"


def check(
    directory: Path, now: datetime, longest: timedelta, channels: Sequence[Channel]
) -> Watched:
    """Check whether the last night arrived, and send a message if not, once for each silence.

    Messages that an earlier look could not send are tried again.

    If the directory is missing or its disk is full, which may be why no night arrives, nothing can
    be remembered: then each look sends a message.
    """
    if not os.path.isdir(directory):  # noqa: PTH112 - Path.is_dir raises on a stale mount
        return _missing(directory, channels)
    state = state_file.read(directory) or State(target="", scope="")
    watch = state_file.read_watch(directory)
    notice = silence.missed(state, now, longest)
    mark, waiting = silence.mark_of(state), watch.unsent
    if notice and watch.told != mark:
        watch = replace(watch, told=mark)
        names = tuple(channel.name for channel in channels)
        waiting = (*waiting, replace(message([notice], _about(state, directory)), to=names))

    faults: list[str] = []

    def save(unsent: tuple[Message, ...]) -> None:
        try:
            state_file.write_watch(replace(watch, unsent=unsent), directory)
        except UsageError as error:
            faults.append(str(error))

    waiting = waiting_for(waiting, channels)
    save(waiting)
    left = deliver_all(waiting, channels, save)
    return Watched(directory, notice, len(left), faults[-1] if faults else "")


def _about(state: State, directory: Path) -> list[str]:
    """Lines that say whose nights are missing: the target, if it is known, and the directory."""
    target = ", ".join(text for text in (state.name, state.target) if text)
    lines = [f"Target: {target}"] if target else []
    return [*lines, f"Directory: {directory}"]


def _missing(directory: Path, channels: Sequence[Channel]) -> Watched:
    """Send a message that a directory is missing, such as a share that is not mounted."""
    words = "no night can be seen, because the directory is missing or cannot be read"
    notice = Notice(Kind.MISSED, words)
    missing = message([notice], [f"Directory: {directory}"])
    is_sent = [channel.deliver(missing) for channel in channels]
    return Watched(directory, notice, is_sent.count(False))
