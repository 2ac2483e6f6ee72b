"""The judgement side of the model: planned cases, findings, cells, and the finished run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from conformance.model.contract import Contract, Effect, Json, Level
from conformance.model.evidence import Exchange
from conformance.model.target import Declaration


class Verdict(StrEnum):
    """Verdicts of a cell, worst first."""

    FAILED = "failed"
    ERROR = "error"
    WAIVED = "waived"
    WARNED = "warned"
    UNTESTED = "untested"
    PASSED = "passed"
    INAPPLICABLE = "inapplicable"

    @property
    def rank(self) -> int:
        """Place in the order of severity; 0 is the worst."""
        return list(Verdict).index(self)


def worst(verdicts: Iterable[Verdict]) -> Verdict | None:
    """The worst of some verdicts, or None where there are none."""
    return min(verdicts, key=lambda verdict: verdict.rank, default=None)


@dataclass(frozen=True)
class Finding:
    """One observed departure from a clause."""

    clause: str
    operation: str
    rule: str
    where: str  # "status", a header name, or a JSON pointer into the body
    expected: str
    actual: str
    exchanges: tuple[str, ...]
    level: Level = Level.MUST


@dataclass(frozen=True)
class Cell:
    """A clause on an operation, with its verdict and what it rests on."""

    clause: str
    operation: str
    verdict: Verdict
    exchanges: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[Finding, ...] = ()
    reasons: tuple[str, ...] = ()  # why untested or error, and what to provide
    waiver: str | None = None

    @property
    def name(self) -> str:
        """The unique name of the cell in every report."""
        return f"{self.clause}[{self.operation}]"


RENAMED_RULES = {"paging.empty": "tenant.empty"}
"""Rule ids of earlier versions, with today's; stored runs may hold the old ones."""


@dataclass(frozen=True)
class Params:
    """What a scenario decides for one of its cases when it plans it; a scenario has its own kind."""


@dataclass(frozen=True)
class Case:
    """One planned run of a scenario: an operation, a variant, and the rules that it feeds.

    ``gap`` says why it cannot run and what to provide; ``cost`` is the usual number of requests.
    """

    id: str
    scenario: str
    operation: str
    variant: str
    rules: tuple[str, ...]
    effect: Effect
    cost: int = 2
    about: str | None = None  # the code that the case is about
    params: Params | Mapping[str, Json] = field(default_factory=dict)  # a mapping when read back
    gap: str | None = None
    quick: bool = False  # runs in a quick run, whatever clause it feeds
    optional: bool = False  # more depth where it can run; its gap leaves no cell untested


@dataclass(frozen=True)
class Run:
    """A finished run: everything that a report may show. Holds no secret."""

    contract: Contract
    suite: str  # version of the suite
    seed: int
    target: Declaration
    started: str  # ISO 8601
    finished: str
    judged_on: str  # date
    incomplete: str | None  # why the run ended early, or None
    cases: tuple[Case, ...]
    cells: tuple[Cell, ...]
    exchanges: tuple[Exchange, ...]
    require_complete: bool = False

    @cached_property
    def counts(self) -> dict[str, int]:
        """Cells by verdict, all seven, worst first."""
        return {
            verdict.value: sum(cell.verdict is verdict for cell in self.cells)
            for verdict in Verdict
        }

    @cached_property
    def by_clause(self) -> dict[str, tuple[Cell, ...]]:
        """The cells of each clause, in the order of the ledger; empty for a clause without cells."""
        found: dict[str, list[Cell]] = {clause: [] for clause in self.contract.clauses}
        for cell in self.cells:
            found[cell.clause].append(cell)
        return {clause: tuple(cells) for clause, cells in found.items()}

    @cached_property
    def exchange(self) -> dict[str, Exchange]:
        """Exchanges by id."""
        return {exchange.id: exchange for exchange in self.exchanges}

    @property
    def exit_code(self) -> int:
        """1 a MUST is broken, else 3 something could not be judged, else 0."""
        counts = self.counts
        if counts["failed"]:
            return 1
        if self.incomplete or counts["error"] or (self.require_complete and counts["untested"]):
            return 3
        return 0

    def clause_verdict(self, clause: str) -> Verdict | None:
        """The worst verdict of the cells of a clause; None where it has no cells."""
        return worst(cell.verdict for cell in self.by_clause[clause])
