"""Two runs side by side: which cells and causes changed, and who changed them.

Who changed a cell is shown, not guessed. The log of the older run is judged again by the present
contract and judges: what differs already then, they have changed. The same log judged as the newer
target file declares shows what the declaration changed. The rest is the target's, or its data's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from operator import attrgetter

from conformance.model import Cause, Cell, Run, Verdict


class Change(StrEnum):
    """What became of a cell, what matters most first."""

    BROKEN = "new failure"
    FIXED = "fixed"
    UNJUDGED = "no longer judged"
    JUDGED = "judged now"
    GONE = "no longer planned"
    PLANNED = "planned now"
    OTHER = "changed"


class By(StrEnum):
    """Who changed a cell."""

    SUITE = "suite or contract"
    DECLARATION = "target file"
    SELECTION = "selection"
    TARGET = "target or its data"


@dataclass(frozen=True)
class Changed:
    """A cell whose verdict changed; None where a run does not have it."""

    name: str
    before: Verdict | None
    after: Verdict | None
    change: Change
    by: By


@dataclass(frozen=True)
class Comparison:
    """What changed from one run to another. Causes are those of the present judges."""

    cells: tuple[Changed, ...]
    new: tuple[Cause, ...]
    fixed: tuple[Cause, ...]
    still: tuple[Cause, ...]

    @property
    def broken(self) -> list[Changed]:
        """The cells that fail now, and did not."""
        return [cell for cell in self.cells if cell.change is Change.BROKEN]


def compared(before: Mapping[str, Verdict], again: Run, declared: Run, after: Run) -> Comparison:
    """What changed from an older run to a newer one.

    ``before`` are the verdicts that the older run stored. ``again`` is its log judged anew, and
    ``declared`` the same with the declaration of the newer run, which is ``after``.
    """
    now = _verdicts(after.cells)
    author = partial(
        _author,
        unchosen=_unchosen(again) ^ _unchosen(after),
        judged_again=_verdicts(again.cells),
        as_declared=_verdicts(declared.cells),
    )
    changed = []
    for name in dict.fromkeys([*before, *now]):
        old, new = before.get(name), now.get(name)
        if old is not new:
            changed.append(Changed(name, old, new, _change(old, new), author(name, new)))
    changed.sort(key=_matters_most)
    return Comparison(tuple(changed), *_causes(again, after))


def _author(
    name: str,
    new: Verdict | None,
    *,
    unchosen: set[str],
    judged_again: Mapping[str, Verdict],
    as_declared: Mapping[str, Verdict],
) -> By:
    """Who gave a cell its new verdict.

    ``unchosen`` are the cells that only one of the runs was to judge.
    """
    if name in unchosen:
        return By.SELECTION
    if judged_again.get(name) is new:
        return By.SUITE
    if as_declared.get(name) is new:
        return By.DECLARATION
    return By.TARGET


def _matters_most(cell: Changed) -> int:
    """The place of a changed cell among all."""
    return list(Change).index(cell.change)


def _verdicts(cells: Iterable[Cell]) -> dict[str, Verdict]:
    return {cell.name: cell.verdict for cell in cells}


def _unchosen(run: Run) -> set[str]:
    """The names of the cells that were not to be judged."""
    return {cell.name for cell in run.cells if not cell.chosen}


def _change(old: Verdict | None, new: Verdict | None) -> Change:
    """What became of a cell."""
    if new is Verdict.FAILED:
        return Change.BROKEN
    if old is None or new is None:
        return Change.GONE if new is None else Change.PLANNED
    if old is Verdict.FAILED and new is Verdict.PASSED:
        return Change.FIXED
    if new in (Verdict.UNTESTED, Verdict.ERROR):
        return Change.UNJUDGED
    if old in (Verdict.UNTESTED, Verdict.ERROR):
        return Change.JUDGED
    return Change.OTHER


def _causes(older: Run, newer: Run) -> tuple[tuple[Cause, ...], ...]:
    """The causes that are new, fixed and still there."""
    before = set(map(attrgetter("id"), older.causes))
    now = set(map(attrgetter("id"), newer.causes))
    return (
        tuple(cause for cause in newer.causes if cause.id not in before),
        tuple(cause for cause in older.causes if cause.id not in now),
        tuple(cause for cause in newer.causes if cause.id in before),
    )
