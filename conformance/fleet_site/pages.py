"""The pages of a site: the first one, the heat grid in parts, and all targets by name.

They are static files that need no network and no build step. Links are relative, so the pages work
from a folder as well as from a server. Only the list of names has a script, which filters it;
without the script, the search of the browser does.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader

from conformance.base import files, stored
from conformance.base.text import clean
from conformance.base.values import cut
from conformance.fleet_site import entries, overview
from conformance.fleet_site.overview import Entry, Overview
from conformance.fleet_site.rows import Grid
from conformance.model import Verdict
from conformance.report import badge, html, view
from conformance.report.overall import Overall

FIRST, NAMES, BADGE, PARTS = "index.html", "targets.html", "badge.svg", "grid"
"""The files of a site, and the directory of the parts of its grid."""
WORST = 25
"""Targets that the grid on the first page shows."""
PART = 100
"""Targets on a page of the grid, and under a heading of the list of names."""
LONGEST = 200
"""Characters of a name or a title that a list shows."""

COLOURS = {
    Overall.CONFORMS: Verdict.PASSED,
    Overall.BROKEN: Verdict.FAILED,
    Overall.UNJUDGED: Verdict.UNTESTED,
}
"""The verdict on a cell whose colour each verdict on a target has."""
PACKAGE, SHARED = "conformance.fleet_site", "conformance.report"


@dataclass(frozen=True)
class Part:
    """A page of the grid. Pages and targets are numbered from 1, with the worst target first."""

    number: int
    entries: Sequence[Entry]

    @property
    def name(self) -> str:
        """The file name of the page."""
        return f"{self.number:03}.html"

    @property
    def first(self) -> int:
        """The number of the first target on the page."""
        return (self.number - 1) * PART + 1

    @property
    def last(self) -> int:
        """The number of the last target on the page."""
        return self.first + len(self.entries) - 1


def build(directory: Path) -> None:
    """Write the site of collected results into their directory, in place of an earlier one.

    Raises UsageError if the results are not what ``fleet collect`` writes, and OSError if a file
    cannot be written.
    """
    fleet = entries.fleet(directory / entries.FLEET)
    index = directory / entries.INDEX
    found = overview.survey(fleet, index)
    worst_first = sorted(found.entries, key=lambda entry: entry.order)
    with (
        stored.opened(index) as lines,
        tempfile.TemporaryDirectory(prefix=files.HIDDEN, dir=directory) as scratch,
    ):
        grid = Grid(directory, lines, fleet.clauses, found.shown)
        _Writer(Path(scratch), found, grid, _parts(worst_first)).write(worst_first)
        _replace(directory, Path(scratch))


def _parts(worst_first: Sequence[Entry]) -> list[Part]:
    """The pages of the grid; none if the first page of the site shows all targets."""
    if len(worst_first) <= WORST:
        return []
    starts = range(0, len(worst_first), PART)
    return [Part(at // PART + 1, worst_first[at : at + PART]) for at in starts]


def _replace(directory: Path, made: Path) -> None:
    """Move the new files to their place, and the old grid into ``made``, which is temporary."""
    if (directory / PARTS).exists():
        (directory / PARTS).replace(made / "before")
    for name in (PARTS, NAMES, BADGE, FIRST):
        (made / name).replace(directory / name)


@dataclass(frozen=True)
class _Writer:
    """Writes the pages of an overview into a directory."""

    directory: Path
    overview: Overview
    grid: Grid
    parts: Sequence[Part]

    def write(self, worst_first: Sequence[Entry]) -> None:
        """Write all files of the site."""
        (self.directory / PARTS).mkdir()
        for part in self.parts:
            self._page(f"{PARTS}/{part.name}", "grid.html.j2", part=part)
        script = html.inline(html.template_text(PACKAGE, "filter.js"))
        self._page(NAMES, "targets.html.j2", blocks=self._blocks(), script=script)
        problem_groups = self.overview.grouped_problems()
        self._page(
            FIRST,
            "index.html.j2",
            worst=worst_first[:WORST],
            problem_groups=problem_groups,
            colour=_colour(self.overview, has_problems=bool(problem_groups)),
        )
        (self.directory / BADGE).write_text(_badge(self.overview), encoding="utf-8")

    def _page(self, name: str, template: str, **values: Any) -> None:
        """Write a page piece by piece, so that memory never holds the whole of it."""
        stream = (
            _environment()
            .get_template(template)
            .stream(
                it=self.overview,
                fleet=self.overview.fleet,
                grid=self.grid,
                parts=self.parts,
                root="../" if "/" in name else "",
                **values,
            )
        )
        stream.enable_buffering(500)
        stream.dump(str(self.directory / name), "utf-8")

    def _blocks(self) -> Iterator[list[tuple[Entry, str]]]:
        """All targets by name, in blocks, each with the page of the grid that has its row."""
        pages = {entry.id: f"{PARTS}/{part.name}" for part in self.parts for entry in part.entries}
        by_name = sorted(self.overview.entries, key=lambda entry: entry.by_name)
        for at in range(0, len(by_name), PART):
            block = by_name[at : at + PART]
            yield [(entry, f"{pages.get(entry.id, FIRST)}#t-{entry.id}") for entry in block]


def _colour(found: Overview, *, has_problems: bool) -> Verdict | str:
    """The verdict whose colour the headline has, or ``none`` for no colour.

    Red is for new causes, amber for newly untested clauses and for problems, and green if no target
    is broken. There is no colour if nothing is new, but a target is still broken.
    """
    if found.changed[overview.NEW]:
        return Verdict.FAILED
    if found.changed[overview.UNTESTED] or has_problems:
        return Verdict.WARNED
    return "none" if found.verdicts[Overall.BROKEN] else Verdict.PASSED


def _badge(found: Overview) -> str:
    """The badge of the fleet: how many of its targets conform."""
    verdicts = found.verdicts
    value = f"{verdicts[Overall.CONFORMS]:,} of {len(found.entries):,} conform"
    worst = [
        name for name in (Overall.BROKEN, Overall.UNJUDGED, Overall.CONFORMS) if verdicts[name]
    ]
    colour = badge.COLOURS[COLOURS[worst[0] if worst else Overall.UNJUDGED]]
    label = clean(cut(found.fleet.contract.full_name, LONGEST))
    return badge.svg(label, value, f"{label}: {value}", colour)


# --- the templates --------------------------------------------------------------------------------


@cache
def _environment() -> Environment:
    """The templates of the site and of reports, with the filters and values that all pages use."""
    environment = html.environment_of(PACKAGE, lines=False)
    environment.loader = ChoiceLoader([PackageLoader(PACKAGE), PackageLoader(SHARED)])
    environment.filters.update(shown=lambda text: cut(text, LONGEST))
    styles = [html.template_text(SHARED, "base.css"), html.template_text(PACKAGE, "fleet.css")]
    environment.globals.update(
        style=html.inline("".join(styles)),
        signs=view.SIGNS,
        colours=COLOURS,
        kinds=(overview.NEW, overview.FIXED, overview.UNTESTED),
        judged=entries.JUDGED,
        named=overview.NAMED,
        names=NAMES,
    )
    return environment
