"""Finds what only follows from deletions that removed more than they should."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from conformance.base.values import as_text, texts_in
from conformance.causes.finding_key import MISSING, NOT_REFUSED, OBJECTS, Key
from conformance.causes.origins import SHORTEST
from conformance.causes.sightings import Settled, Sighting
from conformance.model import HELD, Contract, Exchange, Operation
from conformance.reading import query_value, sent_members

NOT_DELETED = "which was not deleted"
"""The end of what a deletion must keep."""
DELETES_OTHERS = "delete.others"
"""The rule that finds a deletion of other objects."""
OF_REFUSED = "refused."
"""The prefix of the rules that find the effect of a refused request."""
OF_ACCESS = ("auth.", "scope.", OBJECTS)
"""Prefixes of the rules that find a key which is accepted although it must be refused."""
REFUSED, NOT_FOUND = "4", "404"
"""The first digit of the status of a refusal, and the status for what does not exist."""

_ID = re.compile(rf"[\w+:.@-]{{{SHORTEST},}}")


def with_deletions(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """Give each sighting that follows from a wrong deletion the key of that deletion."""
    with_keys = _join_removed_objects(contract, with_keys, exchanges)
    with_keys = _join_refused_deletions(contract, with_keys, exchanges)
    return _join_foreign_deletions(contract, with_keys, exchanges)


def _join_removed_objects(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """Give a refused valid request for a vanished object the key of the deletion that removed it.

    That deletion removed other objects than the one that it names.
    """
    deletions: dict[str, Key] = {}  # by operation
    for sighting, key in with_keys:
        if _removes_others(contract, sighting, key):
            deletions.setdefault(sighting.cell.operation, key)
    refused = [
        exchanges[sighting.shown_by]
        for sighting, _ in with_keys
        if is_wrong_refusal(sighting, exchanges)
    ]
    for name, key_of_deletion in deletions.items():
        of_removed = set(
            _requests_for_removed(contract, contract.operations[name], refused, exchanges.values())
        )
        with_keys = [
            (sighting, key_of_deletion if sighting.shown_by in of_removed else key)
            for sighting, key in with_keys
        ]
    return with_keys


def _removes_others(contract: Contract, sighting: Sighting, key: Key) -> bool:
    """Whether a sighting is on a deletion that may remove other objects than the one it names.

    A deletion that is accepted without a required parameter may remove anything.
    """
    if key.rule == MISSING and _deletes(contract, sighting):
        return True
    return key.rule == DELETES_OTHERS or sighting.finding.expected.endswith(NOT_DELETED)


def _deletes(contract: Contract, sighting: Sighting) -> bool:
    """Whether a sighting is on a deletion."""
    operation = contract.operations.get(sighting.cell.operation)
    return operation is not None and operation.action == "delete"


def _join_refused_deletions(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """Give valid requests that do not find an object the key of a refused deletion of it.

    The first refused deletion of the object, before the request, is taken to have removed it.
    """
    removing = {
        sighting.cell.operation: key
        for sighting, key in with_keys
        if key.rule.startswith(OF_REFUSED) and _deletes(contract, sighting)
    }
    if not removing:
        return with_keys
    places = {exchange_id: place for place, exchange_id in enumerate(exchanges)}
    first_refused = _first_refused(contract, removing, exchanges.values())

    def settled_key(sighting: Sighting, key: Key) -> Key:
        operation = contract.operations.get(sighting.cell.operation)
        is_unfound = is_wrong_refusal(sighting, exchanges) and sighting.own_key.actual == NOT_FOUND
        if operation is None or not is_unfound:
            return key
        request = exchanges[sighting.shown_by]
        for name in named_in(contract, request, operation.kind):
            deletion = first_refused.get(name)
            if deletion is not None and places[deletion.id] < places[request.id]:
                return removing[deletion.operation]
        return key

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]


def _first_refused(
    contract: Contract, operations: Collection[str], log: Iterable[Exchange]
) -> dict[str, Exchange]:
    """The first refused request of some operations for each object, by its id."""
    first: dict[str, Exchange] = {}
    for exchange in log:
        if exchange.operation in operations and exchange.refused:
            kind = contract.operations[exchange.operation].kind
            for name in named_in(contract, exchange, kind):
                first.setdefault(name, exchange)
    return first


def _join_foreign_deletions(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """Give what follows from a deletion by a key without access the key of that deletion.

    Later requests for the object are refused. What the object held is free, so a request of
    another tenant that names it can take it.
    """
    deleted: dict[str, Key] = {}  # the key of the deletion by the id of the object
    for sighting, key in with_keys:
        is_accepted = key.rule.startswith(OF_ACCESS) and key.actual == NOT_REFUSED
        if is_accepted and sighting.shown_by in exchanges and _deletes(contract, sighting):
            kind = contract.operations[sighting.cell.operation].kind
            named = named_in(contract, exchanges[sighting.shown_by], kind)
            deleted |= dict.fromkeys(named, key)

    def settled_key(sighting: Sighting, key: Key) -> Key:
        operation = contract.operations.get(sighting.cell.operation)
        if operation is None or sighting.shown_by not in exchanges:
            return key
        request = exchanges[sighting.shown_by]
        wrongly_not_found = key.rule.startswith(OF_ACCESS) and key.actual == NOT_FOUND
        if wrongly_not_found or is_wrong_refusal(sighting, exchanges):
            named = list(named_in(contract, request, operation.kind))
        elif key.rule == OBJECTS and key.expected.endswith(HELD):
            named = texts_in(sent_members(request).values())
        else:
            named = []
        return next((deleted[name] for name in named if name in deleted), key)

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]


def is_wrong_refusal(sighting: Sighting, exchanges: Mapping[str, Exchange]) -> bool:
    """Whether a sighting is on a request that had to succeed, and was refused."""
    is_logged = sighting.shown_by in exchanges
    finding = sighting.finding
    had_to_succeed = finding.where == "status" and finding.expected.startswith("2")
    return is_logged and had_to_succeed and sighting.own_key.actual.startswith(REFUSED)


def _requests_for_removed(
    contract: Contract,
    deletion: Operation,
    refused: Iterable[Exchange],
    log: Iterable[Exchange],
) -> Iterator[str]:
    """The ids of ``refused`` requests for an object that vanished when another one was deleted.

    It was shown before a ``deletion``, and is not shown again. No request deleted it.
    """
    named = {each.id: set(named_in(contract, each, deletion.kind)) for each in refused}
    if not any(named.values()):
        return
    past = _past_of(contract, deletion, log)
    for exchange_id, names in named.items():
        if any(past.was_removed(name, past.places[exchange_id]) for name in names):
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
            may_be_ids = _ID.findall(exchange.response.body.kept)
            past.shown.update(dict.fromkeys(may_be_ids, place))
    return past


@dataclass
class _Past:
    """What a log shows of the objects of one kind. A place is the index of an exchange in the log.

    ``places`` are those of all exchanges by id, and ``deletions`` those of accepted deletions.
    ``deleted`` are the ids of the objects that these named. ``shown`` has the place of the last
    other success that contains a text which may be an id, by that text.
    """

    places: dict[str, int] = field(default_factory=dict)
    deletions: list[int] = field(default_factory=list)
    deleted: set[str] = field(default_factory=set)
    shown: dict[str, int] = field(default_factory=dict)

    def was_removed(self, name: str, sought_at: int) -> bool:
        """Whether the deletion of another object may have removed the object with an id.

        It came after the last success that shows the object, and before ``sought_at``: the place
        of the request that does not find it. No accepted deletion names the object.
        """
        last_shown = self.shown.get(name)
        if last_shown is None or name in self.deleted:
            return False
        return any(last_shown < place < sought_at for place in self.deletions)


def named_in(contract: Contract, exchange: Exchange, kind: str) -> Iterator[str]:
    """The ids of objects of a kind that a request names."""
    operation = contract.operations.get(exchange.operation)
    for parameter in operation.parameters if operation else ():
        if parameter.references == kind:
            name = parameter.name
            value = as_text(sent_members(exchange).get(name)) or query_value(exchange, name)
            if value:
                yield value
