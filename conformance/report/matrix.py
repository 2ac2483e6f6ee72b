"""The matrix of a report: the causes that break each operation, by area."""

from __future__ import annotations

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
    broken, seen = _broken(run, shown), _verdicts(run)
    sound = [name for name in seen if name not in broken]
    lacking = [name for name in sound if seen[name] == {Verdict.INAPPLICABLE}]
    return Matrix(
        areas=_areas(run, broken),
        rows=tuple(_row(run, name, broken[name]) for name in seen if name in broken),
        others=tuple(name for name in sound if name not in lacking),
        lacking=tuple(lacking),
    )


def _areas(run: Run, broken: Mapping[str, Parts]) -> tuple[str, ...]:
    """The areas in which an operation is broken, in ledger order."""
    found = {area for parts in broken.values() for area in parts}
    return tuple(area for area in run.contract.areas if area in found)


def _verdicts(run: Run) -> dict[str, set[Verdict]]:
    """The verdicts of each operation that has cells, in contract order."""
    verdicts: dict[str, set[Verdict]] = {name: set() for name in run.contract.operations}
    verdicts[WHOLE_API] = set()
    for cell in run.cells:
        verdicts[cell.operation].add(cell.verdict)
    return {name: found for name, found in verdicts.items() if found}


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
