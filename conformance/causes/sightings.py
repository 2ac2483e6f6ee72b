"""Sightings: the findings of broken cells, each with the exchanges that show it, and its key.

A list may misread timestamps with a UTC offset, such as 06:50+05:30 for 01:20Z. Then what reads
timestamps is wrong, whichever rule about pages the list breaks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import unquote

from conformance.causes.finding_key import OF_PAGES, Key, key_of
from conformance.model import BROKEN, Cell, Exchange, Finding

OFFSET = "time.offset"
"""Replaces the rule in the key of lists that misread timestamps with an offset."""

_WITH_OFFSET = re.compile(r"=\d{4}-\d\d-\d\dT[\d:.,]+[+-](?!00:?00)\d\d:?\d\d(&|$)")
_IN_UTC = re.compile(r"=\d{4}-\d\d-\d\dT[\d:.,]+(Z|[+-]00:?00)(&|$)")


@dataclass(frozen=True, eq=False)
class Sighting:
    """A finding of a cell as shown by some exchanges, and the key that follows from these alone.

    ``cases`` are those that sent the exchanges.
    """

    cell: Cell
    finding: Finding
    exchange_ids: tuple[str, ...]
    cases: frozenset[str]
    own_key: Key

    @property
    def shown_by(self) -> str:
        """The id of the exchange that shows the finding, the last of several; empty without one."""
        return self.exchange_ids[-1] if self.exchange_ids else ""


Settled = list[tuple[Sighting, Key]]
"""Sightings in run order, each with the key that the rest of the log has given it so far.

Whatever explains a sighting passes its key on to it. So two sightings with one key are one cause,
and a key of a rule other than ``own_key`` is that of the explanation. Each function that "gives" a
key takes such a list and returns a new one.
"""


def sightings_of(cells: Iterable[Cell], exchanges: Mapping[str, Exchange]) -> list[Sighting]:
    """The findings of broken cells, as sightings.

    A finding that each of its exchanges shows on its own is one sighting for each of them.
    """
    sightings = []
    for cell in cells:
        if cell.verdict not in BROKEN:
            continue
        for finding in cell.findings:
            together = [finding.exchanges]
            alone = [(exchange_id,) for exchange_id in finding.exchanges]
            for ids in alone if finding.apart else together:
                shown_by = [exchanges[each] for each in ids if each in exchanges]
                cases = frozenset(exchange.case for exchange in shown_by)
                sightings.append(Sighting(cell, finding, ids, cases, key_of(finding, shown_by)))
    return _with_misread_offsets(sightings, exchanges)


def _with_misread_offsets(
    sightings: list[Sighting], exchanges: Mapping[str, Exchange]
) -> list[Sighting]:
    """Give lists that break rules about pages only for timestamps with an offset one key.

    A list that breaks the same rule for other requests, too, keeps its own key. So does a list
    that was never asked for a timestamp in UTC, because then nothing shows that offsets matter.
    """
    of_pages = [each for each in sightings if _is_of_pages(each.own_key)]
    if not of_pages:
        return sightings
    lists = {sighting.cell.operation for sighting in of_pages}
    pages = [each for each in exchanges.values() if each.operation in lists]
    with_offset, asked_in_utc = _timestamps_in(pages)
    broken_without = {
        (sighting.cell.operation, sighting.own_key.rule)
        for sighting in of_pages
        if with_offset.isdisjoint(sighting.exchange_ids)
    }

    def settled(sighting: Sighting) -> Sighting:
        operation, key = sighting.cell.operation, sighting.own_key
        if not _is_of_pages(key) or operation not in asked_in_utc:
            return sighting
        is_broken_without = (operation, key.rule) in broken_without
        return sighting if is_broken_without else replace(sighting, own_key=Key(OFFSET))

    return [settled(sighting) for sighting in sightings]


def _timestamps_in(exchanges: Iterable[Exchange]) -> tuple[set[str], set[str]]:
    """The ids of the requests for a timestamp with an offset, and the operations asked in UTC."""
    with_offset, asked_in_utc = set(), set()
    for exchange in exchanges:
        _, _, query = exchange.request.url.partition("?")
        query = unquote(query) if "T" in query else ""  # every timestamp has one
        if _WITH_OFFSET.search(query):
            with_offset.add(exchange.id)
        if _IN_UTC.search(query):
            asked_in_utc.add(exchange.operation)
    return with_offset, asked_in_utc


def _is_of_pages(key: Key) -> bool:
    """Whether a key is that of a wrong page, rather than of a page that is refused."""
    return key.rule.startswith(OF_PAGES) and key.where != "status"
