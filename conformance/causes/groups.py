"""Groups findings by their keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from conformance.causes.finding_key import FAULT, FILTERED, RECIPE, Key
from conformance.causes.settling import with_settled_keys
from conformance.causes.sightings import Sighting, sightings_of
from conformance.causes.stored_values import is_garbled, stored_values
from conformance.model import Cell, Contract, Exchange, Finding, id_of_cause

LIMITED = "429"
"""The beginning of what is expected of a request beyond a rate limit."""
VAGUE = ("one of ", "4xx")
"""The beginnings of what is expected if any listed status will do, or any refusal."""


@dataclass(eq=False)
class Group:
    """The findings with one key: cells, operations and exchanges, each by id and in run order."""

    key: Key
    findings: dict[str, Finding] = field(default_factory=dict)  # by clause, the first of each
    exact: set[str] = field(default_factory=set)  # clauses with a finding whose own key is ``key``
    cells: dict[str, Cell] = field(default_factory=dict)
    operations: dict[str, None] = field(default_factory=dict)
    exchanges: dict[str, None] = field(default_factory=dict)
    sightings: list[Sighting] = field(default_factory=list)
    folded: list[Group] = field(default_factory=list)
    origin: str = ""  # id of the exchange that stored the odd value on which the others fail

    @property
    def finding(self) -> Finding:
        """The finding of the clause with the most cells, with all its exchanges in the group.

        But for a server fault, clauses that expected a success come first, because a plain request
        shows the fault. Clauses that expected a refusal by the rate limit come next. Of all others,
        those that expected one status come before those that expected any of several, unless only
        a recipe of the target file says so.
        """
        cells = Counter(cell.clause for cell in self.cells.values())

        def precedence(clause: str) -> tuple[bool, bool, bool, int]:
            expected = self.findings[clause].expected
            status = expected if self.key.rule == FAULT else ""
            is_recipe = self.findings[clause].rule == RECIPE
            is_exact = not expected.startswith(VAGUE) and not is_recipe
            return status.startswith("2"), status.startswith(LIMITED), is_exact, cells[clause]

        finding = self.findings[max(self.findings, key=precedence)]
        own = [sighting.exchange_ids for sighting in self.sightings if sighting.finding is finding]
        return replace(finding, exchanges=tuple(dict.fromkeys(chain.from_iterable(own))))

    @property
    def id(self) -> str:
        """The id of the cause: that of its key, with the operation if there is only one."""
        return id_of_cause(self.key.id, self.own_operations)

    @property
    def cases(self) -> set[str]:
        """The cases that show the findings."""
        return {case for sighting in self.sightings for case in sighting.cases}

    @property
    def is_filtered(self) -> bool:
        """Whether only requests with a filter show the findings."""
        return all(sighting.own_key.flaw == FILTERED for sighting in self.sightings)

    @property
    def own_operations(self) -> list[str]:
        """The operations whose sightings break the rule of their group: this or a folded one."""
        own = [
            sighting
            for part in self.parts()
            for sighting in part.sightings
            if part.is_own(sighting)
        ]
        return list(dict.fromkeys(sighting.cell.operation for sighting in own))

    def is_own(self, sighting: Sighting) -> bool:
        """Whether a sighting breaks the rule of the group. Any other one only follows from it."""
        return self.key.rule == sighting.own_key.rule

    def due_refusals(self, exchanges: Mapping[str, Exchange]) -> list[Exchange]:
        """The requests of the group that had to be refused, and got another status."""
        of_status = [
            sighting
            for sighting in self.sightings
            if sighting.finding.where == "status" and not sighting.finding.expected.startswith("2")
        ]
        names = dict.fromkeys(name for sighting in of_status for name in sighting.exchange_ids)
        return [exchanges[name] for name in names if name in exchanges]

    def parts(self) -> Iterator[Group]:
        """The group itself and all groups folded into it, at any level."""
        yield self
        for group in self.folded:
            yield from group.parts()


def groups_of(
    contract: Contract, cells: Iterable[Cell], exchanges: Mapping[str, Exchange]
) -> list[Group]:
    """The findings of broken cells grouped by their settled keys, in run order.

    If a stored odd value makes an exchange fail, the group has the write that stored it as origin.
    """
    groups: dict[Key, Group] = {}
    sightings = sightings_of(cells, exchanges)
    if not sightings:
        return []
    stored = stored_values(contract, exchanges)
    with_keys = with_settled_keys(contract, sightings, exchanges, stored)
    keys_of_causes = {key for sighting, key in with_keys if sighting.own_key.rule == key.rule}
    for sighting, settled_key in with_keys:
        # whatever explained the sighting may itself have got another key; then the own key counts
        key = settled_key if settled_key in keys_of_causes else sighting.own_key
        group = groups.setdefault(key, Group(key))
        _add(group, sighting)
        # an odd value that was stored earlier may be what makes the exchange fail
        has_stored_flaw = sighting.shown_by in stored and stored[sighting.shown_by].flaw == key.flaw
        if has_stored_flaw and (key.rule == FAULT or is_garbled(exchanges[sighting.shown_by])):
            group.origin = stored[sighting.shown_by].origin
            group.exchanges[group.origin] = None
    return list(groups.values())


def _add(group: Group, sighting: Sighting) -> None:
    """Add a sighting to a group.

    Of each clause, ``findings`` keeps the first finding whose own key is exactly that of the group,
    except for the kind, which no own key has. Without such a finding, it keeps the first one that
    breaks the rule of the group.
    """
    group.sightings.append(sighting)
    if group.is_own(sighting):
        clause, is_exact = sighting.finding.clause, sighting.own_key == replace(group.key, kind="")
        if clause not in group.findings or (is_exact and clause not in group.exact):
            group.findings[clause] = sighting.finding
        if is_exact:
            group.exact.add(clause)
    group.cells[sighting.cell.name] = sighting.cell
    group.operations[sighting.cell.operation] = None
    group.exchanges.update(dict.fromkeys(sighting.exchange_ids))
