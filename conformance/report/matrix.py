"""The matrix of a report: the causes that break each operation, by area."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from conformance.model import WHOLE_API, Cause, Run, Verdict
from conformance.report.areas import by_cell

CausesByArea = Mapping[str, Mapping[int, Cause]]
"""The causes by area, and then by their numbers."""


@dataclass(frozen=True)
class Row:
    """An operation that is broken: its id, its method and path, and its causes in ``parts``.

    The route of the whole API is empty.
    """

    operation: str
    route: str
    parts: CausesByArea


@dataclass(frozen=True)
class Matrix:
    """The operations that have cells: a row for each with a cause, and the ids of all others.

    ``areas`` are the names of the areas with a cause. Operations without a cause are ``lacking`` if
    all of their cells are inapplicable, ``judged`` if one of them passed, or else ``untested``.
    """

    areas: tuple[str, ...]
    rows: tuple[Row, ...]
    judged: tuple[str, ...]
    untested: tuple[str, ...]
    lacking: tuple[str, ...]


def matrix(run: Run, shown: Sequence[Cause]) -> Matrix:
    """The operations in contract order, the whole API last. ``shown`` has the causes to name."""
    broken = _broken(run, shown)
    rows: list[Row] = []
    judged: list[str] = []
    untested: list[str] = []
    lacking: list[str] = []
    for name, verdicts in _verdicts(run).items():
        if name in broken:
            operation = run.contract.operations.get(name)  # None for the whole API
            rows.append(Row(name, operation.route if operation else "", broken[name]))
        elif verdicts == {Verdict.INAPPLICABLE}:
            lacking.append(name)
        elif Verdict.PASSED in verdicts:
            judged.append(name)
        else:
            untested.append(name)
    broken_in = {area for parts in broken.values() for area in parts}
    areas = tuple(area for area in run.contract.areas if area in broken_in)
    return Matrix(areas, tuple(rows), tuple(judged), tuple(untested), tuple(lacking))


def _verdicts(run: Run) -> dict[str, set[Verdict]]:
    """The verdicts of each operation that has cells, in contract order."""
    verdicts: dict[str, set[Verdict]] = {name: set() for name in run.contract.operations}
    verdicts[WHOLE_API] = set()
    for cell in run.cells:
        verdicts.setdefault(cell.operation, set()).add(cell.verdict)
    return {name: found for name, found in verdicts.items() if found}


def _broken(run: Run, shown: Sequence[Cause]) -> Mapping[str, CausesByArea]:
    """The causes of each broken operation, by area."""
    causes = by_cell(shown)
    broken: dict[str, dict[str, dict[int, Cause]]] = {}
    for cell in run.cells:
        if cell.name in causes:
            area = run.contract.clauses[cell.clause].area
            parts = broken.setdefault(cell.operation, {}).setdefault(area, {})
            parts.update(causes[cell.name])
    return broken
