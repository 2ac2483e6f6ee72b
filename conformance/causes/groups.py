"""Findings put together by what they have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from conformance.causes.keys import Key, key_of
from conformance.model import BROKEN, Cell, Exchange, Finding


@dataclass(eq=False)
class Group:
    """The findings of one key: cells, operations and exchanges, each in the order of the run."""

    key: Key
    finding: Finding
    cells: dict[str, Cell] = field(default_factory=dict)
    operations: dict[str, None] = field(default_factory=dict)
    exchanges: dict[str, None] = field(default_factory=dict)
    folded: list[Group] = field(default_factory=list)

    def whole(self) -> Iterator[Group]:
        """The group, and all that are folded into it."""
        yield self
        for group in self.folded:
            yield from group.whole()


def groups_of(cells: Iterable[Cell], exchanges: Mapping[str, Exchange]) -> list[Group]:
    """The findings of broken cells by their keys, in the order of the run."""
    groups: dict[Key, Group] = {}
    for cell in cells:
        if cell.verdict in BROKEN:
            for finding in cell.findings:
                _add(groups, cell, finding, exchanges)
    return list(groups.values())


def _add(
    groups: dict[Key, Group], cell: Cell, finding: Finding, exchanges: Mapping[str, Exchange]
) -> None:
    """Add a finding to the group of its key; one that was seen apart may belong to several."""
    sightings = zip(finding.exchanges) if finding.apart else iter([finding.exchanges])
    for names in sightings:
        key = key_of(finding, list(filter(None, map(exchanges.get, names))))
        group = groups.setdefault(key, Group(key, finding))
        group.cells[cell.name] = cell
        group.operations[cell.operation] = None
        group.exchanges.update(dict.fromkeys(names))
