"""The matrix of a report: the verdicts of each operation in each area, as small stacked bars."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from conformance.model import WHOLE_API, Run, Verdict, worst

Cells = dict[tuple[str, str], Counter[Verdict]]
"""The number of cells by verdict, for an operation and an area."""


@dataclass(frozen=True)
class Part:
    """The cells of an operation in an area."""

    area: str
    counts: Counter[Verdict]

    @property
    def verdict(self) -> Verdict | None:
        """The worst verdict; None without a cell."""
        return worst(self.counts)

    @property
    def words(self) -> str:
        """The counts, worst verdict first, such as ``1 failed, 8 passed``."""
        ordered = sorted(self.counts, key=lambda verdict: verdict.rank)
        return ", ".join(f"{self.counts[verdict]} {verdict}" for verdict in ordered)


@dataclass(frozen=True)
class Row:
    """An operation: its id, its method and path, and its cells in each area."""

    operation: str
    route: str
    parts: tuple[Part, ...]

    @property
    def lacking(self) -> bool:
        """Whether the target does not have the operation."""
        found = {verdict for part in self.parts for verdict in part.counts}
        return found <= {Verdict.INAPPLICABLE}


def rows(run: Run) -> list[Row]:
    """The operations that have cells, in contract order, with the whole API last."""
    counts = _counts(run)
    seen = dict.fromkeys(cell.operation for cell in run.cells)
    names = [name for name in (*run.contract.operations, *seen) if name in seen]
    names.sort(key=lambda name: name == WHOLE_API)
    return [_row(run, name, counts) for name in dict.fromkeys(names)]


def _row(run: Run, name: str, counts: Cells) -> Row:
    """The row of an operation. The whole API has no method and path."""
    operation = run.contract.operations.get(name)
    parts = [Part(area, counts.get((name, area), Counter())) for area in run.contract.areas]
    route = f"{operation.method} {operation.path}" if operation else ""
    return Row(name, route, tuple(parts))


def _counts(run: Run) -> Cells:
    """The number of cells by verdict for each operation in each area."""
    counts: Cells = defaultdict(Counter)
    for cell in run.cells:
        area = run.contract.clauses[cell.clause].area
        counts[cell.operation, area][cell.verdict] += 1
    return counts
