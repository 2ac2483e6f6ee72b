"""Decides which cases of a run may overlap."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from conformance.model import HARMLESS, WHOLE_API, Case, Contract, Effect
from conformance.plan.registry import registered

WRITES_AT_A_TIME = 2
"""Cases that write and usually overlap. Those that write objects of one kind never do."""


@dataclass(frozen=True)
class Lane:
    """What a case may overlap with: cases of the same ``stage`` that write objects of other kinds.

    A case without a stage runs alone. ``kind`` is that of the objects it works on, and ``linked``
    has the kinds of those it only creates to name them. ``harmless`` cases change nothing.
    """

    stage: str | None
    kind: str | None = None
    harmless: bool = False
    linked: frozenset[str] = frozenset()

    @property
    def written(self) -> frozenset[str]:
        """The kinds of the objects that the case writes."""
        return self.linked if self.kind is None else self.linked | {self.kind}

    def may_overlap(self, other: Lane) -> bool:
        """Whether two cases may run at the same time."""
        if self.stage is None or self.stage != other.stage:
            return False
        return self.written.isdisjoint(other.written)

    def usual_overlap(self, workers: int) -> int:
        """The number of cases that usually run at the same time as a case, including itself."""
        if self.stage is None:
            return 1
        return workers if self.harmless else min(workers, WRITES_AT_A_TIME)


def lanes(contract: Contract, cases: Iterable[Case]) -> dict[str, Lane]:
    """The lane of each of some cases, by id."""
    return {case.id: _lane(contract, case) for case in cases}


def _lane(contract: Contract, case: Case) -> Lane:
    """The lane of a case: that of its phase if it changes nothing, else that of writes of a kind.

    A case of a scenario that runs alone has no stage. A read with a rate limit counts as a write,
    because other cases would use up its limit.
    """
    scenario, operation = registered(case.scenario), contract.operations.get(case.operation)
    only_reads = operation is None or (operation.effect is Effect.READ and operation.rate is None)
    harmless = case.effect in HARMLESS and only_reads
    if scenario.alone:
        return Lane(None, harmless=harmless)
    if harmless:
        return Lane(f"phase {scenario.phase}", harmless=True)
    if operation is None:
        return Lane("writes", WHOLE_API)
    linked: set[str] = set()
    if contract.takes_from_pool(operation):
        linked = {member.references for member in operation.body if member.references}
    return Lane("writes", operation.kind, linked=frozenset(linked))
