"""Earlier runs of the same kind, as far as a later one remembers them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise


class Transition(StrEnum):
    """What a cause is, seen from the runs before."""

    NEW = "new"
    STILL = "still there"
    BACK = "back again"


@dataclass(frozen=True)
class Past:
    """An earlier run: its name, when it ended, what was asked, and what it found.

    ``causes`` has words for each id, and ``broken`` the first of the cells with findings, by name.
    """

    run: str
    finished: str
    target: str
    scope: str  # the depth, and what was selected
    suite: str
    contract: str  # the digest
    exit_code: int
    counts: Mapping[str, int]  # cells by verdict
    causes: Mapping[str, str] = field(default_factory=dict)
    broken: tuple[str, ...] = ()


def transition(cause: str, past: Sequence[Past]) -> Transition | None:
    """What a cause is, by its id; None if there was no run before."""
    if not past:
        return None
    if cause in past[-1].causes:
        return Transition.STILL
    if any(cause in earlier.causes for earlier in past):
        return Transition.BACK
    return Transition.NEW


def flips(broken: Sequence[Collection[str]]) -> dict[str, int]:
    """How often each cell changed between broken and not, over some runs; twice at least.

    ``broken`` holds the names of the broken cells of each run. Once is no more than a change.
    """
    changes = Counter[str]()
    for before, after in pairwise(broken):
        changes.update(set(before) ^ set(after))
    return {name: count for name, count in changes.most_common() if count > 1}
