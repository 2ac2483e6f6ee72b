"""What the cases of a plan leave on a target that nobody can delete, and what they spend there.

The numbers of each case were measured on the reference server. Other targets may accept more, or
less. A case without data counts as leaving and spending nothing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from math import ceil
from pathlib import Path
from typing import Any

from conformance.model import Case

DATA = Path(__file__).parents[1] / "leaves.json"
MODES = ("new", "reused", "least")
"""What the three numbers of a case are for: a run that creates new objects, a run that reuses
objects of an earlier run, and the latter without its additional creations."""


@dataclass(frozen=True)
class Leaves:
    """The number of objects left by kind, and of requests that cost money by operation."""

    objects: dict[str, int]
    spent: dict[str, int]


def expected(cases: Iterable[Case], *, reuse: bool, turns: int = 1) -> Leaves:
    """What some cases leave and spend, using objects of an earlier run if ``reuse`` is set.

    With ``reuse``, additional creations are spread over ``turns`` runs, so they count as an average
    per run. Sums are rounded up.
    """
    sums: dict[str, defaultdict[str, float]] = {  # by part of the data, and then by name
        "leaves": defaultdict(float),
        "spends": defaultdict(float),
    }
    for case in cases:
        for part, counts in _measured().get(case.id, {}).items():
            for name, (new, reused, least) in counts.items():
                average_reused = least + max(0, reused - least) / turns
                sums[part][name] += average_reused if reuse else new
    return Leaves(_rounded(sums["leaves"]), _rounded(sums["spends"]))


def _rounded(counts: Mapping[str, float]) -> dict[str, int]:
    """The counts other than zero, rounded up and sorted by name."""
    return {name: ceil(count) for name, count in sorted(counts.items()) if count}


@cache
def _measured() -> dict[str, dict[str, dict[str, list[int]]]]:
    """The measured numbers by case, by part (``leaves`` or ``spends``), and by kind or operation.

    Each is a list with one number for each of MODES. Empty if the package has no data.
    """
    if not DATA.exists():
        return {}
    data: dict[str, Any] = json.loads(DATA.read_text(encoding="utf-8"))
    return data
