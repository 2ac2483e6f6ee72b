"""Follows the objects of sequences: what their writes made of them, and what each look shows.

Each departure is filed under the write that explains it: the one that set the member, if no look
has shown its value, or else the last accepted one since a look showed it, or a refused one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from weakref import WeakKeyDictionary

from conformance.base.values import as_text, instant, without
from conformance.judging.outcomes import Answered, JudgeContext, Outcome, Pass, Violation, WholeLog
from conformance.judging.responses import answered, ids_of, said
from conformance.model import (
    UNAVAILABLE,
    Business,
    Contract,
    Effect,
    Exchange,
    Operation,
    Role,
    Step,
    business_of,
    compact,
)
from conformance.reading import (
    Answer,
    absent,
    answer_of,
    as_shown,
    asked,
    differences,
    members_of,
    orders_of,
    refused_member,
    same,
    sent_members,
    sought_in,
    writable,
)

Found = dict[str, list[tuple[str, Outcome]]]
"""Outcomes by the id of the write that they are about, each with the kind of its rule."""
REFUSED = "refused"
"""The kind of rule of a refused write; that of an accepted one is its action."""
NOT_FOUND = 404


@dataclass
class _Object:
    """What is known of an object at some place of a sequence."""

    name: str
    made: Exchange | None = None
    values: dict[str, Any] = field(default_factory=dict)  # by member, as last accepted
    writers: dict[str, Exchange] = field(default_factory=dict)  # the write of each of them
    seen: set[str] = field(default_factory=set)  # members that a look has shown with their value
    looks: dict[str, dict[str, Any]] = field(default_factory=dict)  # the last, by operation
    since: list[Exchange] = field(default_factory=list)  # writes since the last look
    doubtful: bool = False  # it may be there or not
    lost: bool = False  # it was found missing, or back, and is not judged any more
    deleted: Exchange | None = None
    gone: bool = False  # a look since the deletion has not shown it as it was

    def forget(self) -> None:
        """Know no value any more, nor whether it is there."""
        self.values, self.looks, self.doubtful = {}, {}, True


def outcomes_of(context: JudgeContext, exchange: Exchange) -> Iterator[tuple[str, Outcome]]:
    """What the looks of a sequence say about one of its writes, with the kind of rule of each."""
    if context.log is None or exchange.facts.step is not Step.SEQUENCE:
        return
    if context.log not in _FOUND:
        _FOUND[context.log] = _followed(context, context.log)
    yield from _FOUND[context.log].get(exchange.id, ())


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
            following.add(exchange, is_last=not _repeats(after, exchange))
        following.add(exchanges[-1], is_last=True)
    return found


_FOUND: WeakKeyDictionary[WholeLog, Found] = WeakKeyDictionary()


def _repeats(later: Exchange, look: Exchange) -> bool:
    """Whether a look goes on with an earlier one: the object may take a moment to show."""
    if later.request.method != "GET" or later.identity != look.identity:
        return False
    return (later.operation, later.facts.sought) == (look.operation, look.facts.sought)


class _Following:
    """Follows the objects of one sequence, which are all of one kind."""

    def __init__(self, context: JudgeContext, found: Found) -> None:
        self._context = context
        self._contract: Contract = context.contract
        self._objects: dict[str, _Object] = {}
        self._found = found

    def add(self, exchange: Exchange, *, is_last: bool) -> None:
        """Take in the next exchange; only the last one of several equal looks is judged."""
        answer = answer_of(self._contract, exchange)
        if answer is None:
            return
        is_own = business_of(exchange.identity or "") in (None, Business.MAIN)
        if answer.operation.effect is not Effect.READ:
            self._write(answer, is_own=is_own)
        elif is_last and is_own:
            self._look(answer)

    # --- writes ---

    def _write(self, answer: Answer, *, is_own: bool) -> None:
        exchange = answer.exchange
        for each in self._objects.values():
            each.since.append(exchange)
        if _is_lost(exchange) or (exchange.ok and not is_own):
            for each in self._touched(answer):
                each.forget()
        elif exchange.ok:
            effects = {"create": self._create, "update": self._change, "delete": self._delete}
            effects.get(answer.operation.action, self._work)(answer)

    def _touched(self, answer: Answer) -> list[_Object]:
        """The object that a write names; all of them if it names none."""
        named = self._objects.get(_named(answer) or "")
        if answer.operation.selector is None:
            return list(self._objects.values())
        return [] if named is None else [named]

    def _create(self, answer: Answer) -> None:
        """A creation that another one equals may take the place of that, or return it."""
        exchange, name = answer.exchange, as_text(answer.id)
        for each in self._objects.values():
            if each.made and sent_members(each.made) == sent_members(exchange):
                each.doubtful = True
        if name is None:
            return
        known = self._objects.get(name)
        is_new = exchange.status == answer.operation.successes[-1]
        if known is not None and known.deleted is None and is_new:
            where = f"/{self._contract.identifier_of(answer.operation.kind)}"
            ids = ids_of([*([known.made] if known.made else []), exchange])
            self._file(exchange, Violation(where, "an id of its own", compact(name), ids))
        made = _Object(name, exchange)
        self._objects[name] = made
        self._set(made, answer)

    def _change(self, answer: Answer) -> None:
        """A change may restore a deleted object, and take an invalid value for another one."""
        operation, changed = answer.operation, self._of(answer)
        if changed is None:
            return
        if changed.deleted or refused_member(operation, answer.exchange):
            changed.deleted = None
            changed.forget()
            return
        if any(orders_of(operation, answer.exchange)):
            _drop_switches(changed, operation)
        if operation.method != "PATCH":  # it may reset what it takes, and was not sent
            taken = {member.shown_as for member in operation.body}
            changed.values = {
                name: value for name, value in changed.values.items() if name not in taken
            }
        self._set(changed, answer)

    def _set(self, written: _Object, answer: Answer) -> None:
        """Note the values that a write sent."""
        operation, exchange = answer.operation, answer.exchange
        sent = writable(operation, sent_members(exchange))
        if operation.selector is not None:
            sent.pop(operation.selector.name, None)
        for name, value in as_shown(operation, sent).items():
            if not (name in written.values and same(value, written.values[name])):
                written.seen.discard(name)
            written.values[name] = value
            written.writers[name] = exchange

    def _work(self, answer: Answer) -> None:
        worked_on = self._of(answer)
        if worked_on is not None:
            _drop_switches(worked_on, answer.operation)

    def _delete(self, answer: Answer) -> None:
        deleted = self._of(answer)
        if deleted is not None:
            deleted.values = {}
            deleted.deleted = deleted.deleted or answer.exchange

    def _of(self, answer: Answer) -> _Object | None:
        """The object that a write names, which may be new to the sequence."""
        name = _named(answer)
        if name is None:
            return None
        return self._objects.setdefault(name, _Object(name))

    # --- looks ---

    def _look(self, answer: Answer) -> None:
        exchange = answer.exchange
        if not isinstance(answered(self._context, exchange), Answered):
            return
        if not answer.ok and exchange.status != NOT_FOUND:
            return
        name = self._contract.identifier_of(answer.operation.kind)
        items = answer.rows if answer.operation.paging else [members_of(answer.object)]
        shown = {str(item.get(name)): item for item in items}
        for each in self._objects.values():
            if each.name in shown and not each.lost:
                self._shown(each, shown[each.name], answer)
        sought = self._objects.get(exchange.facts.sought or "")
        if sought is not None and sought.name not in shown and not sought.lost:
            found, goes_on = sought_in(self._contract, exchange)
            if found is None and (not goes_on or absent(self._contract, exchange)):
                self._missing(sought, exchange)

    def _shown(self, each: _Object, item: dict[str, Any], answer: Answer) -> None:
        """Judge an object by how a look shows it."""
        look = answer.exchange
        before = each.looks.get(answer.operation.id)
        if each.deleted:
            self._shown_after_deletion(each, before, item, look)
            return
        each.doubtful = False
        departures = self._departures(each, item)
        departure = next(iter(departures.items()), self._refused_effect(each, before, item))
        if departure is not None:
            name, expected = departure
            was_so = before is not None and same(before.get(name), item.get(name))
            write = each.writers.get(name) if was_so else self._explaining(each, name)
            if write is not None:
                first = each.writers.get(name)
                ids = _ids(first, write, look)
                actual = compact(item.get(name))
                self._file(write, Violation(f"/{name}", expected, actual, ids))
            each.values = without(each.values, departures.keys())
        else:
            self._pass(each, look)
        each.seen |= each.values.keys() & item.keys()
        each.looks[answer.operation.id] = item
        each.since = []

    def _departures(self, each: _Object, item: dict[str, Any]) -> dict[str, str]:
        """The members that do not show what was last accepted, each with what it should show."""
        departures = {}
        for name, value in each.values.items():
            operation = self._contract.operations[each.writers[name].operation]
            for _, expected, _ in differences(operation, {name: value}, item):
                departures[name] = f"{expected}, as it was last sent"
        return departures

    def _refused_effect(
        self, each: _Object, before: Mapping[str, Any] | None, item: dict[str, Any]
    ) -> tuple[str, str] | None:
        """The first member that clients write and that has changed, if only refusals came since."""
        if before is None or not each.since or any(write.ok for write in each.since):
            return None
        for name in sorted(_written(self._contract, each.since[-1])):
            old = before.get(name)
            if old and not same(old, item.get(name)):
                return name, f"{compact(old)}, as all requests since were refused"
        return None

    def _shown_after_deletion(
        self,
        each: _Object,
        before: Mapping[str, Any] | None,
        item: dict[str, Any],
        look: Exchange,
    ) -> None:
        """Judge a deleted object that is shown. A mark of the deletion makes it another one."""
        assert each.deleted is not None
        if before is None or _without_times(before) != _without_times(item):
            each.gone, each.since = True, []
            return
        write = each.deleted
        if each.gone and each.since and not any(write.ok for write in each.since):
            write = each.since[-1]
        expected = "no object, or one that is shown as deleted"
        ids = _ids(each.deleted, write, look)
        self._file(write, Violation("/", expected, compact(item), ids))
        each.lost = True

    def _missing(self, each: _Object, look: Exchange) -> None:
        """Judge an object that a look should have shown."""
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

    def _explaining(self, each: _Object, name: str) -> Exchange | None:
        """The write that explains that a member of an object, or the object itself, is not there.

        Of several refused writes, it is the first that could explain it.
        """
        writer = each.writers.get(name)
        accepted = [write for write in each.since if write.ok]
        if writer in each.since and name not in each.seen:
            return writer
        if accepted or not each.since:
            return accepted[-1] if accepted else writer
        likely = [write for write in each.since if self._may_explain(write, name)]
        return next(iter([*likely, *each.since]))

    def _may_explain(self, write: Exchange, name: str) -> bool:
        """Whether a write sent a member, or asked for a deletion if no member is given."""
        operation = self._contract.operations[write.operation]
        if not name:
            return operation.action == "delete"
        return name in as_shown(operation, sent_members(write))

    def _pass(self, each: _Object, look: Exchange) -> None:
        """Each write since the last look is shown, or has no effect."""
        for write in each.since:
            self._file(write, Pass((write.id, look.id)))

    def _file(self, write: Exchange, outcome: Outcome) -> None:
        action = self._contract.operations[write.operation].action
        kind = action if write.ok else REFUSED
        self._found[write.id].append(("update" if kind == "perform" else kind, outcome))


def _named(answer: Answer) -> str | None:
    """The id that a write names."""
    selector = answer.operation.selector
    if selector is None:
        return None
    name = sent_members(answer.exchange).get(selector.name)
    return as_text(name) or asked(answer.exchange, selector.name)


def _is_lost(exchange: Exchange) -> bool:
    """Whether a write may have been accepted or not."""
    return exchange.status is None or exchange.status >= 500 or exchange.status in UNAVAILABLE


def _drop_switches(each: _Object, operation: Operation) -> None:
    """Forget numbers, and switches, which an action may flip unless it only issues a secret."""
    kept = str | list | dict | bool if operation.secrets else str | list | dict
    each.values = {name: value for name, value in each.values.items() if isinstance(value, kept)}


def _written(contract: Contract, write: Exchange) -> set[str]:
    """The texts, lists and objects that clients write of the objects of the kind of a write."""
    kind = contract.operations[write.operation].kind
    return {
        member.shown_as
        for action in ("create", "update")
        for operation in contract.operations_by(action, kind)
        for member in operation.body
        if member.has_value and member.schema.get("type") in ("string", "array", "object")
    }


def _without_times(item: Mapping[str, Any]) -> dict[str, Any]:
    """An object without its times, because a new time does not mean deletion."""
    return {name: value for name, value in item.items() if instant(value) is None}


def _ids(*exchanges: Exchange | None) -> tuple[str, ...]:
    """The ids of some exchanges, each once."""
    return tuple(dict.fromkeys(ids_of(each for each in exchanges if each is not None)))
