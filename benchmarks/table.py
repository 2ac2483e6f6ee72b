"""The figures of benchmarks: a row each, as text for people and as data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

DATA = Path(__file__).parent.parent / "docs" / "benchmarks.json"
"""The figures that ``docs/benchmarks.md`` shows."""
HEAD = ("benchmark", "what", "figure", "against", "ratio", "goal", "met?", "tries")


@dataclass(frozen=True)
class Row:
    """A figure beside another one in the same unit, and a bound of their ratio, if there is one.

    ``tries`` says of how many both are medians: 0 stands for as many as were asked for.
    """

    what: str
    figure: float
    unit: str
    against: str
    other: float
    most: float | None = None
    least: float | None = None
    tries: int = 0

    @property
    def ratio(self) -> float:
        """The figure in units of the other one."""
        return self.figure / self.other if self.other else float("inf")

    @property
    def goal(self) -> str:
        """The bound of the ratio in words; empty if there is none."""
        if self.most is not None:
            return f"at most {self.most:g}"
        return "" if self.least is None else f"at least {self.least:g}"

    @property
    def met(self) -> str:
        """Whether the ratio is within its bound, as it is shown; empty if there is none."""
        if not self.goal:
            return ""
        ratio = round(self.ratio, 2)
        within = ratio <= self.most if self.most is not None else ratio >= (self.least or 0)
        return "yes" if within else "no"

    def cells(self, benchmark: str) -> tuple[str, ...]:
        """The row as a table shows it."""
        against = f"{self.against}: {_number(self.other)}"
        figure = f"{_number(self.figure)} {self.unit}"
        ratio, tries = f"{self.ratio:.2f}", str(self.tries)
        return benchmark, self.what, figure, against, ratio, self.goal, self.met, tries


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def measured(name: str, tries: int) -> list[Row]:
    """The rows of a benchmark.

    It has a process of its own, for what it starts is charged for the memory that it holds.
    """
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(_rows, name, tries).result()


def _rows(name: str, tries: int) -> list[Row]:
    rows: Iterator[Row] = import_module(f"benchmarks.{name}").rows(tries)
    return [replace(row, tries=row.tries or tries) for row in rows]


Figures = Mapping[str, Sequence[Row]]
"""The rows of each benchmark by its name."""


def cells(figures: Figures) -> list[tuple[str, ...]]:
    """All rows as cells of a table."""
    return [row.cells(name) for name, rows in figures.items() for row in rows]


def text(figures: Figures) -> str:
    """A table for the terminal."""
    lines = [HEAD, *cells(figures)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = (map(str.ljust, line, widths) for line in lines)
    return "\n".join("  ".join(line).rstrip() for line in padded)


def data(figures: Figures) -> str:
    """The figures as JSON, with ratio, goal and whether it is met for other programs."""
    told = {name: [_as_data(row) for row in rows] for name, rows in figures.items()}
    return json.dumps(told, indent=1) + "\n"


def _as_data(row: Row) -> dict[str, object]:
    ratio = round(row.ratio, 3) if row.other else None
    return asdict(row) | {"ratio": ratio, "met": row.met}


def stored() -> dict[str, list[Row]]:
    """The figures of the page."""
    told = json.loads(DATA.read_text(encoding="utf-8")) if DATA.is_file() else {}
    return {name: list(map(_row, rows)) for name, rows in told.items()}


def _row(members: Mapping[str, object]) -> Row:
    return Row(**{name: members[name] for name in Row.__dataclass_fields__})  # type: ignore[arg-type]


def store(figures: Figures, names: Iterable[str]) -> None:
    """Replace the figures of some benchmarks by new ones. ``names`` gives the order."""
    known = {**stored(), **figures}
    kept = {name: known[name] for name in names if name in known}
    DATA.write_text(data(kept), encoding="utf-8")
