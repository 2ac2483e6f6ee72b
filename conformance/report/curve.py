"""How much a short run shows: the share of the known faults by the number of requests, as a curve.

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
    """The share of the known faults that so many first requests show, between 0 and 1.

    Between two points of the curve, it grows with the logarithm of the number of requests.
    """
    fewer, low = 1, 0.0  # requests and share of the point before
    for point in stored()["points"]:
        more, high = int(point["requests"]), float(point["all"])
        if requests <= more:
            part = math.log(max(1, requests) / fewer)
            total = math.log(more / fewer)
            return low + (high - low) * part / total
        fewer, low = more, high
    return 1.0


def standing(requests: int) -> str:
    """A line on the share of the known faults that so many first requests of a full run show."""
    share = share_at(requests)
    return (
        f"the most valuable {amount(requests, 'request')} of a full run: they show about "
        f"{share:.0%} of the known faults that a full run shows"
    )


def remarks(run: Run) -> list[str]:
    """The line of ``standing`` if a run sent only the most valuable requests, otherwise no line.

    There is no line either if areas, clauses or a shard were selected, for spot checks, and for a
    contract that is not packaged.
    """
    chosen = run.selection
    if chosen is None or chosen.areas or chosen.clauses or chosen.shard or run.spread is not None:
        return []
    over_budget = any(case.gap == OVER_BUDGET for case in run.cases)
    is_part = run.depth == Depth.QUICK or over_budget
    return [standing(len(run.exchanges))] if is_part and run.contract.packaged else []
