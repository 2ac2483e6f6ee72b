"""Finds what follows from lists that lose items: they lack the objects of writes, too.

A list that loses items without a filter also loses them with one, so the filter does not matter.
One that returns the same items again whatever the cursor repeats all of them.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from conformance.base.values import picked
from conformance.causes.finding_key import FILTERED, OF_WALKS, PAGE, Key
from conformance.causes.sightings import Settled, Sighting
from conformance.causes.stored_values import object_of
from conformance.model import Contract, Exchange

LISTED, COMPLETE = "create.listed", "paging.complete"
"""Rules that find a list without a new object, and a walk without an item that it should have."""
EMPTY, PROMISED = "tenant.empty", "paging.more-true"
"""Rules about lists without items, and about the end of a list that says that more follow."""
REPEATED = "paging.exclusive"
"""The rule that finds items in two pages of a walk."""
SAME_ITEMS = re.compile(r"the same ([2-9]|\d{2,}) items again")
"""What a finding says of a page that comes again."""
LOOKED_FOR = ("which was just created", "which was only changed", "which was not deleted")
"""What a finding says of an object that a list lacks, behind its id."""

Uses = Mapping[str, list[tuple[int, bool]]]
"""By id, the requests for an object that succeeded: place in the log, and whether it was a read."""


def without_filters(with_keys: Settled) -> Settled:
    """The sightings; a walk with a filter counts as one without if those of its list fail, too."""
    plain = {
        one.cell.operation
        for one, key in with_keys
        if key.rule in OF_WALKS and key.flaw != FILTERED
    }
    return [
        (one, replace(key, flaw=""))
        if key.flaw == FILTERED and one.cell.operation in plain
        else (one, key)
        for one, key in with_keys
    ]


def without_cursors(with_keys: Settled) -> Settled:
    """The sightings; items that a list repeats have the key of a page that it returns again.

    A page of one item may come again because the list includes the item that the cursor is of.
    """
    ignoring = {
        one.cell.operation: key
        for one, key in with_keys
        if key.rule == PAGE and SAME_ITEMS.match(one.finding.actual)
    }
    return [
        (one, ignoring.get(one.cell.operation, key) if key.rule == REPEATED else key)
        for one, key in with_keys
    ]


def without_empty_lists(with_keys: Settled) -> Settled:
    """The sightings; an empty list and a last page that promise more have the same cause."""
    promising = {one.cell.operation: key for one, key in with_keys if key.rule == PROMISED}

    def settled_key(one: Sighting, key: Key) -> Key:
        promises_more = key.rule == EMPTY and one.finding.actual == "true"
        return promising.get(one.cell.operation, key) if promises_more else key

    return [(one, settled_key(one, key)) for one, key in with_keys]


def with_lists_that_lose(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """The sightings; one on an object that a list lacks has the key of that list, if it loses any.

    That is so if the list lacks objects that were only created, and if such an object was read
    since its last change, so that no change has removed it.
    """
    losing = _losing(with_keys, exchanges)
    if not losing:
        return with_keys
    uses = _uses(contract, exchanges)
    places = {name: place for place, name in enumerate(exchanges)}
    following = set()  # keys, each with the operation of the write and that of the list
    for one, key in with_keys:
        name, _, what = one.finding.expected.partition(", ")
        look = exchanges.get(one.shown_by)
        if look is not None and what in LOOKED_FOR and _is_there(uses, name, places[look.id]):
            following.add((key, one.cell.operation, look.operation))

    def settled_key(one: Sighting, key: Key) -> Key:
        look = exchanges.get(one.shown_by)
        if look is None or (key, one.cell.operation, look.operation) not in following:
            return key
        return losing.get(look.operation, key)

    return [(one, settled_key(one, key)) for one, key in with_keys]


def _losing(with_keys: Settled, exchanges: Mapping[str, Exchange]) -> dict[str, Key]:
    """The lists without new objects, each with the key of its walks if these lose items, too."""
    found: dict[str, dict[str, Key]] = {LISTED: {}, COMPLETE: {}}
    for one, key in with_keys:
        if key.rule in found and not key.flaw and one.shown_by in exchanges:
            found[key.rule][exchanges[one.shown_by].operation] = key
    return found[LISTED] | picked(found[COMPLETE], found[LISTED])


def _uses(contract: Contract, exchanges: Mapping[str, Exchange]) -> Uses:
    """The successful requests that name an object to work on."""
    uses: dict[str, list[tuple[int, bool]]] = defaultdict(list)
    for place, exchange in enumerate(exchanges.values()):
        name = object_of(contract, exchange) if exchange.ok else None
        if name:
            is_read = contract.operations[exchange.operation].action == "read"
            uses[name].append((place, is_read))
    return uses


def _is_there(uses: Uses, name: str, place: int) -> bool:
    """Whether an object was read before a place in the log, and not changed between."""
    of_object = uses.get(name, [])
    before = bisect(of_object, (place, False))
    return before > 0 and of_object[before - 1][1]
