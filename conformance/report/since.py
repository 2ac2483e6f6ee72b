"""What a run says of the runs before it: new and fixed causes, a line, and what is unstable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter

from markupsafe import Markup

from conformance.model import BROKEN, Past, Run, Transition, Verdict, flips, transition
from conformance.text import amount

WIDTH, HEIGHT = 240, 48
"""Size of the line, in pixels."""
SHOWN = 20
"""Fixed causes, and unstable cells, that are named."""


@dataclass(frozen=True)
class Since:
    """What changed since the last run of the same target and scope.

    ``fixed`` and ``unjudged`` are words for causes that are gone: their cell passes now, or it
    could not be judged. ``unstable`` counts how often a cell changed, of those that changed twice.
    """

    last: Past
    transitions: Counter[Transition | None]
    fixed: tuple[str, ...]
    unjudged: tuple[str, ...]
    unstable: dict[str, int]
    runs: int

    @property
    def sentence(self) -> str:
        """All of it on one line, such as ``2 causes new, 1 cause still there, 3 causes fixed``."""
        parts = []
        for name in Transition:
            if self.transitions[name]:
                parts.append(f"{amount(self.transitions[name], 'cause')} {name}")
        if self.fixed:
            parts.append(f"{amount(len(self.fixed), 'cause')} fixed")
        if self.unjudged:
            parts.append(f"{amount(len(self.unjudged), 'cause')} no longer judged")
        return ", ".join(parts) or "no cause then, and none now"


def since(run: Run) -> Since | None:
    """What changed since the runs before; None if there are none."""
    if not run.past:
        return None
    last = run.past[-1]
    now = set(map(attrgetter("id"), run.causes))
    gone = [words for name, words in last.causes.items() if name not in now]
    verdicts = {cell.name: cell.verdict for cell in run.cells}
    judged = [verdicts.get(cell_of(words)) in (Verdict.PASSED, *BROKEN) for words in gone]
    broken = [*map(attrgetter("broken"), run.past), _broken(run)]
    return Since(
        last=last,
        transitions=Counter(transition(name, run.past) for name in now),
        fixed=_chosen(gone, judged),
        unjudged=_chosen(gone, [not each for each in judged]),
        unstable=flips(broken),
        runs=len(broken),
    )


def cell_of(words: str) -> str:
    """The name of the cell in the words of a cause."""
    return words.partition(" at ")[0]


def _chosen(words: Iterable[str], marks: Iterable[bool]) -> tuple[str, ...]:
    """The words that are marked."""
    return tuple(each for each, mark in zip(words, marks, strict=True) if mark)


def _broken(run: Run) -> list[str]:
    """The names of the cells with findings."""
    return [cell.name for cell in run.cells if cell.findings]


def line(run: Run) -> Markup:
    """The failed cells of the runs before and of this one, as a line in SVG."""
    figures = [past.counts.get(Verdict.FAILED, 0) for past in run.past]
    figures.append(run.counts[Verdict.FAILED])
    points = " ".join(_points(figures))
    label = f"Failed cells, oldest first: {', '.join(map(str, figures))}"
    return Markup(  # noqa: S704 - numbers and words of ours
        f'<svg class="line" role="img" aria-label="{label}" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}"><polyline points="{points}"/></svg>'
    )


def _points(figures: list[int]) -> Iterable[str]:
    """The corners of a line through some figures, the highest at the top."""
    top = max([*figures, 1])
    step = (WIDTH - 8) / max(len(figures) - 1, 1)
    for place, figure in enumerate(figures):
        y = HEIGHT - 4 - (HEIGHT - 8) * figure / top
        yield f"{4 + place * step:.1f},{y:.1f}"
