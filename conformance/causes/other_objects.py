"""Finds what only follows from a change that works on a different object than the one it names."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from conformance.base.values import as_text
from conformance.causes.finding_key import ANOTHER, NOT_REFUSED, OBJECTS, UNKNOWN, Key
from conformance.causes.sightings import Settled, Sighting
from conformance.causes.stored_values import object_of
from conformance.model import Business, Contract, Exchange, business_of
from conformance.reading import Answer, answer_of, members_of, sent_members

OF_CHANGES = ("update.read-back", "update.shown")
"""The rules that find that an object does not show what a change sent."""
OF_ANY_ID = (UNKNOWN, OBJECTS)
"""The rules that find that a request succeeds for an id that it must refuse."""
SHOWING = ("list", "read", "create")
"""The actions whose successes show objects by their ids."""

SHOWN = "update.shown"
"""The rule that compares all later responses with what was sent."""
_SENT_BY = re.compile(r", as exchange (\S+) sent it$")

Place = tuple[Business | None, str, str]
"""The business whose key a request has, and the kind and the id, as text, of an object in it."""


def join_changes_of_others(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """Give changes that work on a different object than the one they name a key of their own.

    Such a change has no effect on the object that it names, or succeeds for any id. An operation
    gets such a key only if a rule in OF_CHANGES finds one of these changes.
    """
    changes = _changes_of_others(contract, exchanges.values())

    def is_on_such_a_change(sighting: Sighting, key: Key) -> bool:
        is_of_any_id = key.rule in OF_ANY_ID and key.actual == NOT_REFUSED
        is_about_change = is_of_any_id or key.rule.startswith("update.")
        changes_of_operation = changes[sighting.cell.operation]
        return is_about_change and not changes_of_operation.isdisjoint(sighting.exchange_ids)

    common: dict[str, Key] = {}  # by operation
    for rule in OF_CHANGES:
        for sighting, key in with_keys:
            if key.rule == rule and is_on_such_a_change(sighting, key):
                common.setdefault(sighting.cell.operation, Key(rule, "/", flaw=ANOTHER))

    def settled_key(sighting: Sighting, key: Key) -> Key:
        if not is_on_such_a_change(sighting, key):
            return key
        return common.get(sighting.cell.operation, key)

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]


def _changes_of_others(
    contract: Contract, exchanges: Iterable[Exchange]
) -> defaultdict[str, set[str]]:
    """By operation, the ids of the exchanges whose accepted change returns another object.

    Its id is not the one the change names, and a list, a read or a creation shows it to the
    same business. An id that nothing else shows may be wrong, rather than that of another object.
    """
    log = list(exchanges)
    changes: defaultdict[str, set[str]] = defaultdict(set)
    returned = [(each, _other_returned(contract, each)) for each in log]
    if all(place is None for _, place in returned):
        return changes
    shown = set(_shown(contract, log))
    for exchange, place in returned:
        if place in shown:
            changes[exchange.operation].add(exchange.id)
    return changes


def _shown(contract: Contract, log: Iterable[Exchange]) -> Iterator[Place]:
    """The objects that successful lists, reads and creations show."""
    for exchange in log:
        operation = contract.operations.get(exchange.operation)
        if operation is None or not exchange.ok or operation.action not in SHOWING:
            continue
        answer = Answer(contract, operation, exchange)
        name = contract.identifier_of(operation.kind)
        for row in answer.rows if operation.paging else [members_of(answer.object)]:
            yield business_of(exchange.identity or ""), operation.kind, str(row.get(name))


def _other_returned(contract: Contract, exchange: Exchange) -> Place | None:
    """The object that an accepted change returns; None if it is the one that the change names.

    Also None for any other request, and if one of the two ids is missing.
    """
    operation = contract.operations.get(exchange.operation)
    if operation is None or operation.action != "update" or not exchange.ok:
        return None
    selector = operation.selector
    if selector is None or selector.references != operation.kind:
        return None
    named = as_text(sent_members(exchange).get(selector.name))
    returned = as_text(Answer(contract, operation, exchange).id)
    if named is None or returned is None or named == returned:
        return None
    return business_of(exchange.identity or ""), operation.kind, returned


# --- changes that show in other objects ---


def changed_others(
    contract: Contract, sightings: Iterable[Sighting], by_id: Mapping[str, Exchange]
) -> str:
    """The words for a cause whose changes all show in objects that they do not name; else empty."""
    shown = [sighting for sighting in sightings if sighting.own_key.rule == SHOWN]
    if shown and all(_changed_another(contract, sighting, by_id) for sighting in shown):
        return "other objects"
    return ""


def _changed_another(contract: Contract, sighting: Sighting, by_id: Mapping[str, Exchange]) -> bool:
    """Whether the first exchange, a change, is on another object than the missing value.

    A write sent this value; the finding names the write.
    """
    sent_by = _SENT_BY.search(sighting.finding.expected)
    change = by_id.get(sighting.exchange_ids[0]) if sighting.exchange_ids else None
    writer = by_id.get(sent_by[1]) if sent_by is not None else None
    if change is None or writer is None:
        return False
    changed, written = object_of(contract, change), _written(contract, writer)
    return changed is not None and written is not None and changed != written


def _written(contract: Contract, write: Exchange) -> str | None:
    """The id of the object that a write selects or returns; None if neither shows one."""
    answer = answer_of(contract, write)
    return object_of(contract, write) or (None if answer is None else as_text(answer.id))
