"""Compares two runs: which cells and causes changed, and what caused each change.

The reason for a change is determined, not guessed. The log of the older run is judged again by the
current contract and judges: whatever differs then was changed by them. Judging the same log with
the declaration of the newer run shows what the target file changed. The rest was changed by the
target or its data, unless a run broke off or the first look found other things wrong.

The stored verdicts excuse nothing: a failure is old only if the older log still shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

from conformance.model import Cause, Cell, Declaration, ReasonKind, Run, State, Verdict


class Change(StrEnum):
    """How a cell changed, most important first."""

    BROKEN = "new failure"
    FIXED = "fixed"
    UNJUDGED = "no longer judged"
    JUDGED = "judged now"
    GONE = "no longer planned"
    PLANNED = "planned now"
    OTHER = "changed"


class By(StrEnum):
    """What caused the change of a cell."""

    SUITE = "suite"
    CONTRACT = "contract"
    EITHER = "suite or contract"
    DECLARATION = "target file"
    SELECTION = "selection"
    CHALLENGE = "accepted challenge"
    CUT_OFF = "run that broke off"
    SETUP = "set-up"
    TARGET = "target"
    DATA = "data of the target"


@dataclass(frozen=True)
class Changed:
    """A cell whose verdict changed; the verdict is None in a run that lacks the cell."""

    name: str
    before: Verdict | None
    after: Verdict | None
    change: Change
    by: By


@dataclass(frozen=True)
class Comparison:
    """What changed from one run to another, with causes according to the current judges."""

    cells: tuple[Changed, ...]
    new: tuple[Cause, ...]
    fixed: tuple[Cause, ...]
    still: tuple[Cause, ...]

    @property
    def broken(self) -> list[Changed]:
        """The cells that fail now but did not before."""
        return [cell for cell in self.cells if cell.change is Change.BROKEN]


@dataclass(frozen=True)
class Older:
    """What a run stored: verdicts by cell, the suite version, and the digest of the contract."""

    verdicts: Mapping[str, Verdict]
    suite: str
    contract: str


UNCHANGED = Comparison((), (), (), ())
"""The comparison of two runs with the same verdicts, in which nothing is broken."""


def is_unchanged(before: Older, after: Run) -> bool:
    """Whether no verdict changed and nothing is broken.

    If so, the older log need not be judged again: there is no failure that might be old, and no
    change to explain.
    """
    return not after.broken and before.verdicts == _verdicts(after.cells)


def compare(before: Older, again: Run, declared: Run, after: Run) -> Comparison:
    """What changed from an older run to a newer one.

    ``before`` is what the older run stored, and ``again`` is that run as the current judges see its
    log. ``declared`` is the same, but with the declaration of the newer run. ``after`` is the newer
    run.
    """
    stored, newer, judged_again = before.verdicts, _verdicts(after.cells), _verdicts(again.cells)
    reasons = _Reasons(before, again, declared, after)
    changed = []
    for name in dict.fromkeys([*stored, *newer]):
        old, new = stored.get(name), newer.get(name)
        if old is Verdict.FAILED and new is Verdict.FAILED:
            old = judged_again.get(name)  # the failure is old only if the older log still shows it
        if old is not new:
            changed.append(Changed(name, old, new, _change(old, new), reasons.of(name, new)))
    changed.sort(key=lambda cell: list(Change).index(cell.change))
    return Comparison(tuple(changed), *_causes(again, after))


@dataclass(frozen=True)
class _Reasons:
    """Determines what caused the new verdict of a cell. For the fields, see ``compare``."""

    before: Older
    again: Run
    declared: Run
    after: Run

    def of(self, name: str, new: Verdict | None) -> By:
        """What caused the verdict of a cell in the newer run."""
        older, newer = self.again, self.after
        has_same_options = (older.selection, older.depth) == (newer.selection, newer.depth)
        # runs with the same options select the same cells, unless one of them broke off
        is_only_cut_off = has_same_options and name in self._cut_off
        if name in self._selected_once and not is_only_cut_off:
            return By.SELECTION
        if new is Verdict.EXCLUDED:
            return By.CHALLENGE
        if self._judged_again.get(name) is new:
            return self._suite_or_contract
        if self._as_declared.get(name) is new:
            return By.DECLARATION
        return self._remaining(name)

    @cached_property
    def _selected_once(self) -> set[str]:
        """The names of the cells that only one of the two runs selected."""
        return _unselected(self.again) ^ _unselected(self.after)

    @cached_property
    def _cut_off(self) -> set[str]:
        """The names of the cells that one of the runs did not judge because it broke off."""
        broken_off = [run for run in (self.again, self.after) if run.incomplete]
        cells = [cell for run in broken_off for cell in run.cells]
        return {cell.name for cell in cells if cell.verdict in (Verdict.UNTESTED, Verdict.ERROR)}

    @cached_property
    def _judged_again(self) -> dict[str, Verdict]:
        """The verdicts of the current judges on the older log."""
        return _verdicts(self.again.cells)

    @cached_property
    def _as_declared(self) -> dict[str, Verdict]:
        """The same verdicts with the declaration of the newer run."""
        return _verdicts(self.declared.cells)

    @property
    def _suite_or_contract(self) -> By:
        """Which of the two differs between the runs: the suite, the contract, or perhaps either."""
        if self.before.contract == self.after.contract.digest:
            return By.SUITE
        return By.CONTRACT if self.before.suite == self.after.suite else By.EITHER

    def _remaining(self, name: str) -> By:
        """What changed a verdict if judging the older log again does not explain it.

        It is the target, its data, what its file gives, the set-up, or a run that broke off. It is
        the target also for a cell that was untested only because of another failure.
        """
        kinds = self._reasons_untested.get(name, set())
        if ReasonKind.PROVIDE in kinds and self._declares_otherwise:
            return By.DECLARATION
        if name in self._cut_off:
            return By.CUT_OFF
        other_kinds = kinds - {ReasonKind.BLOCKED}
        if not other_kinds:
            return By.TARGET
        is_set_up_alike = _wrong_parts(self.again) == _wrong_parts(self.after)
        return By.DATA if is_set_up_alike else By.SETUP

    @cached_property
    def _reasons_untested(self) -> dict[str, set[ReasonKind]]:
        """By cell, the kinds of reasons why it was untested in one of the runs."""
        kinds: dict[str, set[ReasonKind]] = {}
        for cell in (*self.again.cells, *self.after.cells):
            if cell.verdict is Verdict.UNTESTED:
                found = {reason.kind for reason in cell.reasons}
                kinds.setdefault(cell.name, set()).update(found)
        return kinds

    @cached_property
    def _declares_otherwise(self) -> bool:
        """Whether the target files differ in what they give or allow."""
        return _declared(self.again.target) != _declared(self.after.target)


def judged_alike(older: Declaration, newer: Declaration) -> bool:
    """Whether two target files give the same verdicts on every log.

    They may differ in name and address, which no verdict depends on: the embedded server has a new
    port in each run.
    """
    return replace(older, name=newer.name, url=newer.url) == newer


def _declared(target: Declaration) -> tuple[Any, ...]:
    """What a target file gives and allows, without ids and addresses that differ each time."""
    triggers = sorted((trigger.operation, trigger.code) for trigger in target.triggers)
    provided = (target.keys, target.allow, sorted(target.businesses), sorted(target.inputs))
    return (*provided, triggers, target.clock is None, len(target.addresses), target.maximum)


def _wrong_parts(run: Run) -> set[str]:
    """The parts of the target file that the first look of a run found to be wrong."""
    return {remark.about for remark in run.setup if remark.state is State.MEND}


def _verdicts(cells: Iterable[Cell]) -> dict[str, Verdict]:
    """The verdicts of some cells, by name."""
    return {cell.name: cell.verdict for cell in cells}


def _unselected(run: Run) -> set[str]:
    """The names of the cells that were not selected."""
    return {cell.name for cell in run.cells if not cell.chosen}


def _change(old: Verdict | None, new: Verdict | None) -> Change:
    """How a cell changed; the first case that fits decides. The two verdicts differ."""
    found = Change.OTHER
    match old, new:
        case _, Verdict.FAILED:
            found = Change.BROKEN
        case _, None:
            found = Change.GONE
        case None, _:
            found = Change.PLANNED
        case Verdict.FAILED, Verdict.PASSED:
            found = Change.FIXED
        case _, Verdict.UNTESTED | Verdict.ERROR:
            found = Change.UNJUDGED
        case Verdict.UNTESTED | Verdict.ERROR, _:
            found = Change.JUDGED
    return found


def _causes(older: Run, newer: Run) -> tuple[tuple[Cause, ...], ...]:
    """The causes that are new, fixed and still present."""
    new = [each for each in newer.causes if not any(each.is_same(old) for old in older.causes)]
    still = [each for each in newer.causes if each not in new]
    fixed = [each for each in older.causes if not any(each.is_same(now) for now in newer.causes)]
    return tuple(new), tuple(fixed), tuple(still)
