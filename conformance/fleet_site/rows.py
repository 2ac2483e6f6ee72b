"""The rows of the heat grid: a target each, with a cell for each clause, and its trend."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from conformance.fleet_site import entries
from conformance.fleet_site.entries import LETTERS, Clause, Target
from conformance.fleet_site.overview import Entry
from conformance.model import Verdict
from conformance.report import view

WIDTH, HEIGHT = 60, 18
"""Size of a trend line in pixels."""
LINKED = (*entries.BROKEN_LETTERS, "E", "U", "X")
"""The letters of cells that link to what explains them. Nothing explains that a clause passed."""


@dataclass(frozen=True)
class Cell:
    """A square of the grid, with a CSS class. ``label`` and ``href`` are empty without a link."""

    css: str
    sign: str
    label: str = ""
    href: str = ""


@dataclass(frozen=True)
class Row:
    """A target in the grid. ``nights`` has its number of causes by night; None if not judged.

    ``lines`` are the points of the trend, one line for each stretch of nights without a gap.
    """

    entry: Entry
    cells: tuple[Cell, ...]
    lines: tuple[str, ...]
    nights: tuple[int | None, ...]


@dataclass(frozen=True)
class Grid:
    """The files that rows are made from, and the positions of the clauses that they show."""

    directory: Path
    index: BinaryIO
    clauses: Sequence[Clause]
    shown: Sequence[int]

    @property
    def columns(self) -> list[Clause]:
        """The clauses of the columns."""
        return [self.clauses[place] for place in self.shown]

    def rows(self, listed: Sequence[Entry]) -> Iterator[Row]:
        """The rows of some targets. The line of a target is read when its row is needed."""
        for entry in listed:
            self.index.seek(entry.offset)
            line = self.index.readline().decode()
            target = entries.target(line, len(self.clauses))
            nights = tuple(night.causes if night.judged else None for night in target.trend)
            yield Row(entry, tuple(self._cells(target)), tuple(_lines(nights)), nights)

    def _cells(self, target: Target) -> Iterator[Cell]:
        """The cells of a row, with links into the report of the target; none without a report."""
        if target.report is None:
            return
        links = entries.links(self.directory, target)
        for place in self.shown:
            letter, clause = target.grid[place], self.clauses[place].id
            if letter in LINKED:
                href = entries.link(target.id, links.get(clause, f"#clause-{clause}"))
                yield Cell(*_look(letter), f"{LETTERS[letter]}: {clause}", href)
            else:
                yield Cell(*_look(letter))


def _look(letter: str) -> tuple[str, str]:
    """The CSS class and the sign of a cell."""
    verdict: Verdict | None = LETTERS.get(letter)
    return (f"v-{verdict}", view.SIGNS[verdict].symbol) if verdict else ("v-none", "")


def _lines(nights: Sequence[int | None]) -> Iterator[str]:
    """The points of the lines of a trend, one for each stretch of nights without a gap.

    The lines keep a margin of 2 pixels at the sides, and of 3 above and below.
    """
    top = max([*(night for night in nights if night is not None), 1])
    step = (WIDTH - 4) / max(len(nights) - 1, 1)
    points: list[str] = []
    for place, night in enumerate([*nights, None]):  # None ends the last line, too
        if night is not None:
            y = HEIGHT - 3 - (HEIGHT - 6) * night / top
            points.append(f"{2 + place * step:.0f},{y:.0f}")
        elif points:
            yield " ".join(points if len(points) > 1 else points * 2)  # a line needs two points
            points = []
