"""Earlier comparable runs, as summarized in the history, and the baseline of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import pairwise

from conformance.base.errors import Exit
from conformance.model.judgement import JUDGED, Cause

SETTLED = 2
"""The most changes of a stable cause: it appears and is fixed, or it is fixed and returns."""


class Transition(StrEnum):
    """How a cause compares with earlier runs."""

    NEW = "new"
    STILL = "still there"
    BACK = "back again"


@dataclass(frozen=True)
class Past:
    """An earlier run: its name, when it ended, its target and scope, and its causes.

    ``causes`` has a description of each cause, by its id, and ``cells`` the name of its main cell,
    which shows whether it is gone.
    ``parts`` has the ids that causes in several operations would have in each of them alone.
    ``stopped`` means that the run ended early.
    """

    run: str
    finished: str
    target: str
    scope: str  # the depth and the selection
    suite: str
    contract: str  # the digest
    exit_code: int
    counts: Mapping[str, int]  # cells by verdict
    causes: Mapping[str, str] = field(default_factory=dict)
    cells: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[str, ...] = ()
    edition: str = ""  # of the contract; lines of earlier versions have none
    stopped: bool = False

    @property
    def judged(self) -> int:
        """The number of cells that were judged on evidence, with any result."""
        return sum(self.counts.get(verdict, 0) for verdict in JUDGED)

    def main_cell(self, cause: str) -> str:
        """The name of the main cell of a cause, given by id.

        Earlier versions stored it only as the beginning of the description.
        """
        return self.cells.get(cause) or self.causes[cause].partition(" at ")[0]

    def ids_of(self, cause: Cause) -> set[str]:
        """The ids by which the run had a cause of a later run; empty if it did not have it.

        A cause that has spread or was fixed in part has another id, but shares an operation. Then
        the run may have it under the id of its family.
        """
        ids = {cause.id, *cause.parts}
        if ids.isdisjoint([*self.causes, *self.parts]):
            return set()
        return self.causes.keys() & {cause.family, *ids}


@dataclass(frozen=True)
class Baseline:
    """The stored run whose failures do not count in a later run.

    ``name`` is that of its directory, and ``new`` the number of cells that fail only in the later
    run.
    """

    name: str
    new: int


def with_carried_causes(past: Sequence[Past]) -> list[Past]:
    """The runs in order, where an inconclusive run also has the causes of the run before it.

    It did not look for all of these causes, so it does not show that they are gone. A run is
    inconclusive if it judged nothing. So is a run that ended early or with exit code 3, and judged
    fewer cells than the last conclusive one.
    """
    runs: list[Past] = []
    last_judged = 0
    for run in past:
        broke_off = run.stopped or run.exit_code == Exit.UNJUDGED
        is_inconclusive = not run.judged or (broke_off and run.judged < last_judged)
        if runs and is_inconclusive:
            runs.append(_with_causes_of(runs[-1], run))
        else:
            runs.append(run)
            last_judged = run.judged
    return runs


def _with_causes_of(before: Past, run: Past) -> Past:
    """A run that has the causes of the run before it, too."""
    return replace(
        run,
        causes={**before.causes, **run.causes},
        cells={**before.cells, **run.cells},
        parts=(*before.parts, *run.parts),
    )


def transition(cause: Cause, past: Sequence[Past]) -> Transition | None:
    """How a cause compares with earlier runs; None if there are none."""
    if not past:
        return None
    past = with_carried_causes(past)
    if past[-1].ids_of(cause):
        return Transition.STILL
    if any(earlier.ids_of(cause) for earlier in past):
        return Transition.BACK
    return Transition.NEW


def flips(causes: Sequence[Collection[str]]) -> dict[str, int]:
    """How often each unstable cause appeared or disappeared, by its id, most often first.

    ``causes`` has the ids of the causes of each run. Changing SETTLED times is not instability.
    """
    changes = Counter[str]()
    for before, after in pairwise(causes):
        changes.update(set(before) ^ set(after))
    return {cause: count for cause, count in changes.most_common() if count > SETTLED}
