"""Findings put together by what they have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import filterfalse
from operator import attrgetter

from conformance.causes.keys import FAULT, Key, is_fault, key_of
from conformance.model import BROKEN, Cell, Exchange, Finding


@dataclass(eq=False)
class Group:
    """The findings of one key: cells, operations and exchanges, each in the order of the run."""

    key: Key
    findings: dict[str, Finding] = field(default_factory=dict)  # the first of each clause
    cells: dict[str, Cell] = field(default_factory=dict)
    operations: dict[str, None] = field(default_factory=dict)
    exchanges: dict[str, None] = field(default_factory=dict)
    folded: list[Group] = field(default_factory=list)

    @property
    def finding(self) -> Finding:
        """The first finding of the clause that most cells are of.

        Of a fault of the server, rather that of a clause which expected a success: a plain request
        shows it.
        """
        cells = Counter(map(attrgetter("clause"), self.cells.values()))

        def telling(clause: str) -> tuple[bool, int]:
            plain = self.key.rule == FAULT and self.findings[clause].expected.startswith("2")
            return plain, cells[clause]

        return self.findings[max(self.findings, key=telling)]

    def whole(self) -> Iterator[Group]:
        """The group, and all that are folded into it."""
        yield self
        for group in self.folded:
            yield from group.whole()


def groups_of(cells: Iterable[Cell], exchanges: Mapping[str, Exchange]) -> list[Group]:
    """The findings of broken cells by their keys, in the order of the run."""
    groups: dict[Key, Group] = {}
    failing = _always_failing(exchanges.values())
    for cell in cells:
        if cell.verdict in BROKEN:
            for finding in cell.findings:
                _add(groups, cell, finding, exchanges, failing)
    return list(groups.values())


def _always_failing(exchanges: Iterable[Exchange]) -> set[str]:
    """The operations that answer with nothing but faults of the server."""
    answered = list(filter(attrgetter("status"), exchanges))
    working = filterfalse(_failed, answered)
    operation = attrgetter("operation")
    return set(map(operation, answered)).difference(map(operation, working))


def _failed(exchange: Exchange) -> bool:
    return is_fault(exchange.status or 0)


def _add(
    groups: dict[Key, Group],
    cell: Cell,
    finding: Finding,
    exchanges: Mapping[str, Exchange],
    failing: Collection[str],
) -> None:
    """Add a finding to the group of its key; one that was seen apart may belong to several.

    Where an operation always fails, nothing in the requests provokes it.
    """
    sightings = zip(finding.exchanges) if finding.apart else iter([finding.exchanges])
    for names in sightings:
        key = key_of(finding, list(filter(None, map(exchanges.get, names))))
        if key.rule == FAULT and cell.operation in failing:
            key = replace(key, flaw="")
        group = groups.setdefault(key, Group(key))
        group.findings.setdefault(finding.clause, finding)
        group.cells[cell.name] = cell
        group.operations[cell.operation] = None
        group.exchanges.update(dict.fromkeys(names))
