"""Finds what only follows from deletions that removed more than they should."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from conformance.base.values import as_text, texts_in
from conformance.causes.finding_key import MISSING, OBJECTS, TAKEN, Key
from conformance.causes.origins import SHORTEST
from conformance.causes.sightings import Settled, Sighting
from conformance.model import HELD, Contract, Exchange, Operation
from conformance.reading import query_value, sent_members

NOT_DELETED = "which was not deleted"
"""The end of what a deletion must keep."""
DELETES_OTHERS = "delete.others"
"""The rule that finds a deletion of other objects."""
OF_ACCESS = ("auth.", "scope.", OBJECTS)
"""Prefixes of the rules that find a key which is accepted although it must be refused."""
REFUSED, NOT_FOUND = "4", "404"
"""The first digit of the status of a refusal, and the status for what does not exist."""

_ID = re.compile(rf"[\w+:.@-]{{{SHORTEST},}}")


def with_deletions(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """The sightings; those that follow from a deletion have its key."""
    with_keys = _of_removed_objects(contract, with_keys, exchanges)
    return _of_wrong_deletions(contract, with_keys, exchanges)


def _of_removed_objects(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """A valid request is refused for an object that a deletion of another one removed."""
    deletions: dict[str, Key] = {}
    for one, key in with_keys:
        if _removes_others(contract, one, key):
            deletions.setdefault(one.cell.operation, key)
    for name, key in deletions.items():
        refused = [exchanges[one.shown_by] for one, _ in with_keys if is_refusal(one, exchanges)]
        gone = set(_for_removed(contract, contract.operations[name], refused, exchanges.values()))
        with_keys = [(one, key if one.shown_by in gone else own) for one, own in with_keys]
    return with_keys


def _removes_others(contract: Contract, one: Sighting, key: Key) -> bool:
    """Whether a sighting is on a deletion that may remove other objects than the one it names."""
    if key.rule == MISSING and _deletes(contract, one):
        return True
    return key.rule == DELETES_OTHERS or one.finding.expected.endswith(NOT_DELETED)


def _deletes(contract: Contract, one: Sighting) -> bool:
    """Whether a sighting is on a deletion."""
    operation = contract.operations.get(one.cell.operation)
    return operation is not None and operation.action == "delete"


def _of_wrong_deletions(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """A request fails, or finds something free, because a key without access deleted the object."""
    deleted: dict[str, Key] = {}  # by id of the object
    for one, key in with_keys:
        is_taken = key.rule.startswith(OF_ACCESS) and key.actual == TAKEN
        if is_taken and one.shown_by in exchanges and _deletes(contract, one):
            kind = contract.operations[one.cell.operation].kind
            named = named_in(contract, exchanges[one.shown_by], kind)
            deleted |= dict.fromkeys(named, key)

    def settled_key(one: Sighting, key: Key) -> Key:
        operation = contract.operations.get(one.cell.operation)
        if operation is None or one.shown_by not in exchanges:
            return key
        request = exchanges[one.shown_by]
        is_gone = key.rule.startswith(OF_ACCESS) and key.actual == NOT_FOUND
        if is_gone or is_refusal(one, exchanges):
            named = list(named_in(contract, request, operation.kind))
        elif key.rule == OBJECTS and key.expected.endswith(HELD):
            named = texts_in(sent_members(request).values())
        else:
            named = []
        return next((deleted[name] for name in named if name in deleted), key)

    return [(one, settled_key(one, key)) for one, key in with_keys]


def is_refusal(one: Sighting, exchanges: Mapping[str, Exchange]) -> bool:
    """Whether a sighting is on a request that had to succeed, and was refused."""
    is_known = one.shown_by in exchanges
    due = one.finding.where == "status" and one.finding.expected.startswith("2")
    return is_known and due and one.key.actual.startswith(REFUSED)


def _for_removed(
    contract: Contract,
    deletion: Operation,
    refused: Iterable[Exchange],
    log: Iterable[Exchange],
) -> Iterator[str]:
    """The ids of refused requests for an object that disappeared when another one was deleted.

    It was shown before a deletion, is not deleted itself, and is never shown again.
    """
    named = {each.id: set(named_in(contract, each, deletion.kind)) for each in refused}
    if not any(named.values()):
        return
    past = _past_of(contract, deletion, log)
    for exchange_id, names in named.items():
        if any(past.has_removed(name, past.places[exchange_id]) for name in names):
            yield exchange_id


def _past_of(contract: Contract, deletion: Operation, log: Iterable[Exchange]) -> _Past:
    """What a log shows of the objects that an operation deletes."""
    past = _Past()
    for place, exchange in enumerate(log):
        past.places[exchange.id] = place
        operation = contract.operations.get(exchange.operation)
        if operation is None or operation.kind != deletion.kind or not exchange.ok:
            continue
        if operation.id == deletion.id:
            past.deletions.append(place)
            past.deleted.update(named_in(contract, exchange, deletion.kind))
        elif exchange.response is not None:
            shown = _ID.findall(exchange.response.body.kept)
            past.shown.update(dict.fromkeys(shown, place))
    return past


@dataclass
class _Past:
    """What a log shows of the objects of one kind, by their places in the log.

    ``shown`` has the last success that contains a text, and ``deleted`` the ids of the objects that
    requests deleted.
    """

    places: dict[str, int] = field(default_factory=dict)
    deletions: list[int] = field(default_factory=list)
    deleted: set[str] = field(default_factory=set)
    shown: dict[str, int] = field(default_factory=dict)

    def has_removed(self, name: str, now: int) -> bool:
        """Whether an object was shown for the last time before the deletion of another one."""
        shown = self.shown.get(name)
        if shown is None or name in self.deleted:
            return False
        return any(shown < place < now for place in self.deletions)


def named_in(contract: Contract, exchange: Exchange, kind: str) -> Iterator[str]:
    """The ids of objects of a kind that a request names."""
    operation = contract.operations.get(exchange.operation)
    for parameter in operation.parameters if operation else ():
        if parameter.references == kind:
            name = parameter.name
            value = as_text(sent_members(exchange).get(name)) or query_value(exchange, name)
            if value:
                yield value
