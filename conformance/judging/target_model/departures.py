"""Departures: the responses that show an object otherwise than its writes left it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from conformance.base.values import ABSENT, instant
from conformance.judging.outcomes import Outcome, Pass, Violation
from conformance.judging.target_model.events import View, Write
from conformance.judging.target_model.history import Expected, History, State
from conformance.model import compact
from conformance.reading import same, shown

SETTLED = 5.0
"""Seconds after which every response must show a write: as long as the suite waits for one."""
MASKED = re.compile(r"[*\u2022\u2026]|\.\.\.|x{3,}", re.IGNORECASE)
"""Signs of a value that is not shown as a whole."""

CREATED, CHANGED, DELETED = "create.shown", "update.shown", "delete.shown"
REFUSED = "refused.shown"


Listed = tuple[str, str]
"""A list operation, and a member of its items."""


@dataclass(frozen=True)
class Judged:
    """The outcome of a rule, and the exchange that it is about: mostly a write.

    ``listed`` is the member that a list shows otherwise than a read might.
    """

    rule: str
    exchange: str
    outcome: Outcome
    listed: Listed | None = None


def judged(history: History, agreed: set[Listed]) -> Iterator[Judged]:
    """The first view that departs from each write of an object, or else one that agrees with it.

    An operation often shows the same again, which is compared once. The members that lists show
    as sent are added to ``agreed``.
    """
    seen: set[tuple[str, str, str]] = set()
    shown: dict[tuple[str, str], Judged] = {}
    fine: dict[str, tuple[State, Mapping[str, Any]]] = {}
    for view in sorted(history.views, key=lambda each: each.span.begin):
        state = history.at(view)
        found = list(_refusals_applied(history, view))
        known, members = fine.get(view.operation.id, (None, None))
        if state is not None and (known is not state or members != view.members):
            found += _of_view(history, state, view, agreed)
            if not any(_departs(one) for one in found) and _is_settled(view, state):
                fine[view.operation.id] = state, view.members
        for one in found:
            if not isinstance(one.outcome, Violation):
                shown.setdefault((one.rule, one.exchange), one)
                continue
            key = one.rule, one.exchange, one.outcome.where
            if key not in seen:
                seen.add(key)
                yield one
    blamed = {(rule, exchange) for rule, exchange, _ in seen}
    yield from [one for key, one in shown.items() if key not in blamed]


def _departs(one: Judged) -> bool:
    """Whether an outcome is a violation."""
    return isinstance(one.outcome, Violation)


def _is_settled(view: View, state: State) -> bool:
    """Whether every response must show a state by then."""
    return view.span.begin - state.since >= SETTLED


def _of_view(history: History, state: State, view: View, agreed: set[Listed]) -> Iterator[Judged]:
    """How one view departs from what is known of the object."""
    if state.deletion is not None:
        yield from _shown_again(history, state, state.deletion, view)
        return
    for member, expected in state.members.items():
        value, write = expected
        rule = CREATED if write.operation.action == "create" else CHANGED
        got = view.members.get(member, ABSENT)
        if got is not ABSENT and _agree(value, got):
            agreed.add((view.operation.id, member))
            yield _passed(rule, write, view)
            continue
        if got is ABSENT or _is_obscured(history, view, value, got):
            continue
        if any(texts.get(member) == got for _, texts in history.refused):
            continue  # refused.shown blames it
        is_shown = member in shown(write.operation, {member: value}, view.members)
        if is_shown and _is_wrong(history, state, member, expected, view):
            said = f"{compact(value)}, as {write.exchange.id} sent it"
            found = _departure(rule, write, view, f"/{member}", said, compact(got))
            may_differ = view.in_list and history.kind.is_read
            yield replace(found, listed=(view.operation.id, member) if may_differ else None)


def _departure(
    rule: str, write: Write, view: View, where: str, expected: str, actual: str
) -> Judged:
    """A departure that a write explains."""
    ids = (write.exchange.id, view.exchange.id)
    return Judged(rule, write.exchange.id, Violation(where, expected, actual, ids))


def _passed(rule: str, write: Write, view: View) -> Judged:
    """A view that agrees with a write."""
    return Judged(rule, write.exchange.id, Pass((write.exchange.id, view.exchange.id)))


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


def _is_wrong(history: History, state: State, member: str, expected: Expected, view: View) -> bool:
    """Whether a view should show what a write sent for a member, and the target cannot excuse it.

    A response may show a former value for a while. A target may change by itself what is not only
    for clients to write, unless the same operation never shows what was sent, and another does.
    """
    value, write = expected
    if member in history.kind.written:
        has_settled = view.span.begin - write.span.end >= SETTLED
        return has_settled or _has_shown(history, state, member, value, view)
    if view.span.begin - write.span.end < SETTLED:
        return False
    shows = {
        each.operation.id
        for each in history.views
        if each.span.begin >= view.span.begin
        and history.at(each) is state
        and _agree(value, each.members.get(member, ABSENT))
    }
    return bool(shows) and view.operation.id not in shows


def _has_shown(history: History, state: State, member: str, value: Any, view: View) -> bool:
    """Whether the same operation showed what was sent, and now shows what the object never had.

    Of two copies of the data, one may still have a former value.
    """
    got = view.members[member]
    earlier = [each for each in history.views if each.span.end <= view.span.begin]
    before = [each.members.get(member, ABSENT) for each in earlier if history.at(each) is not state]
    if any(_agree(one, got) for one in [*before, *history.given(member)]):
        return False
    return any(
        each.operation.id == view.operation.id
        and history.at(each) is state
        and _agree(value, each.members.get(member, ABSENT))
        for each in earlier
    )


# --- refused writes -------------------------------------------------------------------------------


def _refusals_applied(history: History, view: View) -> Iterator[Judged]:
    """The texts of refused writes that a view shows, although no accepted request sent them."""
    for write, texts in history.refused:
        if write.span.end > view.span.begin:
            continue
        for member, text in texts.items():
            if view.members.get(member) == text:
                expected = f"not what {write.exchange.id} sent, which was refused"
                yield _departure(REFUSED, write, view, f"/{member}", expected, compact(text))
            elif member in view.members:
                yield _passed(REFUSED, write, view)


# --- deleted objects ------------------------------------------------------------------------------


def _shown_again(history: History, state: State, deletion: Write, view: View) -> Iterator[Judged]:
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
    else:
        yield _passed(DELETED, deletion, view)


def _is_as_before(known: Mapping[str, Any], member: str, value: Any) -> bool:
    """Whether a member of a deleted object is no sign of its deletion; a new time is none."""
    if member not in known:
        return False
    old = known[member]
    are_times = instant(old) is not None and instant(value) is not None
    return are_times or _agree(old, value)
