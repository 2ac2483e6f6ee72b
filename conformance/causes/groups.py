"""Groups findings by their keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from conformance.causes.finding_key import FAULT, Key
from conformance.causes.settling import settled
from conformance.causes.sightings import Sighting, sightings_of
from conformance.causes.stored_values import is_garbled, stored_values
from conformance.model import Cell, Contract, Exchange, Finding, id_of_cause

LIMITED = "429"
"""The beginning of what is expected beyond a rate limit."""


@dataclass(eq=False)
class Group:
    """The findings with one key: cells, operations and exchanges, each in run order."""

    key: Key
    findings: dict[str, Finding] = field(default_factory=dict)  # the first of each clause
    exact: set[str] = field(default_factory=set)  # clauses with a finding of the very key
    cells: dict[str, Cell] = field(default_factory=dict)
    operations: dict[str, None] = field(default_factory=dict)
    exchanges: dict[str, None] = field(default_factory=dict)
    sightings: list[Sighting] = field(default_factory=list)
    folded: list[Group] = field(default_factory=list)
    origin: str = ""  # the exchange that stored the odd value that the others fail on

    @property
    def finding(self) -> Finding:
        """The first finding of the clause with the most cells, shown by exchanges of the group.

        For a server fault, a clause that expected a success takes precedence, because a plain
        request shows it, and then one that expected a limit.
        """
        cells = Counter(cell.clause for cell in self.cells.values())

        def telling(clause: str) -> tuple[bool, bool, int]:
            expected = self.findings[clause].expected if self.key.rule == FAULT else ""
            return expected.startswith("2"), expected.startswith(LIMITED), cells[clause]

        finding = self.findings[max(self.findings, key=telling)]
        own = [one.names for one in self.sightings if one.finding is finding]
        return replace(finding, exchanges=tuple(dict.fromkeys(chain.from_iterable(own))))

    @property
    def id(self) -> str:
        """The id of the cause: that of its key, with the operation if there is only one."""
        return id_of_cause(self.key.id, self.own_operations)

    @property
    def own_operations(self) -> list[str]:
        """The operations with a finding of the whole group that does not only follow from it."""
        own = [one for part in self.whole() for one in part.sightings if part.is_own(one)]
        return list(dict.fromkeys(one.cell.operation for one in own))

    def is_own(self, one: Sighting) -> bool:
        """Whether a sighting breaks the rule of the group. Any other one only follows from it."""
        return self.key.rule == one.key.rule

    def of_refusals(self, exchanges: Mapping[str, Exchange]) -> list[Exchange]:
        """Those of some exchanges that show it by a status other than that of a due refusal."""
        of_status = [
            one
            for one in self.sightings
            if one.finding.where == "status" and not one.finding.expected.startswith("2")
        ]
        names = dict.fromkeys(name for one in of_status for name in one.names)
        return [exchanges[name] for name in names if name in exchanges]

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
    if not seen:
        return []
    stored = stored_values(contract, exchanges)
    with_keys = settled(contract, seen, exchanges, stored)
    kept = {key for one, key in with_keys if one.key.rule == key.rule}
    for one, explained in with_keys:
        # the sighting that explains it may have been explained by another one itself
        key = explained if explained in kept else one.key
        group = groups.setdefault(key, Group(key))
        _add(group, one)
        # an odd value that was stored earlier may be what makes the exchange fail
        is_of_stored = one.shown_by in stored and stored[one.shown_by].flaw == key.flaw
        if is_of_stored and (key.rule == FAULT or is_garbled(exchanges[one.shown_by])):
            group.origin = stored[one.shown_by].origin
            group.exchanges[group.origin] = None
    return list(groups.values())


def _add(group: Group, one: Sighting) -> None:
    group.sightings.append(one)
    if group.is_own(one):
        clause, is_exact = one.finding.clause, one.key == replace(group.key, kind="")
        if clause not in group.findings or (is_exact and clause not in group.exact):
            group.findings[clause] = one.finding
        if is_exact:
            group.exact.add(clause)
    group.cells[one.cell.name] = one.cell
    group.operations[one.cell.operation] = None
    group.exchanges.update(dict.fromkeys(one.names))
