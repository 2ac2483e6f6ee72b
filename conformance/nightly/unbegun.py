"""A night that cannot begin, because the target file is not valid or nothing can be selected.

Why it cannot begin is sent. It also replaces the page of the night before, which may still say
that nothing is new.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from conformance.base.clock import Clock
from conformance.base.errors import Exit, UsageError
from conformance.nightly import outcome, state_file
from conformance.nightly.channels import Channel, deliver_all, waiting_for
from conformance.nightly.notices import Kind, Message, Notice, message
from conformance.nightly.outcome import Outcome
from conformance.nightly.state import State
from conformance.nightly.transitions import Step


class Unbegun(Outcome):
    """The outcome of a night that could not begin."""

    @property
    def exit_code(self) -> Exit:
        """It is always 2."""
        return Exit.USAGE

    @property
    def headline(self) -> str:
        """The night in one sentence."""
        return "The night could not begin."


def tell(why: str, target: str, directory: Path, clock: Clock, channels: Sequence[Channel]) -> None:
    """Write why a night cannot begin into its directory, and send it to some channels.

    ``target`` is the path of the target file, or the address. A series of such nights is announced
    once, if the directory has a state that can remember it. Without a channel, the state is left as
    it is, so that ``nightly check`` misses the night.
    """
    known = _known(directory)
    notice = Notice(Kind.STOPPED, " ".join(why.split()))
    is_new = known is None or not known.stopped
    state = known or State(target="", scope="")
    found = Unbegun(
        step=Step(state, (), (), {}, {}, judges_less=False),
        notices=[notice],
        new=(),
        judged_all=False,
        counts={},
        causes=0,
        target=target,
    )
    outcome.write(found, directory)
    if not channels:
        return
    names = tuple(channel.name for channel in channels)
    new = (replace(message([notice], found.details), to=names),) if is_new else ()
    moment = clock().isoformat(timespec="seconds")
    state = replace(state, began=moment, ended=moment, stopped=state.stopped + 1)

    def save(unsent: tuple[Message, ...]) -> None:
        if known:
            state_file.write(replace(state, unsent=unsent), directory)

    waiting = waiting_for((*state.unsent, *new), channels)
    save(waiting)
    deliver_all(waiting, channels, save)


def _known(directory: Path) -> State | None:
    """The state in a directory; None if there is none, or none that can be read."""
    try:
        return state_file.read(directory)
    except UsageError:
        return None
