"""The objects of a sequence, and what its writes make of them, as far as that is certain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from conformance.base.values import as_text
from conformance.judging.outcomes import Violation
from conformance.judging.responses import ids_of
from conformance.model import Contract, Exchange, Operation, compact
from conformance.reading import (
    Answer,
    as_shown,
    query_value,
    refused_member,
    same,
    sent_members,
    state_prefixes,
    writable,
)

View = tuple[str, str | None]
"""An operation that shows objects, and a key."""
SERVER_FAULT = 500
"""The lowest status that does not say whether a write was carried out."""


class Followed:
    """What is known of an object at some place of a sequence."""

    def __init__(self, name: str, made: Exchange | None = None) -> None:
        self.name = name
        self.made = made  # the creation
        self.values: dict[str, Any] = {}  # by member, as last accepted
        self.writers: dict[str, Exchange] = {}  # the write of each of them
        self.seen: set[str] = set()  # members that a look has shown with their value
        self.looks: dict[View, dict[str, Any]] = {}  # how it was last shown
        self.plain: dict[View, set[str]] = defaultdict(set)  # members shown as they were sent
        self.since: list[Exchange] = []  # writes since the last look
        self.doubtful = False  # it may be there or not
        self.lost = False  # it was found missing, or back, and is not judged any more
        self.deleted: Exchange | None = None
        self.marked: dict[View, dict[str, Any]] = {}  # members that a deletion changed
        self.gone = False  # a look since the deletion has not shown it as it was

    def forget(self) -> None:
        """Know no value any more, nor whether it is there."""
        self.values, self.looks, self.doubtful = {}, {}, True

    def drop_switches(self, operation: Operation) -> None:
        """Forget numbers, and switches, which an action may flip unless it issues a secret."""
        kept = str | list | dict | bool if operation.secrets else str | list | dict
        self.values = {name: each for name, each in self.values.items() if isinstance(each, kept)}


class Effects:
    """Follows the objects of one sequence, which are all of one kind, through its writes."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self.objects: dict[str, Followed] = {}

    def take(self, answer: Answer, *, is_own: bool) -> Violation | None:
        """Take in the next write, of the business itself or of another one.

        Returns a violation for a creation that returns the id of another object.
        """
        exchange = answer.exchange
        for each in self.objects.values():
            each.since.append(exchange)
        status = exchange.status
        is_unknown = status is None or status >= SERVER_FAULT
        if is_unknown or (exchange.ok and not is_own):
            for each in self._touched(answer):
                each.forget()
        elif exchange.ok and answer.operation.action == "create":
            return self._create(answer)
        elif exchange.ok:
            self._work(answer)
        return None

    def _touched(self, answer: Answer) -> Iterable[Followed]:
        """The object that a write names; all of them if it can name none."""
        if answer.operation.selector is None:
            return self.objects.values()
        named = self.objects.get(_named(answer) or "")
        return [] if named is None else [named]

    def _create(self, answer: Answer) -> Violation | None:
        """A creation that another one equals may take the place of that, or return it."""
        exchange, name = answer.exchange, as_text(answer.id)
        for each in self.objects.values():
            if each.made and sent_members(each.made) == sent_members(exchange):
                each.doubtful = True
        if name is None:
            return None
        known = self.objects.setdefault(name, Followed(name, exchange))
        if known.made is exchange:
            known.since.append(exchange)
            _set(known, answer)
            return None
        was_deleted, known.deleted, known.marked = known.deleted, None, {}
        known.forget()  # it may have been left as it was
        if was_deleted or exchange.status != answer.operation.successes[-1]:
            return None
        where = f"/{self._contract.identifier_of(answer.operation.kind)}"
        ids = ids_of([exchange] if known.made is None else [known.made, exchange])
        return Violation(where, "an id of its own", compact(name), ids)

    def _work(self, answer: Answer) -> None:
        """A change, a deletion or an action on the object that it names."""
        name = _named(answer)
        if name is None:
            return
        named = self.objects.setdefault(name, Followed(name))
        if answer.operation.action == "delete":
            named.values, named.deleted = {}, named.deleted or answer.exchange
        elif answer.operation.action == "update":
            _change(named, answer)
        else:
            named.drop_switches(answer.operation)


def _change(changed: Followed, answer: Answer) -> None:
    """A change may restore a deleted object, and take an invalid value for another one."""
    operation = answer.operation
    if changed.deleted or refused_member(operation, answer.exchange):
        changed.deleted = None
        changed.forget()
        return
    if any(state_prefixes(operation, answer.exchange)):
        changed.drop_switches(operation)
    if operation.method != "PATCH":  # it may reset what it takes and was not sent
        taken = {member.shown_as for member in operation.body}
        kept = changed.values.items()
        changed.values = {name: value for name, value in kept if name not in taken}
    _set(changed, answer)


def _set(written: Followed, answer: Answer) -> None:
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


def _named(answer: Answer) -> str | None:
    """The id that a write names."""
    selector = answer.operation.selector
    if selector is None:
        return None
    name = sent_members(answer.exchange).get(selector.name)
    return as_text(name) or query_value(answer.exchange, selector.name)
