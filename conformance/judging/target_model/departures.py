"""Departures: the responses that show an object otherwise than its writes left it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.base.values import ABSENT, instant
from conformance.judging.outcomes import Outcome, Pass, Violation
from conformance.judging.target_model.events import Fate, View, Write
from conformance.judging.target_model.history import Expected, History, State
from conformance.model import compact
from conformance.reading import comparable_members, same

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


@dataclass(frozen=True)
class Senders:
    """Who sent a text of its own: an accepted write, a refused one, or a request of another kind.

    What the last did to an object is not known. ``writes`` are all writes, in the order of time.
    """

    writes: Sequence[Write]
    accepted: Mapping[str, Write]
    refused: Mapping[str, Write]
    others: frozenset[str]


class Comparison:
    """Compares all views of an object with its history.

    ``agreed`` collects the members that lists show as sent, over all objects.
    """

    def __init__(self, history: History, senders: Senders, agreed: set[Listed]) -> None:
        self._history = history
        self._senders = senders
        self._agreed = agreed
        self._passed: dict[tuple[str, str], tuple[str, ...]] = {}
        self._blamed: set[tuple[str, str, str]] = set()
        self._departed: set[tuple[str, str]] = set()  # exchanges of writes, and members

    def judged(self) -> Iterator[Judged]:
        """The first view that departs from each write, or else one that agrees with it.

        An operation often shows the same again, which is compared once.
        """
        fine: dict[str, tuple[State, Mapping[str, Any]]] = {}
        for view in sorted(self._history.views, key=lambda each: each.span.begin):
            yield from self._refusals_applied(view)
            state = self._history.at(view.span)
            known, members = fine.get(view.operation.id, (None, None))
            if state is None or (known is state and members == view.members):
                continue
            departures = list(self._of_view(state, view))
            yield from departures
            if not departures and view.span.begin - state.since >= SETTLED:
                fine[view.operation.id] = state, view.members
        blamed = {(rule, exchange) for rule, exchange, _ in self._blamed}
        for (rule, exchange), ids in self._passed.items():
            if (rule, exchange) not in blamed:
                yield Judged(rule, exchange, Pass(ids))

    def _pass(self, rule: str, write: Write, view: View) -> None:
        """Note that a view agrees with a write."""
        self._passed.setdefault((rule, write.exchange.id), (write.exchange.id, view.exchange.id))

    def _blame(
        self, rule: str, write: Write, view: View, where: str, expected: str, actual: Any
    ) -> Iterator[Judged]:
        """The departure of a view from a write, unless an earlier view departs in the same way."""
        key = rule, write.exchange.id, where
        if key in self._blamed:
            return
        self._blamed.add(key)
        may_differ = view.in_list and self._history.kind.is_read and rule in (CREATED, CHANGED)
        listed = (view.operation.id, where.removeprefix("/")) if may_differ else None
        ids = (write.exchange.id, view.exchange.id)
        violation = Violation(where, expected, compact(actual), ids)
        yield Judged(rule, write.exchange.id, violation, listed)

    def _of_view(self, state: State, view: View) -> Iterator[Judged]:
        """How one view departs from what is known of the object."""
        if state.deletion is not None:
            yield from self._shown_again(state, state.deletion, view)
            return
        for member, expected in state.members.items():
            value, write = expected
            got = view.members.get(member, ABSENT)
            if got is not ABSENT and _agree(value, got):
                self._agreed.add((view.operation.id, member))
                self._pass(_rule_of(write), write, view)
            elif (write.exchange.id, member) in self._departed:
                continue
            elif self._departs(state, member, expected, view):
                self._departed.add((write.exchange.id, member))
                said = f"{compact(value)}, as {write.exchange.id} sent it"
                refusal = self._senders.refused.get(got) if isinstance(got, str) else None
                culprit = refusal or self._culprit(member, expected, view)
                rule = REFUSED if refusal else _rule_of(culprit)
                yield from self._blame(rule, culprit, view, f"/{member}", said, got)

    def _culprit(self, member: str, expected: Expected, view: View) -> Write:
        """The write that explains why a view does not show what another one sent.

        It is the one that sent the text that is shown, for another object, or else the first write
        of the object after the value was shown for the last time.
        """
        write = expected[1]
        got, history = view.members[member], self._history
        last = self._last_shown(member, expected, view)
        sent_again = [] if last is None else self._sent_by_others(member, last, view)
        if sent_again:
            return sent_again[0]
        if _holds(history.given(member), got):
            return write
        sender = self._senders.accepted.get(got) if isinstance(got, str) else None
        if sender is not None and sender.name != history.name:
            return sender
        if last is None:
            return write
        later = [each for each in history.writes if last <= each.span.begin < view.span.begin]
        return [*later, write][0]

    def _sent_by_others(self, member: str, since: float, view: View) -> list[Write]:
        """The writes of other objects, since a moment, that sent what a view shows of this one."""
        return [
            write
            for write in self._senders.writes
            if since <= write.span.begin < view.span.begin
            and write.is_of_another(self._history.name)
            and write.sent.get(member) == view.members[member]
        ]

    def _last_shown(self, member: str, expected: Expected, view: View) -> float | None:
        """When an earlier view last showed what a write sent; None if none did."""
        value, write = expected
        ends = [
            each.span.end
            for each in self._history.views
            if write.span.end <= each.span.begin
            and each.span.end <= view.span.begin
            and _agree(value, each.members.get(member, ABSENT))
        ]
        return max(ends, default=None)

    def _departs(self, state: State, member: str, expected: Expected, view: View) -> bool:
        """Whether a view contradicts what a write sent for a member.

        A list, or a view with another key, may show less, unless it showed more before. Other rules
        blame what a refused request has sent.
        """
        value, write = expected
        if member not in comparable_members(write.operation, {member: value}, view.members):
            return False
        got = view.members[member]
        is_obscured = self._is_obscured(value, got, write, view)
        if is_obscured and not self._has_shown(state, member, value, view):
            return False
        if any(texts.get(member) == got for _, texts in self._history.refused):
            return False
        if isinstance(got, str) and got in self._senders.others:
            return False
        return self._is_wrong(state, member, expected, view)

    def _is_obscured(self, sent: Any, got: Any, write: Write, view: View) -> bool:
        """Whether a view shows no other value than was sent, but less: nothing, or a part of it."""
        if isinstance(got, str) and MASKED.search(got):
            return True
        is_second = view.in_list and self._history.kind.is_read
        if not is_second and view.exchange.identity == write.exchange.identity:
            return False
        is_part = isinstance(sent, str) and isinstance(got, str) and sent.startswith(got)
        return is_part or got in (None, "", [], {})

    def _is_wrong(self, state: State, member: str, expected: Expected, view: View) -> bool:
        """Whether the target cannot excuse that it does not show what a write sent for a member.

        A response may show a former value for a while. A target may change by itself what is not
        only for clients to write, unless the same operation never shows what was sent, and another
        does.
        """
        value, write = expected
        has_settled = view.span.begin - write.span.end >= SETTLED
        if member in self._history.kind.written:
            return has_settled or self._has_shown(state, member, value, view)
        shows = {
            each.operation.id
            for each in self._history.views
            if each.span.begin >= view.span.begin
            and self._history.at(each.span) is state
            and _agree(value, each.members.get(member, ABSENT))
        }
        return has_settled and bool(shows) and view.operation.id not in shows

    def _has_shown(self, state: State, member: str, value: Any, view: View) -> bool:
        """Whether the operation showed what was sent, and now shows what the object never had.

        Another key may be shown less. Of two copies of the data, one may have a former value.
        """
        history = self._history
        earlier = [each for each in history.views if each.span.end <= view.span.begin]
        former = [each for each in earlier if history.at(each.span) is not state]
        given = history.given(member)
        if _shows(former, member, view.members[member]) or _holds(given, view.members[member]):
            return False
        alike = [each for each in earlier if each not in former and each.is_asked_as(view)]
        return _shows(alike, member, value)

    def _refusals_applied(self, view: View) -> Iterator[Judged]:
        """The texts of refused writes that a view shows, although no accepted request sent them."""
        for write, texts in self._history.refused:
            if write.span.end > view.span.begin:
                continue
            for member, text in texts.items():
                if view.members.get(member) == text:
                    expected = f"not what {write.exchange.id} sent, which was refused"
                    yield from self._blame(REFUSED, write, view, f"/{member}", expected, text)
                elif member in view.members:
                    self._pass(REFUSED, write, view)

    def _shown_again(self, state: State, deletion: Write, view: View) -> Iterator[Judged]:
        """The departure of a view that shows a deleted object as it was."""
        views = self._history.views
        before = [each for each in views if each.span.end <= deletion.span.begin]
        if not before or view.span.begin - deletion.span.end < SETTLED:
            return
        if self._history.may_be_back(deletion):
            return
        sent = {member: value for member, (value, _) in state.members.items()}
        known = {**before[-1].members, **sent}
        if all(_is_as_before(known, member, value) for member, value in view.members.items()):
            expected = f"nothing, as {deletion.exchange.id} deleted it"
            yield from self._blame(DELETED, deletion, view, "/", expected, view.members)
        else:
            self._pass(DELETED, deletion, view)


def _holds(values: Iterable[Any], value: Any) -> bool:
    """Whether one of some values is a value, perhaps in another form."""
    return any(_agree(one, value) for one in values)


def _shows(views: Iterable[View], member: str, value: Any) -> bool:
    """Whether one of some views shows a value for a member."""
    return _holds([view.members.get(member, ABSENT) for view in views], value)


def _rule_of(write: Write) -> str:
    """The rule about later views of what a write has sent, or may not have changed."""
    if write.fate is Fate.REFUSED:
        return REFUSED
    return CREATED if write.operation.action == "create" else CHANGED


def _agree(sent: Any, got: Any) -> bool:
    """Whether a value is shown as it was sent, or is the same time."""
    if sent == got and not isinstance(sent, bool | int | float):
        return True
    if same(sent, got):
        return True
    moment = instant(sent)
    return moment is not None and moment == instant(got)


def _is_as_before(known: Mapping[str, Any], member: str, value: Any) -> bool:
    """Whether a member of a deleted object is no sign of its deletion; a new time is none."""
    if member not in known:
        return False
    old = known[member]
    are_times = instant(old) is not None and instant(value) is not None
    return are_times or _agree(old, value)
