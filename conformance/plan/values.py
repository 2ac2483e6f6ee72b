"""What cases are worth: the kinds of faults that are known, and which requests show each of them.

``python -m tests.values`` learns this from the fault catalogue. Only what is common to operations
counts: their actions, and the scenarios and requests that show a fault. So a fault that is known
from one operation is expected on each operation with the same action.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[1] / "values.json"
WHOLE = 0
"""The number of requests that means a whole case."""

Shares = tuple[tuple[int, float], ...]
"""The share of the cases of a scenario that show a fault, by the number of requests it takes."""


@dataclass(frozen=True)
class FaultKind:
    """Faults that the same requests show.

    ``weight`` is how many of them are known. ``shows`` has the shares of cases that show them, by
    the action of an operation and by scenario. If they are ``everywhere``, any operation shows
    them; else only the one that has the fault.
    """

    weight: float
    everywhere: bool
    shows: Mapping[str, Mapping[str, Shares]]

    def found(self, action: str, scenario: str, requests: int) -> float:
        """How likely a case shows such a fault with its first requests; all of them for WHOLE."""
        shares = self.shows.get(action, {}).get(scenario, ())
        early = [share for number, share in shares if requests == WHOLE or number <= requests]
        return min(1.0, math.fsum(early))


@dataclass(frozen=True)
class Values:
    """All kinds of faults, and the names of the scenarios of which it is known what they show."""

    kinds: tuple[FaultKind, ...]
    scenarios: frozenset[str]


@cache
def learnt() -> Values:
    """The stored values."""
    return from_data(json.loads(DATA.read_text(encoding="utf-8")))


def from_data(data: Mapping[str, Any]) -> Values:
    """Values as stored."""
    kinds = []
    for row in data["kinds"]:
        shows = {
            action: {name: tuple((n, share) for n, share in each) for name, each in by_name.items()}
            for action, by_name in row["shows"].items()
        }
        kinds.append(FaultKind(row["weight"], row["everywhere"], shows))
    return Values(tuple(kinds), frozenset(data["scenarios"]))


def as_data(values: Values) -> dict[str, Any]:
    """Values as they are stored."""
    kinds = [
        {"weight": kind.weight, "everywhere": kind.everywhere, "shows": kind.shows}
        for kind in values.kinds
    ]
    return {"scenarios": sorted(values.scenarios), "kinds": kinds}
