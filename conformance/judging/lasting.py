"""Follows the objects of sequences: what their writes made of them, and what each look shows.

Each departure is filed under the write that explains it: the one that set the member, if no look
has shown its value, or else the last accepted one since a look showed it, or a refused one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from conformance.base.values import instant, picked, without
from conformance.judging.followed import Effects, Followed, View
from conformance.judging.outcomes import (
    Answered,
    JudgeContext,
    Outcome,
    Pass,
    Violation,
    WholeLog,
    once_for_each_log,
)
from conformance.judging.responses import answered, ids_of, said, with_body
from conformance.judging.writes import without_times
from conformance.model import (
    Business,
    Contract,
    Effect,
    Exchange,
    KeyName,
    Role,
    Step,
    business_of,
    compact,
)
from conformance.reading import (
    Answer,
    answer_of,
    as_shown,
    at_once,
    differences,
    lacks_new_object,
    members_of,
    same,
    sent_members,
    sought_in,
)

Found = dict[str, list[tuple[str, Outcome]]]
"""Outcomes by the id of the write that they are about, each with the prefix of its rule."""
REFUSED = "refused"
"""The prefix of the rule about a refused write."""
PREFIXES = {"create": "create", "update": "update", "perform": "update", "delete": "delete"}
"""The prefix of the rule about an accepted write, by its action."""
NOT_FOUND = 404
AT_ONCE = ", at the same time as another change"
"""The end of what a look must show of a change, if another one was under way with it."""
HINT = "Needs an object that is written again and again."


def lasting(context: JudgeContext, exchange: Exchange, prefix: str) -> list[Outcome]:
    """What the looks of a sequence say about one of its writes, for the rule with a prefix."""
    if context.log is None or exchange.facts.step is not Step.SEQUENCE:
        return []
    found = _followed(context).get(exchange.id, ())
    return [outcome for of_rule, outcome in found if of_rule == prefix]


@once_for_each_log
def _followed(context: JudgeContext, log: WholeLog) -> Found:
    """The outcomes of all sequences of a log."""
    sequences: dict[tuple[str, int], list[Exchange]] = defaultdict(list)
    for exchange in log.exchanges:
        if exchange.facts.step is Step.SEQUENCE and exchange.role is not Role.RETRY:
            sequences[exchange.case, exchange.attempt].append(exchange)
    found: Found = defaultdict(list)
    for exchanges in sequences.values():
        following = _Following(context, found)
        for exchange, after in pairwise(exchanges):
            following.add(exchange, is_last=not _goes_on(exchange, after))
        following.add(exchanges[-1], is_last=True)
    return found


def _goes_on(look: Exchange, later: Exchange) -> bool:
    """Whether a look goes on with a later one, because an object may take a moment to show."""
    if later.request.method != "GET" or later.identity != look.identity:
        return False
    return (later.operation, later.facts.sought) == (look.operation, look.facts.sought)


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """The members of one object that the other does not show so, without times."""
    return {
        name: value
        for name, value in one.items()
        if not same(value, other.get(name)) and instant(value) is None
    }


class _Following:
    """Judges the looks of one sequence."""

    def __init__(self, context: JudgeContext, found: Found) -> None:
        self._context = context
        self._contract: Contract = context.contract
        self._effects = Effects(context.contract)
        self._found = found

    def add(self, exchange: Exchange, *, is_last: bool) -> None:
        """Take in the next exchange; only the last one of a look that goes on is judged."""
        answer = answer_of(self._contract, exchange)
        if answer is None:
            return
        is_own = business_of(exchange.identity or "") in (None, Business.MAIN)
        if answer.operation.effect is not Effect.READ:
            violation = self._effects.take(answer, is_own=is_own)
            if violation is not None:
                self._file(exchange, violation)
        elif is_last and is_own and self._is_usable(answer):
            self._look(answer)

    def _is_usable(self, answer: Answer) -> bool:
        """Whether a look shows objects, or that there is none."""
        if not isinstance(answered(self._context, answer.exchange), Answered):
            return False
        if answer.ok:
            return with_body(answer.exchange) is not None
        return answer.exchange.status == NOT_FOUND

    def _look(self, answer: Answer) -> None:
        name = self._contract.identifier_of(answer.operation.kind)
        items = answer.rows if answer.operation.paging else [members_of(answer.object)]
        shown = {str(item.get(name)): item for item in items}
        for each in self._effects.objects.values():
            if each.lost:
                continue
            if each.name in shown:
                self._shown(each, shown[each.name], answer)
            elif self._lacks(answer.exchange, each):
                self._missing(each, answer.exchange)

    def _lacks(self, look: Exchange, each: Followed) -> bool:
        """Whether a look was for an object, and no later page can show it."""
        if look.facts.sought != each.name:
            return False
        found, goes_on = sought_in(self._contract, look)
        return found is None and (not goes_on or lacks_new_object(self._contract, look))

    # --- an object that is shown ---

    def _shown(self, each: Followed, item: dict[str, Any], answer: Answer) -> None:
        view = answer.operation.id, answer.exchange.identity
        before = each.looks.get(view)
        if each.deleted:
            self._shown_after_deletion(each, view, item, answer.exchange)
            return
        departures = self._departures(each, item)
        if self._may_mask(answer):
            departures = picked(departures, each.plain[view])
        shown = item.keys() & each.values.keys()
        each.plain[view] |= {name for name in shown if same(each.values[name], item[name])}
        departure = next(iter(departures.items()), self._effect_of_refused(each, before, item))
        if departure is not None:
            self._departed(each, before, item, answer.exchange, departure)
        elif not each.doubtful:
            for write in each.since:  # it is shown, or has no effect
                self._file(write, Pass((write.id, answer.exchange.id)))
        each.values = without(each.values, departures.keys())
        each.seen |= each.values.keys() & item.keys()
        each.looks[view] = item
        each.doubtful, each.since = False, []

    def _may_mask(self, answer: Answer) -> bool:
        """Whether a look may show values in another form: a list, or with a key that only reads."""
        operation = answer.operation
        is_second = self._contract.operations_by("read", operation.kind) and operation.paging
        return bool(is_second) or answer.exchange.identity == KeyName.READ_ONLY

    def _departures(self, each: Followed, item: dict[str, Any]) -> dict[str, str]:
        """The members that do not show what was last accepted, each with what it should show."""
        departures = {}
        for name, value in each.values.items():
            operation = self._contract.operations[each.writers[name].operation]
            for _, expected, _ in differences(operation, {name: value}, item):
                departures[name] = f"{expected}, as it was last sent"
        return departures

    def _effect_of_refused(
        self, each: Followed, before: Mapping[str, Any] | None, item: dict[str, Any]
    ) -> tuple[str, str] | None:
        """The first member that clients write and that has changed, if only refusals came since."""
        if before is None or not each.since or any(write.ok for write in each.since):
            return None
        for name in sorted(_written(self._contract, each.since[-1])):
            old = before.get(name)
            if old and not same(old, item.get(name)):
                return name, f"{compact(old)}, as all requests since were refused"
        return None

    def _departed(
        self,
        each: Followed,
        before: Mapping[str, Any] | None,
        item: dict[str, Any],
        look: Exchange,
        departure: tuple[str, str],
    ) -> None:
        """File the departure of a member under the write that explains it."""
        name, expected = departure
        writer = each.writers.get(name)
        was_so = before is not None and same(before.get(name), item.get(name))
        write = writer if was_so else self._explaining(each, name)
        if write is None:
            return
        since = [other for other in each.since if other.ok and other is not write]
        rivals = [other for other in since if at_once(other, write)]
        if rivals:
            expected += AT_ONCE
        ids = _ids(writer, write, *rivals, look)
        self._file(write, Violation(f"/{name}", expected, compact(item.get(name)), ids))

    def _shown_after_deletion(
        self,
        each: Followed,
        view: View,
        item: dict[str, Any],
        look: Exchange,
    ) -> None:
        """Judge a deleted object that is shown. A mark of the deletion makes it another one.

        It may keep the mark of an earlier deletion, which a change did not take away.
        """
        before, marked = each.looks.get(view, {}), each.marked.get(view)
        if without_times(before) != without_times(item):
            if before and self._deleted_only(each):
                each.marked[view] = differing(item, before)
            each.gone, each.since = True, []
            return
        if marked and not differing(marked, item):
            return
        write = each.deleted
        assert write is not None
        if each.gone and each.since and not any(later.ok for later in each.since):
            write = each.since[-1]
        expected = "no object, or one that is shown as deleted"
        ids = _ids(each.deleted, write, look)
        self._file(write, Violation("/", expected, compact(item), ids))
        each.lost = True

    def _deleted_only(self, each: Followed) -> bool:
        """Whether nothing but a deletion, and creations, was accepted since the last look."""
        operations = self._contract.operations
        accepted = [write for write in each.since if write.ok]
        worked = [write for write in accepted if operations[write.operation].action != "create"]
        return worked == [each.deleted]

    # --- an object that is not shown ---

    def _missing(self, each: Followed, look: Exchange) -> None:
        if each.deleted:
            each.gone = True
            self._file(each.deleted, Pass(ids_of([each.deleted, look])))
        elif not each.doubtful:
            write = self._explaining(each, "") or each.made
            if write is not None:
                expected = f"{each.name}, which was not deleted"
                ids = _ids(each.made, write, look)
                self._file(write, Violation("/", expected, said(look), ids))
            each.lost = True
        each.since = []

    # --- the write that explains something ---

    def _explaining(self, each: Followed, name: str) -> Exchange | None:
        """The write that explains that a member of an object, or the object itself, is not there.

        It is the last accepted one that could explain it, or else the first refused one.
        """
        writer = each.writers.get(name)
        if writer in each.since and name not in each.seen:
            return writer
        likely = [write for write in each.since if self._may_explain(write, name)]
        for writes in (likely, each.since):
            accepted = [write for write in writes if write.ok]
            if accepted:
                return accepted[-1]
        return next(iter([*likely, *each.since]), writer)

    def _may_explain(self, write: Exchange, name: str) -> bool:
        """Whether a write sent a member, or asked for a deletion if no member is given."""
        operation = self._contract.operations[write.operation]
        if not name:
            return operation.action == "delete"
        return name in as_shown(operation, sent_members(write))

    def _file(self, write: Exchange, outcome: Outcome) -> None:
        action = self._contract.operations[write.operation].action
        prefix = PREFIXES[action] if write.ok else REFUSED
        self._found[write.id].append((prefix, outcome))


def _written(contract: Contract, write: Exchange) -> set[str]:
    """The texts, lists and objects that clients write of the objects of the kind of a write."""
    kind = contract.operations[write.operation].kind
    return {
        member.shown_as
        for action in ("create", "update")
        for operation in contract.operations_by(action, kind)
        for member in operation.body
        if member.is_written
    }


def _ids(*exchanges: Exchange | None) -> tuple[str, ...]:
    """The ids of some exchanges, each once."""
    return tuple(dict.fromkeys(ids_of(each for each in exchanges if each is not None)))
