"""report.html: the page that people read. One file that needs neither a network nor its script.

Everything printed passes through ``clean`` and then Jinja's escaping, so nothing that a target sent
can run code or disguise itself. As a second barrier, the content security policy allows only our
script, by its hash. The script only copies and searches. The page shows only the exchanges that
findings refer to.
"""

from __future__ import annotations

import base64
import hashlib
import stat
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from conformance.base import files
from conformance.base.text import amount, clean
from conformance.model import (
    IDENTITIES,
    SCOPE,
    Cell,
    Clause,
    Finding,
    PageEntry,
    Run,
    Verdict,
    mildest_first,
)
from conformance.report import cards, matrix, provide, rerun, since, times, untested, view
from conformance.report.exhibit import Exhibit, unjudged

PER_CLAUSE = 20
"""Operations in error shown with their evidence for each clause."""

NOTES_PER_CLAUSE = 10
"""Notes shown for a clause."""
BESIDE = (".md", ".svg", ".xml", ".json", ".txt")
"""Suffixes of the other files of a run that the page lists."""
NONE: Mapping[str, int] = {}


@dataclass(frozen=True)
class Group:
    """The cells of a clause that could not be judged, each with its last exchanges."""

    clause: Clause
    cells: tuple[tuple[Cell, list[Exhibit]], ...]
    more: int  # operations not shown


@dataclass(frozen=True)
class Entry:
    """A clause of the ledger, as shown."""

    clause: Clause
    verdict: Verdict | None
    cells: tuple[Cell, ...]
    sources: tuple[PageEntry, ...]
    reason: str  # why it has no cells

    @property
    def verdicts(self) -> list[Verdict]:
        """The verdicts of its cells, worst first."""
        return sorted({cell.verdict for cell in self.cells}, key=lambda verdict: verdict.rank)

    @property
    def share(self) -> str:
        """How many of its cells passed, and how many are inapplicable."""
        counts = Counter(cell.verdict for cell in self.cells)
        lacking = counts[Verdict.INAPPLICABLE]
        passed = f"{counts[Verdict.PASSED]} of {amount(len(self.cells), 'operation')} passed"
        return passed + (f", {lacking} inapplicable" if lacking else "")

    @property
    def exchanges(self) -> int:
        """The number of exchanges behind its verdict."""
        return len({name for cell in self.cells for name in cell.exchanges})


@dataclass(frozen=True)
class Area:
    """An area of the ledger, with its clauses and the verdicts of its cells."""

    name: str
    title: str
    entries: tuple[Entry, ...]
    counts: Counter[Verdict]


@dataclass(frozen=True)
class Script:
    """The script of the page, and its source expression for the content security policy."""

    text: Markup
    source: Markup


def write(run: Run, path: Path) -> None:
    """Write report.html, which lists the other files in its directory."""
    path.write_text(render(run, _sizes(files.home(path))), encoding="utf-8", newline="\n")


def _sizes(directory: Path) -> dict[str, int]:
    """The sizes in bytes of the other files of a run in a directory, by name."""
    sizes = {}
    for path in sorted(directory.iterdir()):
        status = path.lstat()
        if path.suffix in BESIDE and stat.S_ISREG(status.st_mode):
            sizes[path.name] = status.st_size
    return sizes


def render(run: Run, sizes: Mapping[str, int] = NONE) -> str:
    """The page: one self-contained HTML document.

    It lists the files in ``sizes``, a mapping of names to sizes in bytes.
    """
    template = _environment().get_template("report.html.j2")
    return template.render(
        run=run,
        view=view,
        untested=untested,
        signs=view.SIGNS,
        headline=view.headline(run),
        areas=_areas(run),
        matrix=matrix.rows(run),
        since=since.since(run),
        most=since.SHOWN,
        line=since.line(run),
        provide=provide.lines(run),
        latencies=times.latencies(run),
        scenarios=times.requests_by_scenario(run),
        broken=cards.by_verdict(cards.with_steps(run, cards.cards(run))),
        causes_of=_causes_by_clause(run),
        reach=cards.reach,
        rerun=lambda what: rerun.command(run, what),
        overview=cards.overview(run),
        beyond=len(run.causes) - cards.MOST,
        errors=_errors(run),
        missing=untested.missing(run),
        blocking=untested.blocking(run),
        notes=_notes(run),
        without=view.without_cells(run),
        target=_target(run),
        sizes=sizes,
        script=_script(),
    )


