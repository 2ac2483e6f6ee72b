"""Finds what follows from lists that lose items: they lack the objects of writes, too.

A list that loses items without a filter also loses them with one, so the filter does not matter.
One that returns the same items again whatever the cursor repeats all of them.
One that is out of order also shows a changed object in a wrong place.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from conformance.base.values import picked
from conformance.causes.finding_key import FILTERED, OF_WALKS, PAGE, Key
from conformance.causes.sightings import Settled, Sighting
from conformance.causes.stored_values import object_of
from conformance.model import Contract, Exchange

LISTED, COMPLETE = "create.listed", "paging.complete"
"""Rules that find that a list lacks a new object, and that a walk lacks an item."""
REFUSED_VALID = "success.status"
"""The rule that finds a valid request refused."""
MATCHES = "paging.matches"
"""The rule that finds an object with a filter that excludes it, or not with one that it matches."""
EMPTY, PROMISED = "tenant.empty", "paging.more-true"
"""Rules about lists without items, and about the end of a list that says that more follow."""
ORDER, UPDATE_ALONE, IN_PLACE = "paging.order", "update.alone", "belongs"
"""The rule that finds a list out of order, the one that compares an object before and after a
change, and the end of what it expects of the place of the object in a list."""
OF_OTHERS = ".others"
"""The end of the rules that find other objects gone after a write."""
OF_REPEATED = ("paging.exclusive", ORDER)
"""The rules that find items in two pages of a walk, and pages in a wrong order."""
SAME_ITEMS = re.compile(r"the same ([2-9]|\d{2,}) items again")
"""What a finding says of a page that comes again."""
WHOSE = "whose "
"""What follows the id of an object that a filter does not find, before the member of the filter."""
LOOKED_FOR = ("which was just created", "which was only changed", "which was not deleted", WHOSE)
"""What follows the id of a missing object in a finding."""

Uses = Mapping[str, list[tuple[int, bool]]]
"""By id of an object, its successful requests: place in the log, and whether it is a read."""


def join_filtered_walks(with_keys: Settled) -> Settled:
    """Remove the flaw of walks with a filter if walks of the same list also fail without one."""
    failing_without_filter = {
        sighting.cell.operation
        for sighting, key in with_keys
        if key.rule in OF_WALKS and key.flaw != FILTERED
    }

    def settled_key(sighting: Sighting, key: Key) -> Key:
        if key.flaw == FILTERED and sighting.cell.operation in failing_without_filter:
            return replace(key, flaw="")
        return key

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]


def join_unfound_matches(with_keys: Settled, exchanges: Mapping[str, Exchange]) -> Settled:
    """Give an object that a filter does not find the key of walks with that filter.

    This applies only if these walks lose items.
    """
    losing: dict[tuple[str, str], Key] = {}  # by operation, and by parameter of the filter
    for sighting, key in with_keys:
        if key.rule == COMPLETE and key.flaw == FILTERED:
            for parameter in _filters_of(sighting, exchanges):
                losing[sighting.cell.operation, parameter] = key

    def settled_key(sighting: Sighting, key: Key) -> Key:
        if key.rule == MATCHES and WHOSE in sighting.finding.expected:
            for parameter in _filters_of(sighting, exchanges):
                key = losing.get((sighting.cell.operation, parameter), key)
        return key

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]


def _filters_of(sighting: Sighting, exchanges: Mapping[str, Exchange]) -> Iterable[str]:
    """The filter parameters of the request that a sighting is on."""
    exchange = exchanges.get(sighting.shown_by)
    return exchange.facts.filters if exchange is not None else ()


def join_repeated_pages(with_keys: Settled) -> Settled:
    """If a list ignores cursors, give its repeated items the key of its repeated pages.

    Pages in a wrong order get that key, too, because a repeated page does not follow its cursor.

    Only repeated pages of several items show that a list ignores cursors. A single item may be the
    one at the cursor, which the list includes again.
    """
    ignoring = {
        sighting.cell.operation: key
        for sighting, key in with_keys
        if key.rule == PAGE and SAME_ITEMS.match(sighting.finding.actual)
    }
    return [
        (sighting, ignoring.get(sighting.cell.operation, key) if key.rule in OF_REPEATED else key)
        for sighting, key in with_keys
    ]


def join_moved_items(with_keys: Settled, exchanges: Mapping[str, Exchange]) -> Settled:
    """Give an object in a wrong place after a write the key of its list that is out of order.

    Such a list may be sorted by the time of the last change. Its first page may also lack objects
    that it showed before the write.
    """
    out_of_order = {
        sighting.cell.operation: key for sighting, key in with_keys if key.rule == ORDER
    }

    def settled_key(sighting: Sighting, key: Key) -> Key:
        page = exchanges.get(sighting.shown_by)
        is_misplaced = key.rule == UPDATE_ALONE and sighting.finding.expected.endswith(IN_PLACE)
        if page is None or not (is_misplaced or key.rule.endswith(OF_OTHERS)):
            return key
        return out_of_order.get(page.operation, key)

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]


def join_empty_lists(with_keys: Settled) -> Settled:
    """Give an empty list that says that more follows the key of a last page that says so, too."""
    promising = {
        sighting.cell.operation: key for sighting, key in with_keys if key.rule == PROMISED
    }

    def settled_key(sighting: Sighting, key: Key) -> Key:
        promises_more = key.rule == EMPTY and sighting.finding.actual == "true"
        return promising.get(sighting.cell.operation, key) if promises_more else key

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]


def join_refused_lists(with_keys: Settled) -> Settled:
    """Give a list that refuses valid requests the key of its refusal of an empty list or a page.

    This applies only if both refusals have the same status and shape.
    """
    refusing: dict[tuple[str, str, str], Key] = {}  # by operation, status and shape
    for sighting, key in with_keys:
        if key.rule in (EMPTY, PAGE) and key.where == "status":
            refusing.setdefault((sighting.cell.operation, key.actual, key.shape), key)

    def settled_key(sighting: Sighting, key: Key) -> Key:
        if key.rule != REFUSED_VALID:
            return key
        return refusing.get((sighting.cell.operation, key.actual, key.shape), key)

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]


def join_lists_that_lose(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """Give sightings on an object that a list lacks the key of that list, if it loses items.

    A list loses items if it lacks new objects. At least one of the objects that it lacks must have
    been read since the object's last change, so that no change can have removed it.
    """
    losing = _keys_of_losing_lists(with_keys, exchanges)
    if not losing:
        return with_keys
    uses = _uses(contract, exchanges)
    places = {exchange_id: place for place, exchange_id in enumerate(exchanges)}
    following = set()  # keys, each with the operation of the write and that of the list
    for sighting, key in with_keys:
        # such as "ID, which was just created"
        name, _, what = sighting.finding.expected.partition(", ")
        look = exchanges.get(sighting.shown_by)
        if (
            look is not None
            and what.startswith(LOOKED_FOR)
            and _was_read_last(uses, name, places[look.id])
        ):
            following.add((key, sighting.cell.operation, look.operation))

    def settled_key(sighting: Sighting, key: Key) -> Key:
        look = exchanges.get(sighting.shown_by)
        if look is None or (key, sighting.cell.operation, look.operation) not in following:
            return key
        return losing.get(look.operation, key)

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]


def _keys_of_losing_lists(with_keys: Settled, exchanges: Mapping[str, Exchange]) -> dict[str, Key]:
    """By operation, the keys of the lists that lack new objects.

    If walks of such a list lose items, it is the key of these walks. Otherwise, it is the key of
    the new objects. Keys with a flaw, such as a filter, do not count.
    """
    found: dict[str, dict[str, Key]] = {LISTED: {}, COMPLETE: {}}  # by rule, keys by operation
    for sighting, key in with_keys:
        if key.rule in found and not key.flaw and sighting.shown_by in exchanges:
            found[key.rule][exchanges[sighting.shown_by].operation] = key
    return found[LISTED] | picked(found[COMPLETE], found[LISTED])


def _uses(contract: Contract, exchanges: Mapping[str, Exchange]) -> Uses:
    """The successful requests that select an object, by its id."""
    uses: dict[str, list[tuple[int, bool]]] = defaultdict(list)
    for place, exchange in enumerate(exchanges.values()):
        name = object_of(contract, exchange) if exchange.ok else None
        if name:
            is_read = contract.operations[exchange.operation].action == "read"
            uses[name].append((place, is_read))
    return uses


def _was_read_last(uses: Uses, name: str, place: int) -> bool:
    """Whether the last successful request for an object before a place in the log was a read."""
    of_object = uses.get(name, [])
    number_before = bisect(of_object, (place, False))
    if number_before == 0:
        return False
    _, is_read = of_object[number_before - 1]
    return is_read
