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
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
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
    Cause,
    Cell,
    Finding,
    ReasonKind,
    Run,
    Verdict,
    mildest_first,
)
from conformance.report import (
    areas,
    cards,
    matrix,
    provide,
    rerun,
    since,
    times,
    untested,
    view,
)
from conformance.report.alike import shape
from conformance.report.exhibit import Exhibit, exhibits, unjudged

NOTED = 100
"""Notes that are shown. Those of the same wording count once."""
FEW = 6
"""Reasons of a kind that are shown unfolded."""
FEW_ROWS = 12
"""Operations up to which the table of them is unfolded."""
SLOWEST = 10
"""Operations that the table of response times lists."""
BESIDE = (".md", ".svg", ".xml", ".json", ".txt")
"""Suffixes of the other files of a run that the page lists."""
NONE: Mapping[str, int] = {}


@dataclass(frozen=True)
class Group:
    """The cells that could not be judged for one reason, with the last exchanges of the first."""

    reasons: tuple[str, ...]
    cells: int
    operations: str  # the names of the first
    clauses: tuple[str, ...]
    evidence: tuple[Exhibit, ...]


@dataclass(frozen=True)
class Note:
    """The notes on a clause with the same wording: how many, where, and the first of them."""

    clause: str
    count: int
    operations: str  # the names of the first
    first: Finding


@dataclass(frozen=True)
class Untested:
    """Untested cells with the same wording of their reason, and how many reasons that are."""

    reason: str
    more: int
    cells: int
    clauses: tuple[str, ...]
    cause: Cause | None  # the one that blocks them


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
    stopped = bool(run.incomplete) and not run.judged
    template = _environment().get_template("report.html.j2")
    shown, causes = cards.with_steps(run, cards.cards(run)), run.causes[: cards.MOST]
    latencies, notes = times.latencies(run), _notes(run)
    return template.render(
        run=run,
        view=view,
        untested=untested,
        signs=view.SIGNS,
        headline=view.headline(run),
        stopped=stopped,
        last=exhibits(run, [exchange.id for exchange in run.exchanges[-1:]]) if stopped else [],
        overview=cards.overview(run),
        start=cards.start(run, shown),
        shown=shown,
        groups=cards.by_harm(shown),
        beyond=len(run.causes) - len(causes),
        reach=cards.reach,
        rerun=lambda what: rerun.command(run, what),
        doctor=rerun.doctor(run),
        since=since.since(run),
        most=since.SHOWN,
        line=since.line(run),
        errors=_errors(run),
        missing=_missing(run),
        provide=provide.lines(run),
        areas=areas.areas(run, causes),
        matrix=matrix.matrix(run, causes),
        few=FEW,
        few_rows=FEW_ROWS,
        slowest=SLOWEST,
        latencies=latencies,
        strip=times.strip(latencies),
        scenarios=times.requests_by_scenario(run),
        notes=notes[:NOTED],
        noted=sum(note.count for note in notes),
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


def _errors(run: Run) -> list[Group]:
    """The cells that could not be judged by reason, the most frequent first.

    Once the evidence fills the available space, the remaining groups are shown without any.
    """
    alike: dict[tuple[str, ...], list[Cell]] = defaultdict(list)
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


def _missing(run: Run) -> dict[ReasonKind, list[Untested]]:
    """Why cells are untested by kind. Reasons of the same wording are one, except for causes."""
    blocking = untested.blocking(run)
    return {
        kind: [_untested(group, blocking) for group in _by_wording(kind, reasons)]
        for kind, reasons in untested.missing(run).items()
    }


def _by_wording(kind: ReasonKind, reasons: untested.Missing) -> list[untested.Missing]:
    """The reasons of a kind in groups of the same wording, those with the most cells first."""
    groups: dict[str, untested.Missing] = defaultdict(list)
    for text, cells in reasons:
        groups[text if kind is ReasonKind.BLOCKED else shape(text)].append((text, cells))
    return sorted(groups.values(), key=lambda group: -len(_cells_of(group)))


def _untested(group: untested.Missing, blocking: Mapping[str, Cause]) -> Untested:
    """Reasons of the same wording as one row."""
    reason, _ = group[0]
    cells = _cells_of(group)
    return Untested(reason, len(group) - 1, len(cells), _clauses(cells), blocking.get(reason))


def _cells_of(group: untested.Missing) -> list[Cell]:
    """The cells of some reasons, each once."""
    return list({cell.name: cell for _, cells in group for cell in cells}.values())


def _clauses(cells: Iterable[Cell]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(cell.clause for cell in cells))


def _operations(names: Iterable[str]) -> str:
    """The first of some operations, each once."""
    return view.first_of([view.operation_name(name) for name in dict.fromkeys(names)])


def _notes(run: Run) -> list[Note]:
    """The notes in ledger order. Those on a clause that have the same wording are one."""
    alike: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for clause, found in view.notes(run):
        for note in found:
            alike[clause.id, shape(note.actual)].append(note)
    return [
        Note(clause, len(found), _operations(note.operation for note in found), found[0])
        for (clause, _), found in alike.items()
    ]


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
