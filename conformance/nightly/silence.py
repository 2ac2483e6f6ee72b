"""The dead man's switch: a night that did not arrive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from conformance.nightly.notices import Kind, Notice
from conformance.nightly.state import State


def missed(
    state: State,
    now: datetime,
    longest: timedelta,
    announced: str = "",
    *,
    none_running: bool = False,
) -> Notice | None:
    """The notice that a night is missing; None if the last one arrived in time.

    A night is missing if none has arrived for ``longest``, or if the last one is as far in the
    future, because a clock was wrong. If it is known that no night is running, one that began and
    did not end is missing, too. There is no notice for a silence whose mark, see ``mark_of``, is
    ``announced``.
    """
    never_ended = state.began > state.ended
    last = state.ended or state.began
    is_silent = not last or abs(now - datetime.fromisoformat(last)) > longest
    if not is_silent and not (never_ended and none_running):
        return None
    if announced == mark_of(state):
        return None
    if not state.began:
        return Notice(Kind.MISSED, "no night has arrived yet")
    if never_ended:
        return Notice(Kind.MISSED, f"the night that began at {_shown(state.began)} did not end")
    return Notice(Kind.MISSED, f"no night since the one that ended at {_shown(state.ended)}")


def mark_of(state: State) -> str:
    """What identifies a silence: the last sign of life before it."""
    return f"{state.began} {state.ended}"


def _shown(moment: str) -> str:
    """A moment to the minute."""
    return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