# --- the template ---------------------------------------------------------------------------------


@cache
def _script() -> Script:
    """The script, exactly as it appears between its tags."""
    text = (
        resources.files("conformance.report").joinpath("templates", "report.js").read_text("utf-8")
    )
    digest = hashlib.sha256(text.encode()).digest()
    source = f"sha256-{base64.b64encode(digest).decode()}"
    return Script(Markup(text), Markup(source))  # noqa: S704 - ours


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
    """Make text that the template prints inert. Jinja escapes it afterwards."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return clean(value, lines=True)
    return value


def _moment(text: str) -> str:
    """An ISO 8601 timestamp in readable form, to the second."""
    day, _, time = text.partition("T")
    zone = " UTC" if time.endswith(("Z", "+00:00")) else ""
    return f"{day} {time[:8]}{zone}".strip()


# --- its parts ------------------------------------------------------------------------------------


def _areas(run: Run) -> list[Area]:
    """The areas of the ledger in order, each with all its clauses."""
    entries = _entries(run)
    places = {name: place for place, name in enumerate(run.contract.page)}
    areas = []
    for name, title in run.contract.areas.items():
        own = [entry for entry in entries if entry.clause.area == name]
        own.sort(key=lambda entry: _place(places, entry))
        counts = Counter(cell.verdict for entry in own for cell in entry.cells)
        areas.append(Area(name, title, tuple(own), counts))
    return areas


def _place(places: Mapping[str, int], entry: Entry) -> int:
    """The position of the first source of a clause on the page; after all others if it has none."""
    return min((places[source.id] for source in entry.sources), default=len(places))


def _entries(run: Run) -> list[Entry]:
    """Every clause of the ledger, in order."""
    reasons = {clause.id: reason for clause, reason in view.without_cells(run)}
    entries = []
    for clause in run.contract.clauses.values():
        entry = Entry(
            clause=clause,
            verdict=run.clause_verdict(clause.id),
            cells=run.by_clause[clause.id],
            sources=_sources(run, clause),
            reason=reasons.get(clause.id, ""),
        )
        entries.append(entry)
    return entries


def _sources(run: Run, clause: Clause) -> tuple[PageEntry, ...]:
    """The page entries that a clause is based on."""
    page = run.contract.page
    entries = [page[source] for source in clause.sources if source in page]
    return tuple(entries)


def _errors(run: Run) -> list[Group]:
    """The cells that could not be judged by clause, at most PER_CLAUSE of each.

    Once the evidence fills the available space, the remaining cells are shown without any.
    """
    groups: list[Group] = []
    room = cards.ROOM
    for clause, cells in view.cells_with(run, Verdict.ERROR):
        shown = []
        for cell in cells[:PER_CLAUSE]:
            evidence = unjudged(run, cell) if room > 0 else []
            room -= sum(exhibit.weight for exhibit in evidence)
            shown.append((cell, evidence))
        groups.append(Group(clause, tuple(shown), len(cells) - len(shown)))
    return groups


def _causes_by_clause(run: Run) -> dict[str, list[str]]:
    """The ids of the causes that break each clause, by its id."""
    ids: dict[str, list[str]] = defaultdict(list)
    for cause in run.causes[: cards.MOST]:
        for clause in cause.clauses:
            ids[clause].append(cause.id)
    return ids


def _notes(run: Run) -> list[tuple[Clause, tuple[Finding, ...], int]]:
    """The first notes of each clause, and how many more there are (0 or less if none)."""
    notes = []
    for clause, found in view.notes(run):
        notes.append((clause, found[:NOTES_PER_CLAUSE], len(found) - NOTES_PER_CLAUSE))
    return notes


def _target(run: Run) -> list[tuple[str, str]]:
    """The declarations that affect verdicts, as labels and values."""
    target = run.target
    return [
        ("Client", IDENTITIES[target.identity]),
        ("Allowed effects", _listed(mildest_first(target.allow))),
        ("Keys given", _listed(_keys(target.keys))),
        ("Declared inapplicable", _listed(target.lacking)),
    ]


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words) or "none"


def _keys(roles: Collection[str]) -> list[str]:
    """The roles that have a key. Single-scope keys are only counted."""
    named = sorted(role for role in roles if not role.startswith(SCOPE))
    scoped = len(roles) - len(named)
    if scoped:
        named.append(f"{amount(scoped, 'single-scope key')}")
    return named
