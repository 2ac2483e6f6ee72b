"""Sightings: the findings of broken cells, each with the exchanges that show it, and its key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from conformance.causes.finding_key import Key, key_of
from conformance.model import BROKEN, Cell, Exchange, Finding


@dataclass(frozen=True, eq=False)
class Sighting:
    """A finding of a cell as shown by some exchanges, with its own key."""

    cell: Cell
    finding: Finding
    names: tuple[str, ...]
    key: Key

    @property
    def shown_by(self) -> str:
        """The id of the exchange that shows it, the last of several; empty if there is none."""
        return self.names[-1] if self.names else ""


Settled = list[tuple[Sighting, Key]]
"""Sightings with their keys, in run order."""


def sightings_of(cells: Iterable[Cell], exchanges: Mapping[str, Exchange]) -> Iterator[Sighting]:
    """The findings of broken cells. A finding seen apart occurs once for each of its exchanges."""
    for cell in cells:
        if cell.verdict not in BROKEN:
            continue
        for finding in cell.findings:
            together = [finding.exchanges]
            alone = [(name,) for name in finding.exchanges]
            for names in alone if finding.apart else together:
                shown_by = [exchanges[name] for name in names if name in exchanges]
                yield Sighting(cell, finding, names, key_of(finding, shown_by))
