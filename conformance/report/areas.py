"""The clauses of a report by area, each with what became of its cells.

Broken cells are counted and refer to their causes; the others give their reasons.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from conformance.model import BROKEN, Cause, Cell, Clause, PageEntry, Run, Verdict
from conformance.report import view
from conformance.report.alike import shape

Causes = Mapping[str, Mapping[int, Cause]]
"""By name of a cell and number of a cause: the causes that break the cell."""
NEED_NO_REASON = (Verdict.PASSED, *BROKEN)
"""The verdicts shown without a reason: nothing was found, or the causes explain the verdict."""


@dataclass(frozen=True)
class Line:
    """The cells of a clause with the same verdict and the same reason, if they have one.

    ``causes`` are those that break or block them, by number.
    """

    verdict: Verdict
    count: int
    operations: str  # the names of the first few
    causes: Mapping[int, Cause]
    reason: str


@dataclass(frozen=True)
class Entry:
    """A clause of the ledger, as shown. ``verdict`` is None without cells."""

    clause: Clause
    verdict: Verdict | None
    cells: int
    exchanges: int
    lines: tuple[Line, ...]
    sources: tuple[PageEntry, ...]
    reason: str  # why it has no cells

    @property
    def all_passed(self) -> bool:
        """Whether all cells of the clause passed."""
        return self.verdict is Verdict.PASSED and len(self.lines) == 1

    @property
    def label(self) -> str:
        """What became of the clause in a word or two."""
        if self.verdict is None:
            return "without a verdict"
        if self.verdict is Verdict.UNTESTED and len({line.verdict for line in self.lines}) > 1:
            return "partly untested"
        return self.verdict


@dataclass(frozen=True)
class Area:
    """An area of the ledger with its clauses, the worst first."""

    name: str
    title: str
    entries: tuple[Entry, ...]

    @property
    def tally(self) -> Counter[tuple[Verdict | None, str]]:
        """The number of its clauses by verdict and label, the worst first."""
        return Counter((entry.verdict, entry.label) for entry in self.entries)


def areas(run: Run, shown: Sequence[Cause]) -> list[Area]:
    """The areas of the ledger in order. ``shown`` are the causes that may be referred to."""
    entries: dict[str, list[Entry]] = {name: [] for name in run.contract.areas}
    causes = by_cell(shown)
    reasons = {clause.id: reason for clause, reason in view.without_cells(run)}
    for clause in run.contract.clauses.values():
        entries[clause.area].append(_entry(run, clause, causes, reasons.get(clause.id, "")))
    found = []
    for name, title in run.contract.areas.items():
        own = sorted(entries[name], key=lambda entry: _sort_key(run, entry))
        found.append(Area(name, title, tuple(own)))
    return found


def by_cell(shown: Sequence[Cause]) -> Causes:
    """The causes that break each cell, by its name and then by their numbers."""
    found: dict[str, dict[int, Cause]] = defaultdict(dict)
    for number, cause in enumerate(shown, 1):
        for name in cause.cells:
            found[name][number] = cause
    return found


def _sort_key(run: Run, entry: Entry) -> tuple[int, int]:
    """The worst clauses first, those without cells last; among equals, the order of the page."""
    page = list(run.contract.page)
    places = [page.index(source.id) for source in entry.sources]
    rank = len(Verdict) if entry.verdict is None else entry.verdict.rank
    return rank, min(places, default=len(page))


def _entry(run: Run, clause: Clause, causes: Causes, reason: str) -> Entry:
    """A clause with what became of its cells."""
    cells, page = run.by_clause[clause.id], run.contract.page
    return Entry(
        clause=clause,
        verdict=run.clause_verdict(clause.id),
        cells=len(cells),
        exchanges=len({name for cell in cells for name in cell.exchanges}),
        lines=tuple(_lines(cells, causes)),
        sources=tuple(page[source] for source in clause.sources if source in page),
        reason=reason,
    )


def _lines(cells: Sequence[Cell], causes: Causes) -> Iterator[Line]:
    """A line for each group of cells that share verdict and reason, the worst verdict first."""
    groups: dict[tuple[Verdict, str], list[Cell]] = defaultdict(list)
    for cell in cells:
        groups[cell.verdict, shape(_reason(cell, causes))].append(cell)
    worst_first = sorted(groups, key=lambda group: group[0].rank)  # the rank of the verdict
    for verdict, wording in worst_first:
        alike = groups[verdict, wording]
        names = [view.operation_name(cell.operation) for cell in alike]
        blamed = {number: cause for cell in alike for number, cause in _blamed(cell, causes)}
        yield Line(
            verdict=verdict,
            count=len(alike),
            operations=view.first_of(names),
            causes=blamed,
            reason=_reason(alike[0], causes),
        )


def _blamed(cell: Cell, causes: Causes) -> list[tuple[int, Cause]]:
    """The causes to blame for the verdict of a cell, with their numbers: those that break it.

    For an untested cell, these are the worst causes of the cells that block it.
    """
    if cell.verdict is not Verdict.UNTESTED:
        return list(causes.get(cell.name, {}).items())
    blocking = [causes[reason.by] for reason in cell.reasons if reason.by and reason.by in causes]
    return [min(found.items()) for found in blocking]  # the worst cause has the lowest number


def _reason(cell: Cell, causes: Causes) -> str:
    """Why a cell has its verdict; empty if it needs no reason, or if causes are to blame."""
    if cell.verdict is Verdict.WAIVED:
        return cell.waiver or ""
    if cell.verdict in NEED_NO_REASON or _blamed(cell, causes):
        return ""
    return view.message(cell)
