"""Finds what only follows from a change that works on another object than the one it names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from conformance.base.values import as_text
from conformance.causes.finding_key import ANOTHER, OBJECTS, TAKEN, UNKNOWN, Key
from conformance.causes.sightings import Settled, Sighting
from conformance.model import Business, Contract, Exchange, business_of
from conformance.reading import Answer, members_of, sent_members

OF_CHANGES = ("update.read-back", "update.shown")
"""The rules that find that an object does not show what a change sent."""
OF_ANY_ID = (UNKNOWN, OBJECTS, "delete.gone")
"""The rules that find that a request succeeds for an id that it must refuse."""
SHOWING = ("list", "read", "create")
"""The actions whose successes show objects by their ids."""

Place = tuple[Business | None, str, str]
"""The business that an object was shown to, its kind, and its id as text."""


def of_other_objects(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """A change has no effect on its object, or succeeds for any id, because it works on another."""
    changes = _changes_of_others(contract, exchanges.values())

    def follows(one: Sighting, key: Key) -> bool:
        is_of_any_id = key.rule in OF_ANY_ID and key.actual == TAKEN
        is_about_change = is_of_any_id or key.rule.startswith("update.")
        return is_about_change and not changes[one.cell.operation].isdisjoint(one.names)

    leads: dict[str, Key] = {}  # by operation
    for rule in OF_CHANGES:
        for one, key in with_keys:
            if key.rule == rule and follows(one, key):
                leads.setdefault(one.cell.operation, Key(rule, "/", flaw=ANOTHER))
    return [
        (one, leads.get(one.cell.operation, key) if follows(one, key) else key)
        for one, key in with_keys
    ]


def _changes_of_others(
    contract: Contract, exchanges: Iterable[Exchange]
) -> defaultdict[str, set[str]]:
    """The ids of accepted changes that return another object than they name, by operation.

    What they return is an object only if something else shows its id to the same business.
    """
    log = list(exchanges)
    changes: defaultdict[str, set[str]] = defaultdict(set)
    returned = [(each, _returned(contract, each)) for each in log]
    if all(place is None for _, place in returned):
        return changes
    shown = set(_shown(contract, log))
    for exchange, place in returned:
        if place in shown:
            changes[exchange.operation].add(exchange.id)
    return changes


def _shown(contract: Contract, log: Iterable[Exchange]) -> Iterator[Place]:
    """The objects that lists, reads and creations show."""
    for exchange in log:
        operation = contract.operations.get(exchange.operation)
        if operation is None or not exchange.ok or operation.action not in SHOWING:
            continue
        answer = Answer(contract, operation, exchange)
        name = contract.identifier_of(operation.kind)
        for row in answer.rows if operation.paging else [members_of(answer.object)]:
            yield business_of(exchange.identity or ""), operation.kind, str(row.get(name))


def _returned(contract: Contract, exchange: Exchange) -> Place | None:
    """What an accepted change returns, if that is not the object that it names."""
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
