"""Departures: the responses that show an object otherwise than its writes left it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.base.values import ABSENT, instant
from conformance.judging.outcomes import Outcome, Pass, Violation
from conformance.judging.target_model.events import Fate, View, Write
from conformance.judging.target_model.history import Expected, History, State
from conformance.model import compact
from conformance.reading import as_shown, comparable_members, same, sent_members

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
    """The outcome of a rule, and the id of the exchange that it is about: mostly a write.

    ``listed`` is set if the outcome is about a member of a list, although reads may show it, too.
    """

    rule: str
    exchange: str
    outcome: Outcome
    listed: Listed | None = None


@dataclass(frozen=True)
class Senders:
    """Who sent a text that no other request should hold.

    ``accepted`` and ``refused`` give the write by the text. ``unknown_effect`` holds the texts of
    requests whose effect is not known. ``writes`` are all writes: those not refused in the order
    of time, then the refused ones.
    """

    writes: Sequence[Write]
    accepted: Mapping[str, Write]
    refused: Mapping[str, Write]
    unknown_effect: frozenset[str]


class Comparison:
    """Compares all views of an object with its history.

    ``agreed`` collects the members that operations show as sent, over all objects.
    """

    def __init__(self, history: History, senders: Senders, agreed: set[Listed]) -> None:
        self._history = history
        self._senders = senders
        self._agreed = agreed
        # by rule and exchange of a write: the exchanges of the write and of a view that agrees
        self._passed: dict[tuple[str, str], tuple[str, ...]] = {}
        self._blamed: set[tuple[str, str, str]] = set()  # rule, exchange of a write, where
        self._departed: set[tuple[str, str]] = set()  # exchange of a write, member

    def judged(self) -> Iterator[Judged]:
        """The first view that departs from each write, or else one that agrees with it.

        An operation often shows the same again. Once a write has settled, that is compared once.
        """
        agreeing: dict[str, tuple[State, Mapping[str, Any]]] = {}  # the last, by operation
        for view in sorted(self._history.views, key=lambda each: each.span.begin):
            yield from self._refusals_applied(view)
            state = self._history.at(view.span)
            compared, members = agreeing.get(view.operation.id, (None, None))
            if state is None or (compared is state and members == view.members):
                continue
            departures = list(self._of_view(state, view))
            yield from departures
            has_settled = view.span.begin - state.since >= SETTLED
            if has_settled and not departures:
                agreeing[view.operation.id] = state, view.members
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
        """The departure of a view from a write, unless an earlier view departs in the same place.

        ``rule``, ``where`` (a JSON pointer), ``expected`` and ``actual`` word it.
        """
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
        """How one view departs from what is known of the object.

        Members that agree pass. A member that departs from a write is judged once. If what a
        refused write sent is shown, that write is blamed.
        """
        if state.deletion is not None:
            yield from self._shown_again(state, state.deletion, view)
            return
        for member, expected in state.members.items():
            value, write = expected
            got = view.members.get(member, ABSENT)
            has_departed = (write.exchange.id, member) in self._departed
            if got is not ABSENT and _agree(value, got):
                self._agreed.add((view.operation.id, member))
                self._pass(_rule_of(write), write, view)
            elif not has_departed and self._departs(state, member, expected, view):
                self._departed.add((write.exchange.id, member))
                should_show = f"{compact(value)}, as exchange {write.exchange.id} sent it"
                refused = _sender_of(self._senders.refused, got) or self._refused_of(member, view)
                culprit = refused or self._culprit(member, expected, view)
                rule = REFUSED if refused else _rule_of(culprit)
                yield from self._blame(rule, culprit, view, f"/{member}", should_show, got)

    def _refused_of(self, member: str, view: View) -> Write | None:
        """The refused write of this object that sent what a view shows for a member.

        None if there is none, or if a write of the object that was not refused sent it, too.
        """
        got = view.members[member]
        if _holds(self._history.given(member), got):
            return None
        for write in self._history.refused_writes:
            sent = as_shown(write.operation, sent_members(write.exchange))
            if write.span.end <= view.span.begin and _agree(sent.get(member, ABSENT), got):
                return write
        return None

    def _culprit(self, member: str, expected: Expected, view: View) -> Write:
        """The write that explains why a view does not show what was last sent for a member.

        It is the first of these: a write of another object that sent what is shown, after the right
        value was shown last; the write itself, if any write gave this object what is shown; the
        write of another object whose own text is shown; the write itself, if the right value was
        never shown; the first write of this object after the right value was shown last.
        """
        write = expected.write
        got, history = view.members[member], self._history
        last = self._last_shown(member, expected, view)
        sent_again = [] if last is None else self._sent_by_others(member, last, view)
        if sent_again:
            return sent_again[0]
        if _holds(history.given(member), got):
            return write
        sender = _sender_of(self._senders.accepted, got)
        if sender is not None and sender.key != history.key:
            return sender
        if last is None:
            return write
        later = [each for each in history.writes if last <= each.span.begin < view.span.begin]
        return later[0] if later else write

    def _sent_by_others(self, member: str, since: float, view: View) -> list[Write]:
        """The writes of other objects, since a moment, that sent what a view shows for a member."""
        return [
            write
            for write in self._senders.writes
            if since <= write.span.begin < view.span.begin
            and write.is_of_another(self._history.key)
            and write.sent.get(member) == view.members[member]
        ]

    def _last_shown(self, member: str, expected: Expected, view: View) -> float | None:
        """When a view after a write and before this view last showed what the write sent.

        In seconds since 1970; None if none did.
        """
        value, write = expected
        views = self._history.views
        after_write = [each for each in views if write.span.end <= each.span.begin]
        between = [each for each in after_write if each.span.end <= view.span.begin]
        showing = [each for each in between if _agree(value, each.members.get(member, ABSENT))]
        return max((each.span.end for each in showing), default=None)

    def _departs(self, state: State, member: str, expected: Expected, view: View) -> bool:
        """Whether a view contradicts what a write sent for a member.

        A masked value, a list, or a view with another key may show less, unless it showed more
        before. A value that a refused write of the object sent is left to ``_refusals_applied``,
        and a text that any request of unknown effect sent is accepted.
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
        if isinstance(got, str) and got in self._senders.unknown_effect:
            return False
        return self._is_wrong(state, member, expected, view)

    def _is_obscured(self, sent: Any, got: Any, write: Write, view: View) -> bool:
        """Whether a view may show less than was sent: a masked value, a part of it, or nothing.

        Any view may mask a value; a text with a sign of a mask that was not sent counts as masked.
        Only a list of objects that can be read, or a view with a key other than that of the write,
        may leave out a part of it.
        """
        if isinstance(got, str):
            signs_sent = Counter(MASKED.findall(str(sent)))
            is_cut = str(sent).startswith(got)  # "xxxxxx" cut to "xxxx" is no mask
            if Counter(MASKED.findall(got)) - signs_sent and not is_cut:
                return True  # it has a sign of a mask that was not sent
        is_overview = view.in_list and self._history.kind.is_read
        if not is_overview and view.exchange.identity == write.exchange.identity:
            return False
        is_part = isinstance(sent, str) and isinstance(got, str) and sent.startswith(got)
        return is_part or got in (None, "", [], {})

    def _is_wrong(self, state: State, member: str, expected: Expected, view: View) -> bool:
        """Whether nothing excuses that a view does not show what a write sent for a member.

        A member that only clients write may show a former value for a while, but not once the value
        sent was shown. The target may change any other member by itself. It is wrong only if it has
        settled, and another operation goes on showing what was sent while this one does not.
        """
        value, write = expected
        has_settled = view.span.begin - write.span.end >= SETTLED
        if member in self._history.kind.written:
            return has_settled or self._has_shown(state, member, value, view)
        showing: set[str] = set()  # ids of operations
        for each in self._history.views:
            same_state = each.span.begin >= view.span.begin and self._history.at(each.span) is state
            if same_state and _agree(value, each.members.get(member, ABSENT)):
                showing.add(each.operation.id)
        return has_settled and bool(showing) and view.operation.id not in showing

    def _has_shown(self, state: State, member: str, value: Any, view: View) -> bool:
        """Whether the operation showed what was sent, and now shows what the object never had.

        Only views with the same key count, because another key may be shown less. A former value is
        no sign of a fault: of two copies of the data, one may still have it. ``state`` is that of
        this view.
        """
        history, got = self._history, view.members[member]
        earlier = [each for each in history.views if each.span.end <= view.span.begin]
        former = [each for each in earlier if history.at(each.span) is not state]
        if _shows(former, member, got) or _holds(history.given(member), got):
            return False
        alike = [each for each in earlier if each not in former and each.is_asked_as(view)]
        return _shows(alike, member, value)

    def _refusals_applied(self, view: View) -> Iterator[Judged]:
        """The texts of earlier refused writes that a view shows, although only those sent them.

        A refused write passes where the view shows the member with another value.
        """
        for write, texts in self._history.refused:
            if write.span.end > view.span.begin:
                continue
            for member, text in texts.items():
                if view.members.get(member) == text:
                    expected = f"not what exchange {write.exchange.id} sent, which was refused"
                    yield from self._blame(REFUSED, write, view, f"/{member}", expected, text)
                elif member in view.members:
                    self._pass(REFUSED, write, view)

    def _shown_again(self, state: State, deletion: Write, view: View) -> Iterator[Judged]:
        """The departure of a view that shows a deleted object exactly as it was.

        Nothing is judged shortly after the deletion, if no view before it showed the object, or if
        the object may have come back. A view that shows any difference, except other times, passes.
        """
        views = self._history.views
        before = [each for each in views if each.span.end <= deletion.span.begin]
        if not before or view.span.begin - deletion.span.end < SETTLED:
            return
        if self._history.may_be_back(deletion):
            return
        sent = {member: expected.value for member, expected in state.members.items()}
        last = before[-1]
        was = {**last.members, **sent}
        if all(_is_as_before(was, member, value) for member, value in view.members.items()):
            expected = f"nothing, as exchange {deletion.exchange.id} deleted it"
            yield from self._blame(DELETED, deletion, view, "/", expected, view.members)
        else:
            self._pass(DELETED, deletion, view)


