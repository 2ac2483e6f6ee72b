"""Comparison with earlier runs: new and fixed causes, a trend line, and unstable cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from conformance.base.text import amount
from conformance.base.values import without
from conformance.model import BROKEN, Past, Run, Transition, Verdict, flips, transition

WIDTH, HEIGHT = 240, 48
"""Size of the trend line in pixels."""
SHOWN = 20
"""Fixed causes and unstable cells that are listed."""


@dataclass(frozen=True)
class Since:
    """What changed since the last run of the same target and scope.

    ``fixed`` and ``unjudged`` describe causes that are gone: their cell now passes, or it could not
    be judged. A cause whose cell is still broken became part of another cause and is not listed.
    ``unstable`` has the number of changes of each cell that changed at least twice.
    """

    last: Past
    transitions: Counter[Transition | None]
    fixed: list[str]
    unjudged: list[str]
    unstable: dict[str, int]
    runs: int

    @property
    def sentence(self) -> str:
        """On one line, such as ``2 causes new, 1 cause still there, 3 causes fixed``."""
        counts = {str(name): count for name, count in self.transitions.items()}
        counts |= {"fixed": len(self.fixed), "no longer judged": len(self.unjudged)}
        parts = [f"{amount(count, 'cause')} {name}" for name, count in counts.items() if count]
        return ", ".join(parts) or "no causes then or now"


def since(run: Run) -> Since | None:
    """What changed since earlier runs; None if there are none."""
    if not run.past:
        return None
    last = run.past[-1]
    still = {name for cause in run.causes for name in last.ids_of(cause)}
    fixed, unjudged = _gone(run, without(last.causes, still).values())
    broken = [past.broken for past in run.past]
    broken.append(tuple(cell.name for cell in run.broken))
    return Since(
        last=last,
        transitions=Counter(transition(cause, run.past) for cause in run.causes),
        fixed=fixed,
        unjudged=unjudged,
        unstable=flips(broken),
        runs=len(broken),
    )


def _gone(run: Run, causes: Iterable[str]) -> tuple[list[str], list[str]]:
    """Sort the descriptions of causes that are gone into fixed and no longer judged."""
    verdicts = {cell.name: cell.verdict for cell in run.cells}
    fixed: list[str] = []
    unjudged: list[str] = []
    for words in causes:
        verdict = verdicts.get(words.partition(" at ")[0])
        if verdict is Verdict.PASSED:
            fixed.append(words)
        elif verdict not in BROKEN:
            unjudged.append(words)
    return fixed, unjudged


def line(run: Run) -> Markup:
    """The number of failed cells in earlier runs and this one, as an SVG line."""
    figures = [past.counts.get(Verdict.FAILED, 0) for past in run.past]
    figures.append(run.counts[Verdict.FAILED])
    points = " ".join(_points(figures))
    label = f"Failed cells, oldest first: {', '.join(str(figure) for figure in figures)}"
    return Markup(  # noqa: S704 - our own numbers and words
        f'<svg class="line" role="img" aria-label="{label}" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}"><polyline points="{points}"/></svg>'
    )


def _points(figures: list[int]) -> Iterable[str]:
    """The points of a line through some figures, with the highest at the top."""
    top = max([*figures, 1])
    step = (WIDTH - 8) / max(len(figures) - 1, 1)
    for place, figure in enumerate(figures):
        y = HEIGHT - 4 - (HEIGHT - 8) * figure / top
        yield f"{4 + place * step:.1f},{y:.1f}"
