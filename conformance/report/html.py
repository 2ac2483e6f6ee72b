"""report.html: the page that people read. One file, no script, no network, nothing of it trusted.

Everything printed passes ``clean`` and then Jinja's escaping, so that neither the page nor its
source can be made to act or lie by what a target sent. A content security policy says the same to
the browser. Only exchanges that findings point at are on the page.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from conformance.model import SCOPE, WHOLE_API, Cell, Clause, Effect, PageEntry, Run, Verdict, worst
from conformance.report import view
from conformance.report.exhibit import Exhibition, Problem
from conformance.report.text import amount, clean

PER_CLAUSE = 20
"""Operations that are shown with their evidence, of each clause and verdict."""

NOTES_PER_CLAUSE = 10
"""Notes shown for a clause."""


@dataclass(frozen=True)
class Group:
    """The problems of one verdict on one clause."""

    clause: Clause
    problems: tuple[Problem, ...]
    more: int  # operations beyond those shown


@dataclass(frozen=True)
class Entry:
    """A clause of the ledger as shown."""

    clause: Clause
    verdict: Verdict | None
    cells: tuple[Cell, ...]
    sources: tuple[PageEntry, ...]
    reason: str  # why it has no cells

    @property
    def share(self) -> str:
        """How many of its cells passed, and how many the target does not have."""
        counts = Counter(cell.verdict for cell in self.cells)
        lacking = counts[Verdict.INAPPLICABLE]
        passed = f"{counts[Verdict.PASSED]} of {amount(len(self.cells), 'operation')} passed"
        return passed + (f", {lacking} inapplicable" if lacking else "")

    @property
    def exchanges(self) -> int:
        """How many exchanges its verdict rests on."""
        return len({name for cell in self.cells for name in cell.exchanges})


@dataclass(frozen=True)
class Area:
    """An area of the ledger with its clauses and the verdicts of its cells."""

    name: str
    title: str
    entries: tuple[Entry, ...]
    counts: Counter[Verdict]


def write(run: Run, path: Path) -> None:
    """Write report.html."""
    path.write_text(render(run), encoding="utf-8", newline="\n")


def render(run: Run) -> str:
    """The page as text."""
    exhibition = Exhibition(run)
    areas = _areas(run)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            run=run,
            view=view,
            signs=view.SIGNS,
            headline=view.headline(run),
            areas=areas,
            operations=_operations(run),
            problems={verdict: _groups(run, verdict, exhibition) for verdict in view.PROBLEMS},
            missing=view.missing(run),
            notes=[
                (clause, found[:NOTES_PER_CLAUSE], len(found) - NOTES_PER_CLAUSE)
                for clause, found in view.notes(run)
            ],
            without=view.without_cells(run),
            target=_target(run),
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("conformance.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.filters.update(
        moment=_moment,
        shown=view.shown,
        operation=view.operation_name,
        number=lambda value: f"{value:,}",
    )
    environment.globals.update(amount=amount)
    return environment


def _finalize(value: Any) -> Any:
    """Every text that the template prints becomes inert; escaping comes after this."""
    return (
        clean(value, lines=True)
        if isinstance(value, str) and not isinstance(value, Markup)
        else value
    )


def _moment(text: str) -> str:
    """An ISO 8601 moment as people read it, to the second."""
    day, _, time = text.partition("T")
    zone = " UTC" if time.endswith(("Z", "+00:00")) else ""
    return f"{day} {time[:8]}{zone}".strip()


def _areas(run: Run) -> list[Area]:
    reasons = {clause.id: reason for clause, reason in view.without_cells(run)}
    areas = []
    for name, title in run.contract.areas.items():
        entries = tuple(
            Entry(
                clause,
                run.clause_verdict(clause.id),
                run.by_clause[clause.id],
                _sources(run, clause),
                reasons.get(clause.id, ""),
            )
            for clause in run.contract.clauses.values()
            if clause.area == name
        )
        areas.append(
            Area(
                name,
                title,
                entries,
                Counter(cell.verdict for entry in entries for cell in entry.cells),
            )
        )
    return areas


def _sources(run: Run, clause: Clause) -> tuple[PageEntry, ...]:
    return tuple(
        run.contract.page[source] for source in clause.sources if source in run.contract.page
    )


def _operations(run: Run) -> list[tuple[str, list[tuple[Verdict, int] | None]]]:
    """Each operation with its worst verdict in each area, and how many cells have it."""
    found: dict[tuple[str, str], list[Verdict]] = {}
    for cell in run.cells:
        found.setdefault((cell.operation, run.contract.clauses[cell.clause].area), []).append(
            cell.verdict
        )
    names = dict.fromkeys(
        [
            *run.contract.operations,
            *(cell.operation for cell in run.cells if cell.operation != WHOLE_API),
            WHOLE_API,
        ]
    )
    rows = [
        (name, [_worst(found.get((name, area), [])) for area in run.contract.areas])
        for name in names
    ]
    return [(name, row) for name, row in rows if any(row)]


def _worst(verdicts: list[Verdict]) -> tuple[Verdict, int] | None:
    verdict = worst(verdicts)
    return None if verdict is None else (verdict, verdicts.count(verdict))


def _groups(run: Run, verdict: Verdict, exhibition: Exhibition) -> list[Group]:
    return [
        Group(
            clause,
            tuple(exhibition.problem(cell) for cell in cells[:PER_CLAUSE]),
            max(0, len(cells) - PER_CLAUSE),
        )
        for clause, cells in view.problems(run, verdict)
    ]


def _target(run: Run) -> list[tuple[str, str]]:
    """What the target declares, beside its name and address, as far as it bears on the verdicts."""
    target = run.target
    single = sum(name.startswith(SCOPE) for name in target.keys)
    keys = sorted(name for name in target.keys if not name.startswith(SCOPE))
    if single:
        keys.append(f"{amount(single, 'key')} of one scope")
    return [
        ("Allowed effects", ", ".join(effect for effect in Effect if effect in target.allow)),
        ("Keys given", ", ".join(keys) or "none"),
        ("Declared inapplicable", ", ".join(sorted(target.inapplicable)) or "none"),
    ]
