"""Response times: requests and latency by operation, and requests by scenario."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import quantiles

from markupsafe import Markup

from conformance.base.text import amount
from conformance.model import PREFLIGHT, Run

BAR, HEIGHT = 9, 40
"""The width of a bar with its gap, and the height of the highest bar, in pixels."""
MOST = 120
"""Operations that get a bar."""


@dataclass(frozen=True)
class Latency:
    """The latency of an operation in milliseconds: number of requests, median, and p95."""

    operation: str
    requests: int
    median: float
    p95: float


def strip(rows: Sequence[Latency]) -> Markup:
    """A bar for each operation as SVG: it is as high as the p95, its dark part as the median."""
    top = max((row.p95 for row in rows), default=0) or 1
    width = BAR * len(rows)
    label = f"Latency of {amount(len(rows), 'operation')}, up to {top:.1f} ms"
    return Markup(  # noqa: S704 - our own numbers and words
        f'<svg class="latency" role="img" aria-label="{label}" width="{width}" height="{HEIGHT}" '
        f'viewBox="0 0 {width} {HEIGHT}">'
        f'<path class="p95" d="{_bars([row.p95 / top for row in rows])}"/>'
        f'<path class="p50" d="{_bars([row.median / top for row in rows])}"/></svg>'
    )


def _bars(shares: Iterable[float]) -> str:
    """Bars from left to right as an SVG path; each has a share of the height."""
    bars = []
    for place, share in enumerate(shares):
        height = max(1, round(HEIGHT * share))
        bars.append(f"M{BAR * place} {HEIGHT}v-{height}h{BAR - 2}v{height}z")
    return "".join(bars)


def latencies(run: Run) -> list[Latency]:
    """The operations that returned a response, the slowest first."""
    times: dict[str, list[float]] = defaultdict(list)
    for exchange in run.exchanges:
        if exchange.response is not None:
            times[exchange.operation].append(exchange.elapsed_ms)
    measured = {name: (_cut(values, 50), _cut(values, 95)) for name, values in times.items()}
    rows = []
    for name, (median, p95) in measured.items():
        rows.append(Latency(name, len(times[name]), median, p95))
    rows.sort(key=lambda row: row.p95, reverse=True)
    return rows[:MOST]


def _cut(values: list[float], percent: int) -> float:
    """The given percentile of some values."""
    if len(values) == 1:
        return values[0]
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def requests_by_scenario(run: Run) -> list[tuple[str, int]]:
    """The number of requests of each scenario, in descending order."""
    counts = Counter(exchange.scenario for exchange in run.exchanges)
    counts.pop(PREFLIGHT, None)
    return counts.most_common()
