"""Comparison with earlier runs: new and fixed causes, a trend line, and unstable causes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from markupsafe import Markup

from conformance.base.text import amount
from conformance.base.values import without
from conformance.model import (
    BROKEN,
    Past,
    Run,
    Transition,
    Verdict,
    flips,
    transition,
    with_carried_causes,
)

WIDTH, HEIGHT, MARGIN = 160, 28, 4
"""Size of the picture with the trend line, and the margin on each side, in pixels."""
SHOWN = 20
"""Maximum number of fixed causes, and of unstable ones, that are listed."""


class Gone(StrEnum):
    """Why a run no longer has a cause, judging by the main cell of the cause."""

    FIXED = "fixed"
    UNJUDGED = "no longer judged"
    REPLACED = "replaced by another"  # the cell is still broken


@dataclass(frozen=True)
class Since:
    """What changed since the last run of the same target and scope.

    ``transitions`` counts the causes of this run. ``gone`` has the descriptions of those that it no
    longer has. ``unstable`` has the number of changes of each cause that keeps appearing and
    disappearing, by its description. ``runs`` includes this one.
    """

    last: Past
    transitions: Counter[Transition | None]
    gone: Mapping[Gone, list[str]]
    unstable: dict[str, int]
    runs: int

    @property
    def sentence(self) -> str:
        """The changes on one line, such as ``2 causes new, 1 cause still there``."""
        counts = {str(name): count for name, count in self.transitions.items()}
        counts |= {str(why): len(descriptions) for why, descriptions in self.gone.items()}
        parts = [f"{amount(count, 'cause')} {name}" for name, count in counts.items() if count]
        return ", ".join(parts) or "no causes then or now"


def since(run: Run) -> Since | None:
    """What changed since the last of the earlier runs; None if there are none."""
    if not run.past:
        return None
    last = with_carried_causes(run.past)[-1]
    ids_still_there = {name for cause in run.causes for name in last.ids_of(cause)}
    return Since(
        last=last,
        transitions=Counter(transition(cause, run.past) for cause in run.causes),
        gone=_gone(run, last, without(last.causes, ids_still_there)),
        unstable=_unstable(run),
        runs=len(run.past) + 1,
    )


def _gone(run: Run, last: Past, causes: Mapping[str, str]) -> dict[Gone, list[str]]:
    """The descriptions of causes that are gone, by why they are; ``causes`` has them by id."""
    verdicts = {cell.name: cell.verdict for cell in run.cells}
    found: dict[Gone, list[str]] = {why: [] for why in Gone}
    for cause, description in causes.items():
        verdict = verdicts.get(last.main_cell(cause))
        if verdict is Verdict.PASSED:
            found[Gone.FIXED].append(description)
        elif verdict in BROKEN:
            found[Gone.REPLACED].append(description)
        else:
            found[Gone.UNJUDGED].append(description)
    return {why: descriptions for why, descriptions in found.items() if descriptions}


def _unstable(run: Run) -> dict[str, int]:
    """The number of changes of each unstable cause, by its last description."""
    described: dict[str, str] = {}
    for past in run.past:
        described |= past.causes
    return {described[cause]: count for cause, count in flips(_ids_by_run(run)).items()}


def _ids_by_run(run: Run) -> list[Collection[str]]:
    """The ids of the causes of the earlier runs and of this one, which is the last.

    If this run judged nothing, or is incomplete and judged less than an earlier one, it does not
    show that a cause is gone. So it also has the causes of the run before.
    """
    ids: list[Collection[str]] = [past.causes for past in with_carried_causes(run.past)]
    now = {cause.id for cause in run.causes}
    judged_less = run.incomplete and any(run.judged < past.judged for past in run.past)
    keeps_earlier = judged_less or not run.judged
    if keeps_earlier and ids:
        now.update(ids[-1])
    return [*ids, now]


def trend(run: Run) -> Markup:
    """The trend of the number of causes, from the earlier runs to this one, as an SVG line."""
    figures = [len(ids) for ids in _ids_by_run(run)]
    points = " ".join(_points(figures))
    label = f"Causes, oldest first: {', '.join(str(figure) for figure in figures)}"
    return Markup(  # noqa: S704 - our own numbers and words
        f'<svg class="line" role="img" aria-label="{label}" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}"><polyline points="{points}"/></svg>'
    )


def _points(figures: list[int]) -> Iterable[str]:
    """The points of a line through some figures, from zero at the bottom to the highest on top."""
    highest = max([*figures, 1])
    step = (WIDTH - 2 * MARGIN) / max(len(figures) - 1, 1)
    for position, figure in enumerate(figures):
        y = HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * figure / highest
        yield f"{MARGIN + position * step:.1f},{y:.1f}"
