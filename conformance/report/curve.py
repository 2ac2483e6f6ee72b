"""Where on the curve a run stands: the share of known faults that so many requests show.

``python -m tests.values`` measures the curve on the reference server.
"""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

from conformance.base.options import Depth
from conformance.base.text import amount
from conformance.judging.coverage import OVER_BUDGET
from conformance.model import Run

DATA = Path(__file__).parents[1] / "curve.json"


@cache
def stored() -> dict[str, Any]:
    """The curve as it was last measured."""
    data: dict[str, Any] = json.loads(DATA.read_text(encoding="utf-8"))
    return data


def share_at(requests: int) -> float:
    """The share of the known faults that the first requests show, between 0 and 1.

    Between two points, it grows with the logarithm of the requests.
    """
    fewer, low = 1, 0.0
    for point in stored()["points"]:
        more, high = int(point["requests"]), float(point["all"])
        if requests <= more:
            return low + (high - low) * math.log(max(1, requests) / fewer) / math.log(more / fewer)
        fewer, low = more, high
    return 1.0


def standing(requests: int) -> str:
    """A line on how much the first requests of a run show of what a full run shows."""
    share = share_at(requests)
    return (
        f"the most valuable {amount(requests, 'request')} of a full run: they show about "
        f"{share:.0%} of the known faults that a full run shows"
    )


def remarks(run: Run) -> list[str]:
    """The line of ``standing`` for a run that sent only the most valuable requests; else none.

    None if areas, clauses or a shard were selected, for spot checks, and for other contracts.
    """
    chosen = run.selection
    if chosen is None or chosen.areas or chosen.clauses or chosen.shard or run.spread is not None:
        return []
    has_budget = any(case.gap == OVER_BUDGET for case in run.cases)
    is_part = run.depth == Depth.QUICK or has_budget
    return [standing(len(run.exchanges))] if is_part and run.contract.packaged else []
