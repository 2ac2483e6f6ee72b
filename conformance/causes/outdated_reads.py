"""Finds reads that do not show what a write did, such as those of a cache or of an index.

If a later response shows the value that a change sent, the target has stored it. If an object is no
longer found by its id, the target has deleted it. So the read that shows neither is to blame, and
not the write.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from conformance.causes.deletions import NOT_FOUND, named_in
from conformance.causes.handlers import DELETIONS
from conformance.causes.other_objects import OF_CHANGES, Place
from conformance.causes.sightings import Sighting
from conformance.causes.stored_values import object_of
from conformance.model import Contract, Exchange, Operation, business_of
from conformance.reading import (
    Answer,
    answer_of,
    as_shown,
    members_of,
    query_value,
    sent_members,
)


def outdated_read(
    contract: Contract, sightings: Sequence[Sighting], by_id: Mapping[str, Exchange]
) -> str:
    """The route of the read that does not show what a change stored; empty if there is none.

    The change is the first exchange of a sighting, and the read is the last. ``by_id`` has all
    exchanges of the log, in log order.
    """
    for sighting in sightings:
        shown_by = [by_id[name] for name in sighting.exchange_ids if name in by_id]
        if sighting.own_key.rule not in OF_CHANGES or not shown_by:
            continue
        change, read = answer_of(contract, shown_by[0]), answer_of(contract, shown_by[-1])
        member = sighting.finding.where.removeprefix("/")
        if change and read and _is_stored(contract, change, read, member, by_id):
            return read.operation.exact_route
    return ""


def _is_stored(
    contract: Contract, change: Answer, read: Answer, member: str, by_id: Mapping[str, Exchange]
) -> bool:
    """Whether a response after a read shows the value of a member that a change sent.

    The read must be of the changed object. Responses after another request has sent the same value
    do not count, because that request may have stored it.
    """
    value = _sent(change).get(member)
    if value is None or read.id is None or object_of(contract, change.exchange) != read.id:
        return False
    for answer in _later_answers(contract, read, by_id):
        if _sent(answer).get(member) == value:
            return False
        if _shows(answer, read, member, value):
            return True
    return False


def _later_answers(
    contract: Contract, read: Answer, by_id: Mapping[str, Exchange]
) -> Iterator[Answer]:
    """The responses after a read, from operations on the same kind of object."""
    ids = list(by_id)
    for name in ids[ids.index(read.exchange.id) + 1 :]:
        answer = answer_of(contract, by_id[name])
        if answer is not None and answer.operation.kind == read.operation.kind:
            yield answer


def _shows(answer: Answer, read: Answer, member: str, value: Any) -> bool:
    """Whether a response shows the object that a read showed, with a value of a member."""
    identifier = answer.contract.identifier_of(answer.operation.kind)
    for row in (*answer.rows, members_of(answer.object)):
        if row.get(identifier) == read.id and row.get(member) == value:
            return True
    return False


def _sent(write: Answer) -> dict[str, Any]:
    """The members that a request sent, by the names under which objects show them."""
    return as_shown(write.operation, sent_members(write.exchange))


def list_of_deleted(
    contract: Contract, sightings: Sequence[Sighting], by_id: Mapping[str, Exchange]
) -> str:
    """The only list that still shows deleted objects, with its filter; empty if there is none.

    A read no longer finds one of these objects. ``by_id`` has all exchanges of the log, in log
    order.
    """
    if any(sighting.own_key.rule not in DELETIONS for sighting in sightings):
        return ""
    last = [by_id[sighting.shown_by] for sighting in sightings if sighting.shown_by in by_id]
    list_route = _common_list(contract, last)
    return list_route if list_route and _is_one_deleted(contract, sightings, by_id) else ""


def _common_list(contract: Contract, requests: Sequence[Exchange]) -> str:
    """The route of the list that all requests ask for, with the filter that they share.

    The filter is left out if there is none, or more than one. Empty if they ask for anything else.
    """
    operations = {request.operation for request in requests}
    shown = contract.operations.get(operations.pop()) if len(operations) == 1 else None
    if shown is None or shown.action != "list":
        return ""
    filters = set.intersection(*[_filters_in(contract, shown, request) for request in requests])
    return f"{shown.route} with {filters.pop()}" if len(filters) == 1 else shown.route


def _filters_in(contract: Contract, operation: Operation, exchange: Exchange) -> set[str]:
    """The filters in the query of a request, other than the one for a tenant."""
    return {
        parameter.name
        for parameter in operation.filters
        if parameter.filters != contract.tenant
        and query_value(exchange, parameter.name) is not None
    }


def _is_one_deleted(
    contract: Contract, sightings: Sequence[Sighting], by_id: Mapping[str, Exchange]
) -> bool:
    """Whether a read no longer finds an object that a request of one of the sightings deleted.

    Only reads with a key of the business that deleted the object count: another one never sees it.
    """
    of_sightings = {name for sighting in sightings for name in sighting.exchange_ids}
    deleted: set[Place] = set()
    for exchange in by_id.values():
        if exchange.id in of_sightings:
            deleted |= _objects_named(contract, exchange, "delete")
        is_unfound = str(exchange.status) == NOT_FOUND
        if is_unfound and deleted & _objects_named(contract, exchange, "read"):
            return True
    return False


def _objects_named(contract: Contract, exchange: Exchange, action: str) -> set[Place]:
    """The objects that a request names if its operation has an action; otherwise none."""
    operation = contract.operations.get(exchange.operation)
    if operation is None or operation.action != action:
        return set()
    business = business_of(exchange.identity or "")
    names = named_in(contract, exchange, operation.kind)
    return {(business, operation.kind, name) for name in names}
