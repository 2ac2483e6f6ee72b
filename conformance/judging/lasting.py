"""Follows the objects of sequences: what their writes made of them, and what each look shows.

Each departure is filed under the write that explains it, as ``_explaining_write`` finds it.
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
from conformance.judging.responses import answered, ids_of, quote, with_body
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
    found = _outcomes_by_write(context).get(exchange.id, ())
    return [outcome for of_rule, outcome in found if of_rule == prefix]


@once_for_each_log
def _outcomes_by_write(context: JudgeContext, log: WholeLog) -> Found:
    """The outcomes of all sequences of a log, by the write that they are about.

    The exchanges of one attempt of a case are one sequence.
    """
    sequences: dict[tuple[str, int], list[Exchange]] = defaultdict(list)
    for exchange in log.exchanges:
        if exchange.facts.step is Step.SEQUENCE and exchange.role is not Role.RETRY:
            sequences[exchange.case, exchange.attempt].append(exchange)
    found: Found = defaultdict(list)
    for exchanges in sequences.values():
        following = _Following(context, found)
        for exchange, after in pairwise(exchanges):
            following.add(exchange, is_last=not _is_repeated(exchange, after))
        following.add(exchanges[-1], is_last=True)
    return found


def _is_repeated(look: Exchange, later: Exchange) -> bool:
    """Whether the next exchange repeats a look, because an object may take a moment to appear."""
    if later.request.method != "GET" or later.identity != look.identity:
        return False
    return (later.operation, later.facts.sought) == (look.operation, look.facts.sought)


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """The members of one object that another lacks or shows differently; times are left out."""
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
        """Take in the next exchange: follow a write, and judge a look.

        Of repeated looks, only the last is judged. Looks of other businesses are not judged.
        """
        answer = answer_of(self._contract, exchange)
        if answer is None:
            return
        is_own = business_of(exchange.identity or "") in (None, Business.MAIN)
        if answer.operation.effect is not Effect.READ:
            violation = self._effects.take(answer, is_own=is_own)
            if violation is not None:
                self._file(exchange, violation)
        elif is_last and is_own and self._is_usable(answer):
            self._judge_look(answer)

    def _is_usable(self, answer: Answer) -> bool:
        """Whether a look can be judged: it can be read, or a 404 says that nothing is there."""
        if not isinstance(answered(self._context, answer.exchange), Answered):
            return False
        if not answer.ok:
            return answer.exchange.status == NOT_FOUND
        seen = answer.items if answer.operation.paging else with_body(answer.exchange)
        return seen is not None

    def _judge_look(self, answer: Answer) -> None:
        """Judge what a look shows of each object, and that it lacks the object that it sought."""
        identifier = self._contract.identifier_of(answer.operation.kind)
        items = answer.rows if answer.operation.paging else [members_of(answer.object)]
        by_id = {str(item.get(identifier)): item for item in items}
        for each in self._effects.objects.values():
            if each.given_up:
                continue
            if each.object_id in by_id:
                self._judge_shown(each, by_id[each.object_id], answer)
            elif self._lacks_sought(answer.exchange, each):
                self._judge_missing(each, answer.exchange)

    def _lacks_sought(self, look: Exchange, followed: Followed) -> bool:
        """Whether a look for an object does not show it, and no later page can."""
        if look.facts.sought != followed.object_id:
            return False
        found, goes_on = sought_in(self._contract, look)
        return found is None and (not goes_on or lacks_new_object(self._contract, look))

    # --- an object that is shown ---

    def _judge_shown(self, followed: Followed, item: dict[str, Any], answer: Answer) -> None:
        """File the first departure of an object that a look shows; without one, its writes pass.

        Then note how the object is shown. A value that departs is not judged again. Where a look
        may mask values, only members that it showed as sent before can depart. No write passes if
        it was not known whether the object still existed.
        """
        view = answer.operation.id, answer.exchange.identity
        before = followed.last_shown.get(view)
        if followed.deletion:
            self._judge_deleted(followed, view, item, answer.exchange)
            return
        departures = self._departures(followed, item)
        if self._may_mask(answer):
            departures = picked(departures, followed.as_sent[view])
        for name in item.keys() & followed.values.keys():
            if same(followed.values[name], item[name]):
                followed.as_sent[view].add(name)
        first_departure = next(iter(departures.items()), None)
        departure = first_departure or self._change_by_refused(followed, before, item)
        if departure is not None:
            self._file_departure(followed, before, item, answer.exchange, departure)
        elif not followed.doubtful:
            for write in followed.writes_since:  # it is shown, or has no effect
                self._file(write, Pass((write.id, answer.exchange.id)))
        followed.values = without(followed.values, departures.keys())
        followed.seen_members |= followed.values.keys() & item.keys()
        followed.last_shown[view] = item
        followed.doubtful, followed.writes_since = False, []

    def _may_mask(self, answer: Answer) -> bool:
        """Whether a look may show values in a form other than the one they were sent in.

        It may if its key only reads, or if it is a list and an operation reads single objects.
        """
        operation = answer.operation
        is_overview = operation.paging and self._contract.operations_by("read", operation.kind)
        return bool(is_overview) or answer.exchange.identity == KeyName.READ_ONLY

    def _departures(self, followed: Followed, item: dict[str, Any]) -> dict[str, str]:
        """The members that do not show what was last accepted, each with what it should show."""
        departures = {}
        for name, value in followed.values.items():
            operation = self._contract.operations[followed.writers[name].operation]
            for _, expected, _ in differences(operation, {name: value}, item):
                departures[name] = f"{expected}, as it was last sent"
        return departures

    def _change_by_refused(
        self, followed: Followed, before: Mapping[str, Any] | None, item: dict[str, Any]
    ) -> tuple[str, str] | None:
        """The first member that changed although all writes since the last look were refused.

        The member comes with what it should show. None if no member changed, or a write was
        accepted. Only members count that clients write, and that were not empty.
        """
        writes = followed.writes_since
        if before is None or not writes or any(write.ok for write in writes):
            return None
        for name in sorted(_members_clients_write(self._contract, writes[-1])):
            old = before.get(name)
            if old and not same(old, item.get(name)):
                return name, f"{compact(old)}, as all requests since were refused"
        return None

    def _file_departure(
        self,
        followed: Followed,
        before: Mapping[str, Any] | None,
        item: dict[str, Any],
        look: Exchange,
        departure: tuple[str, str],
    ) -> None:
        """File the departure of a member under the write that explains it.

        That is the write that sent its value if the member is as it was ``before``. ``departure``
        is the member, with what it should show.
        """
        name, expected = departure
        writer = followed.writers.get(name)
        is_unchanged = before is not None and same(before.get(name), item.get(name))
        write = writer if is_unchanged else self._explaining_write(followed, name)
        if write is None:
            return
        others = [other for other in followed.writes_since if other.ok and other is not write]
        rivals = [other for other in others if at_once(other, write)]
        if rivals:
            expected += AT_ONCE
        ids = _ids(writer, write, *rivals, look)
        self._file(write, Violation(f"/{name}", expected, compact(item.get(name)), ids))

    def _judge_deleted(
        self, followed: Followed, view: View, item: dict[str, Any], look: Exchange
    ) -> None:
        """Judge a deleted object that is shown: it may not look as before its deletion.

        If it looks different, that is how the target marks deletions, and the object counts as
        gone. The marks are noted, unless another write may have made them. Later, an object that
        has all noted marks is not blamed, either. One that the view never showed counts as gone.
        """
        before, marked = followed.last_shown.get(view, {}), followed.marks.get(view)
        if without_times(before) != without_times(item):
            if before and self._was_only_deleted(followed):
                followed.marks[view] = differing(item, before)
            followed.gone, followed.writes_since = True, []
            return
        if marked and not differing(marked, item):
            return
        write = followed.restoring_write
        expected = "no object, or one that is shown as deleted"
        ids = _ids(followed.deletion, write, look)
        self._file(write, Violation("/", expected, compact(item), ids))
        followed.given_up = True

    def _was_only_deleted(self, followed: Followed) -> bool:
        """Whether, except for creations, only the deletion was accepted since the last look."""
        operations = self._contract.operations
        accepted = [write for write in followed.writes_since if write.ok]
        work = [write for write in accepted if operations[write.operation].action != "create"]
        return work == [followed.deletion]

    # --- an object that is not shown ---

    def _judge_missing(self, followed: Followed, look: Exchange) -> None:
        """Judge an object that a look for it does not show: only a deletion may be the reason.

        An object that may be gone for another reason is not blamed.
        """
        if followed.deletion:
            followed.gone = True
            self._file(followed.deletion, Pass(ids_of([followed.deletion, look])))
        elif not followed.doubtful:
            write = self._explaining_write(followed, "") or followed.creation
            if write is not None:
                expected = f"{followed.object_id}, which was not deleted"
                ids = _ids(followed.creation, write, look)
                self._file(write, Violation("/", expected, quote(look), ids))
            followed.given_up = True
        followed.writes_since = []

    # --- the write that explains something ---

    def _explaining_write(self, followed: Followed, name: str) -> Exchange | None:
        """The write that explains why a member is not as sent, or why the object is missing.

        An empty ``name`` stands for the object. If a write since the last look sent the value, and
        no look has shown that value, it is this write. Otherwise, it is the last accepted write
        since the last look, or else the first refused one, or else the write that sent the value.
        Of the accepted and of the refused, likely ones come first; see ``_may_explain``.
        """
        writer, writes_since = followed.writers.get(name), followed.writes_since
        if writer in writes_since and name not in followed.seen_members:
            return writer
        likely = [write for write in writes_since if self._may_explain(write, name)]
        for writes in (likely, writes_since):
            accepted = [write for write in writes if write.ok]
            if accepted:
                return accepted[-1]
        refused = [*likely, *writes_since]
        return refused[0] if refused else writer

    def _may_explain(self, write: Exchange, name: str) -> bool:
        """Whether a write sent the member ``name``, or for an empty name: asked for a deletion."""
        operation = self._contract.operations[write.operation]
        if not name:
            return operation.action == "delete"
        return name in as_shown(operation, sent_members(write))

    def _file(self, write: Exchange, outcome: Outcome) -> None:
        """File an outcome under a write, for the rule about its action or about refused writes."""
        action = self._contract.operations[write.operation].action
        prefix = PREFIXES[action] if write.ok else REFUSED
        self._found[write.id].append((prefix, outcome))


def _members_clients_write(contract: Contract, write: Exchange) -> set[str]:
    """The members that clients write of the objects that a write is about, as objects show them."""
    kind = contract.operations[write.operation].kind
    members: set[str] = set()
    for action in ("create", "update"):
        for operation in contract.operations_by(action, kind):
            members.update(member.shown_as for member in operation.body if member.is_written)
    return members


def _ids(*exchanges: Exchange | None) -> tuple[str, ...]:
    """The ids of some exchanges, each once."""
    return tuple(dict.fromkeys(ids_of(each for each in exchanges if each is not None)))
