"""Earlier comparable runs, as summarized in the history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from conformance.model.judgement import Cause


class Transition(StrEnum):
    """How a cause compares with earlier runs."""

    NEW = "new"
    STILL = "still there"
    BACK = "back again"


@dataclass(frozen=True)
class Past:
    """An earlier run: its name, when it ended, its target and scope, and its findings.

    ``causes`` has a description for each id, and ``broken`` the names of the first cells with
    findings. ``parts`` are the ids of causes in several operations, in each of these alone.
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
    broken: tuple[str, ...] = ()

    parts: tuple[str, ...] = ()

    def ids_of(self, cause: Cause) -> set[str]:
        """The ids by which the run had a cause of a later run; empty if it did not have it.

        A cause that has spread or was fixed in part has another id, but shares an operation.
        """
        ids = {cause.id, *cause.parts}
        if ids.isdisjoint([*self.causes, *self.parts]):
            return set()
        return self.causes.keys() & {cause.family, *ids}


def transition(cause: Cause, past: Sequence[Past]) -> Transition | None:
    """How a cause compares with earlier runs; None if there are none."""
    if not past:
        return None
    if past[-1].ids_of(cause):
        return Transition.STILL
    if any(earlier.ids_of(cause) for earlier in past):
        return Transition.BACK
    return Transition.NEW


def flips(broken: Sequence[Collection[str]]) -> dict[str, int]:
    """How often each cell changed between broken and not broken, for cells that did at least twice.

    ``broken`` has the names of the broken cells of each run. Changing once is not instability.
    """
    changes = Counter[str]()
    for before, after in pairwise(broken):
        changes.update(set(before) ^ set(after))
    return {name: count for name, count in changes.most_common() if count > 1}
