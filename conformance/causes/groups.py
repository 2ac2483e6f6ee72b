"""Groups findings by their keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from conformance.causes.finding_key import FAULT, Key, is_fault, key_of
from conformance.model import BROKEN, Cell, Exchange, Finding

NO_KEY, OF_KEYS = "auth.missing", ("auth.", "scope.refused", "tenant.object")
"""The rule that finds an operation open without a key, and the rules such an operation breaks."""
FEW_OPEN = 10
"""Up to this many open operations are separate oversights. More share a single mistake."""


@dataclass(eq=False)
class Group:
    """The findings with one key: cells, operations and exchanges, each in run order."""

    key: Key
    findings: dict[str, Finding] = field(default_factory=dict)  # the first of each clause
    cells: dict[str, Cell] = field(default_factory=dict)
    operations: dict[str, None] = field(default_factory=dict)
    exchanges: dict[str, None] = field(default_factory=dict)
    sightings: list[Sighting] = field(default_factory=list)
    folded: list[Group] = field(default_factory=list)

    @property
    def finding(self) -> Finding:
        """The first finding of the clause with the most cells.

        For a server fault, a clause that expected a success takes precedence, because a plain
        request shows it.
        """
        cells = Counter(cell.clause for cell in self.cells.values())

        def telling(clause: str) -> tuple[bool, int]:
            plain = self.key.rule == FAULT and self.findings[clause].expected.startswith("2")
            return plain, cells[clause]

        return self.findings[max(self.findings, key=telling)]

    def whole(self) -> Iterator[Group]:
        """The group, and all groups folded into it."""
        yield self
        for group in self.folded:
            yield from group.whole()


@dataclass(frozen=True, eq=False)
class Sighting:
    """A finding of a cell as shown by some exchanges, with its own key."""

    cell: Cell
    finding: Finding
    names: tuple[str, ...]
    key: Key


def groups_of(cells: Iterable[Cell], exchanges: Mapping[str, Exchange]) -> list[Group]:
    """The findings of broken cells grouped by key, in run order.

    If an operation always fails, the failure does not depend on the request. If it is one of a few
    operations open without a key, its other key findings are part of the same cause.
    """
    groups: dict[Key, Group] = {}
    failing = _always_failing(exchanges.values())
    seen = list(sightings_of(cells, exchanges))
    opened = {one.cell.operation: one.key for one in seen if one.key.rule == NO_KEY}
    if len(opened) > FEW_OPEN:
        opened.clear()
    for one in seen:
        operation, key = one.cell.operation, one.key
        if key.rule == FAULT and operation in failing:
            key = replace(key, flaw="")
        if key.rule.startswith(OF_KEYS):
            key = opened.get(operation, key)
        _add(groups.setdefault(key, Group(key)), one)
    return list(groups.values())


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


def _add(group: Group, one: Sighting) -> None:
    group.sightings.append(one)
    group.findings.setdefault(one.finding.clause, one.finding)
    group.cells[one.cell.name] = one.cell
    group.operations[one.cell.operation] = None
    group.exchanges.update(dict.fromkeys(one.names))


def _always_failing(exchanges: Iterable[Exchange]) -> set[str]:
    """The operations whose responses are all server faults."""
    failing: set[str] = set()
    working: set[str] = set()
    for exchange in exchanges:
        if exchange.status:
            found = failing if is_fault(exchange.status) else working
            found.add(exchange.operation)
    return failing - working
