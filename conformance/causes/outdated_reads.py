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
from conformance.reading import Answer, answer_of, as_shown, members_of, sent_members


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
    change, read = by_id.get(sighting.exchange_ids[0]), by_id.get(sighting.shown_by)
    missed = answer_of(contract, read) if read is not None else None
    if change is None or missed is None or missed.id is None:
        return False
    member = sighting.finding.where.removeprefix("/")
    value = _sent(contract, change).get(member)
    ids = list(by_id)
    for name in ids[ids.index(missed.exchange.id) + 1 :]:
        if value is None or _sent(contract, by_id[name]).get(member) == value:
            return False
        if _shows(contract, by_id[name], missed, member, value):
            return True
    return False


def _shows(contract: Contract, exchange: Exchange, missed: Answer, member: str, value: Any) -> bool:
    """Whether a response shows the object that a read showed, with a value of a member."""
    answer = answer_of(contract, exchange)
    if answer is None or answer.operation.kind != missed.operation.kind:
        return False
    identifier = contract.identifier_of(answer.operation.kind)
    for row in (*answer.rows, members_of(answer.object)):
        if row.get(identifier) == missed.id and row.get(member) == value:
            return True
    return False


def _sent(contract: Contract, exchange: Exchange) -> dict[str, Any]:
    """The members that a request sent, by the names under which objects show them."""
    operation = contract.operations.get(exchange.operation)
    return as_shown(operation, sent_members(exchange)) if operation else {}
