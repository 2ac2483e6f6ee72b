"""The matrix of a report: the causes that break each operation, by area."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from conformance.model import WHOLE_API, Cause, Run, Verdict
from conformance.report.areas import by_cell

Parts = Mapping[str, Mapping[int, Cause]]
"""The causes by area, and then by their numbers."""


@dataclass(frozen=True)
class Row:
    """An operation that is broken: its id, its method and path, and its causes."""

    operation: str
    route: str
    parts: Parts


@dataclass(frozen=True)
class Matrix:
    """The operations that have cells. ``areas`` are the names of those with a cause.

    ``others`` are the operations without a cause, and ``lacking`` those that the target lacks.
    """

    areas: tuple[str, ...]
    rows: tuple[Row, ...]
    others: tuple[str, ...]
    lacking: tuple[str, ...]


def matrix(run: Run, shown: Sequence[Cause]) -> Matrix:
    """The operations in contract order, with the whole API last. ``shown`` are causes to name."""
    broken = _broken(run, shown)
    seen: dict[str, set[Verdict]] = defaultdict(set)
    for cell in run.cells:
        seen[cell.operation].add(cell.verdict)
    names = [name for name in run.contract.operations if name in seen]
    names += [WHOLE_API] if WHOLE_API in seen else []
    lacking = [name for name in names if seen[name] == {Verdict.INAPPLICABLE}]
    found = {area for parts in broken.values() for area in parts}
    return Matrix(
        areas=tuple(area for area in run.contract.areas if area in found),
        rows=tuple(_row(run, name, broken[name]) for name in names if name in broken),
        others=tuple(name for name in names if name not in broken and name not in lacking),
        lacking=tuple(lacking),
    )


def _row(run: Run, name: str, parts: Parts) -> Row:
    """The row of an operation. The whole API has no method and path."""
    operation = run.contract.operations.get(name)
    return Row(name, operation.route if operation else "", parts)


def _broken(run: Run, shown: Sequence[Cause]) -> Mapping[str, Parts]:
    """The causes of each broken operation by area."""
    causes = by_cell(shown)
    broken: dict[str, dict[str, dict[int, Cause]]] = {}
    for cell in run.cells:
        if cell.name in causes:
            area = run.contract.clauses[cell.clause].area
            parts = broken.setdefault(cell.operation, {}).setdefault(area, {})
            parts.update(causes[cell.name])
    return broken
