"""The curve: the share of faults that the first requests of the order by value show.

``python -m tests.values`` writes it as data for the package, as a table and as a picture. A fault
counts at the first number of requests whose cases were seen to show it, each of them alone.
"""

from __future__ import annotations

import json
import math
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from conformance.plan.build import Plan
from conformance.plan.order import Step, ordered
from conformance.plan.selection import due, for_cases
from conformance.plan.values import WHOLE, Values
from conformance.report import curve as packaged
from docs.pages import table
from tests import learning
from tests.faults.faults import FAULTS
from tests.shown import Sighting, Sightings
from tests.support.contracts import real

PICTURE = Path(__file__).parents[1] / "docs" / "curve.svg"
POINTS = (100, 200, 320, 400, 700, 1000, 2000, 4000)
"""The numbers of requests at which the curve is shown."""
COLUMNS = {
    "all": "all faults",
    "shallow": "depth 1 to 3",
    "deep": "depth 4 and 5",
    "same": "same half",
    "other": "other half",
}
"""The shares at each point, by name, and their captions."""
SHALLOW = 3
"""The greatest depth of a fault that no boundary or combination is needed to see."""
NEVER = 10**9
"""The number of requests of what no step of an order shows."""
WIDTH, HEIGHT, LEFT, TOP = 560, 240, 50, 20
"""The size of the picture without its margins, and the margins."""

Reached = Mapping[str, list[tuple[int, int]]]
"""By case, where it is cut short, and after how many requests of the whole run that is."""


def write(whole: Plan, sightings: Sightings) -> None:
    """Store the curve for the package, and draw it."""
    data = measured(whole, sightings)
    packaged.DATA.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    PICTURE.write_text(svg(data), encoding="utf-8")


def measured(whole: Plan, sightings: Sightings) -> dict[str, Any]:
    """The curve as data: the order learnt from all faults, and from the other half of them."""
    seen = {name: found for name, found in sightings.items() if found}
    one, other = halves(seen)
    points = [*POINTS, sum(whole.requests().values())]
    steps = steps_learnt(whole, seen, seen)
    shallow = {name: found for name, found in seen.items() if FAULTS[name].depth <= SHALLOW}
    deep = {name: found for name, found in seen.items() if name not in shallow}
    rows = zip(
        points,
        shares(steps, seen, points),
        shares(steps, shallow, points),
        shares(steps, deep, points),
        _mean(_crossed(whole, seen, points, (one, one), (other, other))),
        _mean(_crossed(whole, seen, points, (one, other), (other, one))),
        strict=True,
    )
    named = []
    for point, *row in rows:
        columns = dict(zip(COLUMNS, row, strict=True))
        named.append({"requests": point, **{name: round(columns[name], 3) for name in COLUMNS}})
    return {"faults": len(seen), "points": named}


def halves(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """Some faults in two halves, which do not depend on what other faults there are."""
    odd: list[str] = []
    even: list[str] = []
    for name in names:
        half = odd if zlib.crc32(name.encode()) % 2 else even
        half.append(name)
    return odd, even


def _crossed(
    whole: Plan,
    seen: Sightings,
    points: Sequence[int],
    *pairs: tuple[Collection[str], Collection[str]],
) -> list[list[float]]:
    """For each pair, the shares of the second faults by the order learnt from the first ones."""
    return [
        shares(steps_learnt(whole, seen, first), {name: seen[name] for name in second}, points)
        for first, second in pairs
    ]


def _mean(rows: list[list[float]]) -> list[float]:
    return [sum(column) / len(column) for column in zip(*rows, strict=True)]


def steps_learnt(whole: Plan, seen: Sightings, names: Collection[str]) -> list[Step]:
    """The order that some faults teach."""
    values: Values = learning.learnt(whole, {name: seen[name] for name in names})
    return list(ordered(whole, real(), values, due(whole, real())))


def shares(steps: Iterable[Step], seen: Sightings, points: Sequence[int]) -> list[float]:
    """The shares of faults that an order shows within some budgets; the last has no limit."""
    reached: dict[str, list[tuple[int, int]]] = defaultdict(list)
    spent = 0
    for step in steps:
        spent += step.price
        reached[step.case].append((step.at_most, spent))
    firsts = [min(_needed(reached, each) for each in found) for found in seen.values()]
    limits = [for_cases(point) for point in points[:-1]] + [NEVER - 1]
    return [sum(first <= limit for first in firsts) / max(1, len(firsts)) for limit in limits]


def _needed(reached: Reached, sighting: Sighting) -> int:
    """The requests of the run after which all cases of a sighting have sent what it needs."""
    latest = 0
    for case, number in sighting.items():
        spent = [spent for cut, spent in reached.get(case, ()) if cut == WHOLE or number <= cut]
        latest = max(latest, min(spent, default=NEVER))
    return latest


# --- what is shown ---


def rows() -> str:
    """The curve as a table."""
    cells = [
        (f"{point['requests']:,}", *(f"{point[name]:.0%}" for name in COLUMNS))
        for point in packaged.stored()["points"]
    ]
    return table(("requests", *COLUMNS.values()), cells)


def svg(data: Mapping[str, Any]) -> str:
    """The curve as a picture, over the logarithm of requests."""
    points = data["points"]
    lines = [_line(points, "all", "#14447a", ""), _line(points, "other", "#b3541e", "6 4")]
    ticks = []
    for point in points:
        x = _x(point["requests"], points)
        ticks.append(_text(x, TOP + HEIGHT + 18, f"{point['requests']:,}", "middle"))
    for share in (0.25, 0.5, 0.75, 1):
        y = TOP + HEIGHT * (1 - share)
        ticks.append(_text(LEFT - 6, y + 4, f"{share:.0%}", "end"))
        ticks.append(f'<path d="M{LEFT} {y:.0f}h{WIDTH}" stroke="#ddd"/>')
    ticks.append(_text(LEFT + WIDTH, TOP + HEIGHT - 26, "solid: learnt from all faults", "end"))
    ticks.append(_text(LEFT + WIDTH, TOP + HEIGHT - 10, "dashed: from the other half", "end"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 40}" '
        f'height="{TOP + HEIGHT + 30}" role="img" '
        'font-family="Verdana, DejaVu Sans, sans-serif" font-size="11">\n'
        "<title>Share of faults found, by requests</title>\n"
        '<rect width="100%" height="100%" fill="#fff"/>\n'
        + "\n".join([*ticks, *lines])
        + "\n</svg>\n"
    )


def _line(points: list[dict[str, Any]], name: str, colour: str, dashes: str) -> str:
    path = " ".join(
        f"{_x(p['requests'], points):.1f},{TOP + HEIGHT * (1 - p[name]):.1f}" for p in points
    )
    return (
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2" '
        f'stroke-dasharray="{dashes}"/>'
    )


def _x(requests: int, points: list[dict[str, Any]]) -> float:
    first, last = points[0]["requests"], points[-1]["requests"]
    return LEFT + WIDTH * math.log(requests / first) / math.log(last / first)


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{text}</text>'
