"""What the cases of a plan leave on a target that nobody can delete, and what they spend there.

The numbers of each case were measured on the reference server. Other targets may accept more, or
less. A case that the data lacks counts as leaving nothing.
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
"""What the numbers of a case are for: new objects, those of earlier runs, and these without any
additional creation."""


@dataclass(frozen=True)
class Leaves:
    """The number of objects left by kind, and of requests that cost money by operation."""

    objects: dict[str, int]
    spent: dict[str, int]


def expected(cases: Iterable[Case], *, reuse: bool, turns: int = 1) -> Leaves:
    """What some cases leave and spend, with objects of an earlier run if there is ``reuse``.

    Additional creations are spread over ``turns`` runs, so their numbers are averages.
    """
    sums: dict[str, defaultdict[str, float]] = {  # by part of the data, and then by name
        "leaves": defaultdict(float),
        "spends": defaultdict(float),
    }
    for case in cases:
        for part, counts in _measured().get(case.id, {}).items():
            for name, (new, reused, least) in counts.items():
                usual = least + max(0, reused - least) / turns
                sums[part][name] += usual if reuse else new
    return Leaves(_rounded(sums["leaves"]), _rounded(sums["spends"]))


def _rounded(counts: Mapping[str, float]) -> dict[str, int]:
    """Each count rounded up, by name in order, without zeros."""
    return {name: ceil(count) for name, count in sorted(counts.items()) if count}


@cache
def _measured() -> dict[str, dict[str, dict[str, list[int]]]]:
    """The measured numbers, one for each of MODES; empty where the package has no data.

    They are by case, by part (``leaves`` or ``spends``), and by kind or operation.
    """
    if not DATA.exists():
        return {}
    data: dict[str, Any] = json.loads(DATA.read_text(encoding="utf-8"))
    return data
