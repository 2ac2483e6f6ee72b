"""Departures: the responses that show an object otherwise than its writes left it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.base.values import ABSENT, instant
from conformance.judging.outcomes import Violation
from conformance.judging.target_model.events import View, Write
from conformance.judging.target_model.history import History, State
from conformance.model import compact
from conformance.reading import same, shown

SETTLED = 5.0
"""Seconds after which every response must show a write: as long as the suite waits for one."""
MASKED = re.compile(r"[*\u2022\u2026]|\.\.\.|x{3,}", re.IGNORECASE)
"""Signs of a value that is not shown as a whole."""

CREATED, CHANGED, DELETED = "create.shown", "update.shown", "delete.shown"
REFUSED = "refused.shown"


@dataclass(frozen=True)
class Departure:
    """A violation of a rule, and the exchange whose operation is to blame: mostly a write."""

    rule: str
    exchange: str
    violation: Violation


def departures_of(history: History) -> Iterator[Departure]:
    """The first view that departs from each write of an object, member by member."""
    blamed: set[tuple[str, str, str]] = set()
    fine: dict[str, tuple[State, Mapping[str, Any]]] = {}
    for view in sorted(history.views, key=lambda each: each.span.begin):
        state = history.at(view)
        found = list(_refusals_applied(history, view))
        if state is not None and fine.get(view.operation.id) != (state, view.members):
            found += _of_view(history, state, view)
            if not found:
                fine[view.operation.id] = state, view.members
        for departure in found:
            key = departure.rule, departure.exchange, departure.violation.where
            if key not in blamed:
                blamed.add(key)
                yield departure


def _of_view(history: History, state: State, view: View) -> Iterator[Departure]:
    """How one view departs from what is known of the object."""
    if state.deletion is not None:
        yield from _shown_again(history, state, state.deletion, view)
        return
    for member, (value, write) in state.members.items():
        got = view.members.get(member, ABSENT)
        if got is ABSENT or _agree(value, got) or _is_obscured(history, view, value, got):
            continue
        if member in shown(write.operation, {member: value}, view.members) and _is_wrong(
            history, member, value, write, view
        ):
            rule = CREATED if write.operation.action == "create" else CHANGED
            expected = f"{compact(value)}, as {write.exchange.id} sent it"
            yield _departure(rule, write, view, f"/{member}", expected, compact(got))


def _departure(
    rule: str, write: Write, view: View, where: str, expected: str, actual: str
) -> Departure:
    """A departure that a write explains."""
    ids = (write.exchange.id, view.exchange.id)
    return Departure(rule, write.exchange.id, Violation(where, expected, actual, ids))


def _agree(sent: Any, got: Any) -> bool:
    """Whether a value is shown as it was sent, or is the same time."""
    if sent == got and not isinstance(sent, bool | int | float):
        return True
    if same(sent, got):
        return True
    moment = instant(sent)
    return moment is not None and moment == instant(got)


def _is_obscured(history: History, view: View, sent: Any, got: Any) -> bool:
    """Whether a list only shows less than the object has: nothing, a part, or a masked value."""
    if isinstance(got, str) and MASKED.search(got):
        return True
    if not view.in_list or not history.kind.is_read:
        return False
    is_part = isinstance(sent, str) and isinstance(got, str) and sent.startswith(got)
    return is_part or got in (None, "", [], {})


def _is_wrong(history: History, member: str, value: Any, write: Write, view: View) -> bool:
    """Whether a view should show what a write sent for a member, and the target cannot excuse it.

    A response may show the former value for a while. A target may change by itself what is not only
    for clients to write, unless the same operation never shows what was sent, and another does.
    """
    if view.span.begin - write.span.end < SETTLED:
        return False
    if member in history.kind.written:
        return True
    later = [
        each
        for each in history.views
        if each.span.begin >= view.span.begin and history.at(each) is history.at(view)
    ]
    shows = {each.operation.id for each in later if _agree(value, each.members.get(member, ABSENT))}
    return bool(shows) and view.operation.id not in shows


# --- refused writes -------------------------------------------------------------------------------


def _refusals_applied(history: History, view: View) -> Iterator[Departure]:
    """The texts of refused writes that a view shows, although no accepted request sent them."""
    for write, texts in history.refused:
        if write.span.end > view.span.begin:
            continue
        for member, text in texts.items():
            if view.members.get(member) == text:
                expected = f"not what {write.exchange.id} sent, which was refused"
                yield _departure(REFUSED, write, view, f"/{member}", expected, compact(text))


# --- deleted objects ------------------------------------------------------------------------------


def _shown_again(
    history: History, state: State, deletion: Write, view: View
) -> Iterator[Departure]:
    """The departure of a view that shows a deleted object as it was."""
    if view.span.begin - deletion.span.end < SETTLED:
        return
    before = [each for each in history.views if each.span.end <= deletion.span.begin]
    if not before:
        return
    sent = {member: value for member, (value, _) in state.members.items()}
    known = {**before[-1].members, **sent}
    if all(_is_as_before(known, member, value) for member, value in view.members.items()):
        expected = f"nothing, as {deletion.exchange.id} deleted it"
        yield _departure(DELETED, deletion, view, "/", expected, compact(view.members))


def _is_as_before(known: Mapping[str, Any], member: str, value: Any) -> bool:
    """Whether a member of a deleted object is no sign of its deletion; a new time is none."""
    if member not in known:
        return False
    old = known[member]
    are_times = instant(old) is not None and instant(value) is not None
    return are_times or _agree(old, value)
