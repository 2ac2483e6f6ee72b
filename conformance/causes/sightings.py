"""Sightings: the findings of broken cells, each with the exchanges that show it, and its key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from conformance.causes.finding_key import Key, key_of
from conformance.model import BROKEN, Cell, Exchange, Finding


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


def sightings_of(cells: Iterable[Cell], exchanges: Mapping[str, Exchange]) -> Iterator[Sighting]:
    """The findings of broken cells, as sightings.

    A finding that each of its exchanges shows on its own is one sighting for each of them.
    """
    for cell in cells:
        if cell.verdict not in BROKEN:
            continue
        for finding in cell.findings:
            shown_together = [finding.exchanges]
            if finding.apart:
                shown_together = [(exchange_id,) for exchange_id in finding.exchanges]
            for ids in shown_together:
                shown_by = [exchanges[each] for each in ids if each in exchanges]
                cases = frozenset(exchange.case for exchange in shown_by)
                yield Sighting(cell, finding, ids, cases, key_of(finding, shown_by))
