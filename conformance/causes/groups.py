"""Groups findings by their keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from conformance.causes.finding_key import ERROR, FAULT, Key
from conformance.causes.settling import settled
from conformance.causes.sightings import Sighting, sightings_of
from conformance.causes.stored_values import stored_values
from conformance.model import Cell, Contract, Exchange, Finding, id_of_cause


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
    origin: str = ""  # the exchange that stored the odd value that the others fail on

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

    @property
    def id(self) -> str:
        """The id of the cause: that of its key, with the operation if there is only one."""
        cells = [cell for part in self.whole() for cell in part.cells.values()]
        return id_of_cause(self.key.id, [cell.operation for cell in cells])

    @property
    def refusable(self) -> list[str]:
        """The exchanges that show it by the status of the response."""
        of_status = [one for one in self.sightings if one.finding.where == "status"]
        return list(dict.fromkeys(name for one in of_status for name in one.names))

    def whole(self) -> Iterator[Group]:
        """The group, and all groups folded into it."""
        yield self
        for group in self.folded:
            yield from group.whole()


def groups_of(
    contract: Contract, cells: Iterable[Cell], exchanges: Mapping[str, Exchange]
) -> list[Group]:
    """The findings of broken cells grouped by their settled keys, in run order."""
    groups: dict[Key, Group] = {}
    seen = list(sightings_of(cells, exchanges))
    stored = stored_values(contract, exchanges) if any(_is_fault(one) for one in seen) else {}
    for one, key in settled(contract, seen, exchanges, stored):
        group = groups.setdefault(key, Group(key))
        _add(group, one)
        value = stored.get(one.names[-1]) if one.names else None
        if value is not None and key.rule == FAULT:
            group.origin = value.origin
            group.exchanges[value.origin] = None
    return list(groups.values())


def _is_fault(one: Sighting) -> bool:
    """Whether a sighting is of a server fault."""
    return one.key.rule == FAULT


def _add(group: Group, one: Sighting) -> None:
    group.sightings.append(one)
    if group.key.rule == ERROR or one.key.rule != ERROR:  # others only come along
        group.findings.setdefault(one.finding.clause, one.finding)
    group.cells[one.cell.name] = one.cell
    group.operations[one.cell.operation] = None
    group.exchanges.update(dict.fromkeys(one.names))
