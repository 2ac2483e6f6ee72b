"""Errors, reasons and notes as a page shows them: those that say the same are one row.

For example, ``request 17 returned 401`` and ``request 18 returned 401`` say the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from conformance.model import Cause, Cell, Finding, ReasonKind, Run, Verdict
from conformance.report import cards, untested, view
from conformance.report.exhibit import Exhibit, unjudged


@dataclass(frozen=True)
class Group:
    """The cells that could not be judged for the same reasons, and how many they are.

    ``evidence`` shows the last exchanges of the first cell.
    """

    reasons: tuple[str, ...]
    cells: int
    operations: str  # the names of the first few
    clauses: tuple[str, ...]
    evidence: tuple[Exhibit, ...]


@dataclass(frozen=True)
class Note:
    """The notes on a clause that have the same wording: how many, where, and the first of them."""

    clause: str
    count: int
    operations: str  # the names of the first few
    first: Finding


@dataclass(frozen=True)
class Untested:
    """Untested cells whose reasons have the same wording as ``reason``.

    ``more`` counts the other reasons with this wording, and ``cells`` all cells of the row.
    """

    reason: str
    more: int
    cells: int
    clauses: tuple[str, ...]
    cause: Cause | None  # the one that blocks the cells


def shape(text: str) -> str:
    """A text with an ellipsis in place of each word that contains a digit.

    Texts that differ only in such words have the same shape.
    """
    words = text.split()
    return " ".join("…" if any(char.isdigit() for char in word) else word for word in words)


def errors(run: Run) -> list[Group]:
    """The cells that could not be judged, in groups with the same reasons; the largest first.

    Once the evidence fills the available space, the remaining groups are shown without evidence.
    """
    alike: dict[tuple[str, ...], list[Cell]] = defaultdict(list)  # by shapes of the reasons
    for cell in run.cells:
        if cell.verdict is Verdict.ERROR:
            alike[tuple(shape(reason) for reason in cell.why)].append(cell)
    groups: list[Group] = []
    room = cards.ROOM
    for cells in sorted(alike.values(), key=len, reverse=True):
        evidence = unjudged(run, cells[0]) if room > 0 else []
        room -= sum(exhibit.weight for exhibit in evidence)
        group = Group(
            reasons=tuple(cells[0].why),
            cells=len(cells),
            operations=_operations(cell.operation for cell in cells),
            clauses=_clauses(cells),
            evidence=tuple(evidence),
        )
        groups.append(group)
    return groups


def missing(run: Run) -> dict[ReasonKind, list[Untested]]:
    """Why cells are untested, by kind of reason.

    Reasons of the same wording share a row, but each cause that blocks cells has a row of its own.
    """
    blocking = untested.blocking(run)
    return {
        kind: [_untested(group, blocking) for group in _by_wording(kind, reasons)]
        for kind, reasons in untested.missing(run).items()
    }


def _by_wording(kind: ReasonKind, reasons: untested.Missing) -> list[untested.Missing]:
    """The reasons of a kind in groups of the same wording, those with the most cells first.

    Reasons that name causes are grouped by their full text, because the number tells them apart.
    """
    groups: dict[str, untested.Missing] = defaultdict(list)
    for text, cells in reasons:
        wording = text if kind is ReasonKind.BLOCKED else shape(text)
        groups[wording].append((text, cells))
    return sorted(groups.values(), key=lambda group: -len(untested.cells_of(group)))


def _untested(group: untested.Missing, blocking: Mapping[str, Cause]) -> Untested:
    """A row for reasons of the same wording. ``blocking`` has the causes by text of a reason."""
    reason, _ = group[0]
    cells = untested.cells_of(group)
    return Untested(reason, len(group) - 1, len(cells), _clauses(cells), blocking.get(reason))


def _clauses(cells: Iterable[Cell]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(cell.clause for cell in cells))


def _operations(names: Iterable[str]) -> str:
    """The names of the first few operations, without duplicates."""
    return view.first_of([view.operation_name(name) for name in dict.fromkeys(names)])


def notes(run: Run) -> list[Note]:
    """The notes in ledger order. Those on the same clause with the same wording are combined."""
    alike: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for clause, found in view.notes(run):
        for note in found:
            alike[clause.id, shape(note.actual)].append(note)
    return [
        Note(clause, len(found), _operations(note.operation for note in found), found[0])
        for (clause, _), found in alike.items()
    ]
