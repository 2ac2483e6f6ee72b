"""Where on the curve a run stands: the share of known faults that so many requests show.

``python -m tests.values`` measures the curve on the reference server.
"""

from __future__ import annotations

import json
import math
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[1] / "curve.json"


@cache
def stored() -> dict[str, Any]:
    """The curve as it was last measured."""
    data: dict[str, Any] = json.loads(DATA.read_text(encoding="utf-8"))
    return data


def share_at(requests: int) -> float:
    """The share of the known faults that the first requests show, between 0 and 1."""
    points = [(0, 0.0), *((each["requests"], each["all"]) for each in stored()["points"])]
    for (fewer, low), (more, high) in pairwise(points):
        if requests <= more:
            part = math.log((requests or 1) / (fewer or 1)) / math.log(more / (fewer or 1))
            return low + (high - low) * max(0.0, part)
    return 1.0
