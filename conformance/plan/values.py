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
"""Pairs of a number of requests, and the share of a scenario's cases that show a fault with it.

A case counts only for the smallest number with which it shows the fault. The shares add up to at
most 1.
"""


@dataclass(frozen=True)
class FaultKind:
    """Faults that the same requests show.

    ``weight`` is how many of them are known. ``shows`` has the shares of cases that show them, by
    the action of an operation and then by scenario. If ``everywhere`` is true, any operation shows
    such a fault; else only the operation that has it.
    """

    weight: float
    everywhere: bool
    shows: Mapping[str, Mapping[str, Shares]]

    def chance(self, action: str, scenario: str, requests: int) -> float:
        """How likely a case shows such a fault with its first ``requests``; WHOLE means all."""
        shares = self.shows.get(action, {}).get(scenario, ())
        in_time = [share for number, share in shares if requests == WHOLE or number <= requests]
        return min(1.0, math.fsum(in_time))


@dataclass(frozen=True)
class Values:
    """All kinds of faults, and the names of the scenarios whose faults are known."""

    kinds: tuple[FaultKind, ...]
    scenarios: frozenset[str]


@cache
def learnt() -> Values:
    """The values that the package has learned from the fault catalogue."""
    return from_data(json.loads(DATA.read_text(encoding="utf-8")))


def from_data(data: Mapping[str, Any]) -> Values:
    """Values, read from the JSON data in which they are stored."""
    kinds = []
    for row in data["kinds"]:
        shows: dict[str, dict[str, Shares]] = {}
        for action, by_scenario in row["shows"].items():
            shows[action] = {
                scenario: tuple((number, share) for number, share in shares)
                for scenario, shares in by_scenario.items()
            }
        kinds.append(FaultKind(row["weight"], row["everywhere"], shows))
    return Values(tuple(kinds), frozenset(data["scenarios"]))


def as_data(values: Values) -> dict[str, Any]:
    """Values as the JSON data in which they are stored; ``from_data`` reads it."""
    kinds = [
        {"weight": kind.weight, "everywhere": kind.everywhere, "shows": kind.shows}
        for kind in values.kinds
    ]
    return {"scenarios": sorted(values.scenarios), "kinds": kinds}
