"""Finds reads that do not show what a change stored, such as those of a cache.

If a later response shows the value that the change sent, the target has stored it. So the read that
missed it is to blame, and not the change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.causes.other_objects import OF_CHANGES
from conformance.causes.sightings import Sighting
from conformance.model import Contract, Exchange
from conformance.reading import answer_of, as_shown, members_of, sent_members


def outdated_read(
    contract: Contract, sightings: Sequence[Sighting], by_id: Mapping[str, Exchange]
) -> str:
    """The route of the read that does not show what a change stored; empty if there is none.

    ``by_id`` has all exchanges of the log, in log order.
    """
    for sighting in sightings:
        if sighting.own_key.rule in OF_CHANGES and _is_stored(contract, sighting, by_id):
            return contract.operations[by_id[sighting.shown_by].operation].exact_route
    return ""


def _is_stored(contract: Contract, sighting: Sighting, by_id: Mapping[str, Exchange]) -> bool:
    """Whether something shows a change after a read by id missed it, before it is sent again."""
    first, last = sighting.exchange_ids[0], sighting.shown_by
    missed = answer_of(contract, by_id[last]) if last in by_id else None
    if missed is None or missed.id is None or first not in by_id:
        return False
    member = sighting.finding.where.removeprefix("/")
    value = _sent(contract, by_id[first]).get(member)
    if value is None:
        return False
    identifier = contract.identifier_of(missed.operation.kind)
    ids = list(by_id)
    for exchange in [by_id[name] for name in ids[ids.index(last) + 1 :]]:
        if _sent(contract, exchange).get(member) == value:
            return False
        answer = answer_of(contract, exchange)
        if answer is None or answer.operation.kind != missed.operation.kind:
            continue
        shown = [*answer.rows, members_of(answer.object)]
        if any(row.get(identifier) == missed.id and row.get(member) == value for row in shown):
            return True
    return False


def _sent(contract: Contract, exchange: Exchange) -> dict[str, Any]:
    """The members that a request sent, by the names under which objects show them."""
    operation = contract.operations.get(exchange.operation)
    return as_shown(operation, sent_members(exchange)) if operation else {}