def _sender_of(senders: Mapping[str, Write], value: Any) -> Write | None:
    """The write that sent a value, if it is a text of its own; None otherwise."""
    return senders.get(value) if isinstance(value, str) else None


def _holds(values: Iterable[Any], value: Any) -> bool:
    """Whether one of some values agrees with a given one."""
    return any(_agree(one, value) for one in values)


def _shows(views: Iterable[View], member: str, value: Any) -> bool:
    """Whether one of some views shows a value for a member."""
    return _holds([view.members.get(member, ABSENT) for view in views], value)


def _rule_of(write: Write) -> str:
    """The rule about what views must show after a write, by its fate and action."""
    if write.fate is Fate.REFUSED:
        return REFUSED
    return CREATED if write.operation.action == "create" else CHANGED


def _agree(sent: Any, got: Any) -> bool:
    """Whether a value is shown as it was sent, or a time in another form."""
    if sent == got and not isinstance(sent, bool | int | float):
        return True
    if same(sent, got):
        return True
    moment = instant(sent)
    return moment is not None and moment == instant(got)


def _is_as_before(was: Mapping[str, Any], member: str, value: Any) -> bool:
    """Whether a member has the value that it ``was`` before a deletion, or another time."""
    if member not in was:
        return False
    old = was[member]
    are_times = instant(old) is not None and instant(value) is not None
    return are_times or _agree(old, value)
