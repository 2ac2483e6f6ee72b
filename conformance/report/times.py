"""Response times: latency by operation, requests by scenario, and the seconds of each cell."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from statistics import quantiles

from conformance.model import PREFLIGHT, Cell, Run

MOST = 60
"""Maximum number of operations that get a bar."""


@dataclass(frozen=True)
class Latency:
    """The latency of an operation in milliseconds: number of requests, median, and p95."""

    operation: str
    requests: int
    median: float
    p95: float
    share: float  # of the highest p95 among all operations

    @property
    def median_share(self) -> float:
        """The median as a share of the highest p95 among all operations."""
        return self.share * self.median / self.p95 if self.p95 else 0


def latencies(run: Run, most: int = MOST) -> list[Latency]:
    """The latencies of at most ``most`` operations, the slowest first."""
    times: dict[str, list[float]] = defaultdict(list)
    for exchange in run.exchanges:
        if exchange.response is not None:
            times[exchange.operation].append(exchange.elapsed_ms)
    measured = {
        name: (_percentile(values, 50), _percentile(values, 95)) for name, values in times.items()
    }
    top = max((p95 for _, p95 in measured.values()), default=0) or 1
    rows = []
    for name, (median, p95) in measured.items():
        rows.append(Latency(name, len(times[name]), median, p95, p95 / top))
    rows.sort(key=lambda row: row.p95, reverse=True)
    return rows[:most]


def _percentile(values: list[float], percent: int) -> float:
    """The given percentile of some values."""
    if len(values) == 1:
        return values[0]
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def requests_by_scenario(run: Run) -> list[tuple[str, int]]:
    """The number of requests of each scenario, in descending order."""
    counts = Counter(exchange.scenario for exchange in run.exchanges)
    counts.pop(PREFLIGHT, None)
    return counts.most_common()


def seconds_by_cell(run: Run) -> dict[str, float]:
    """The seconds of each cell, by name. They add up to those of all exchanges that cells use.

    The time of an exchange is shared equally by the cells that use it and that its case was planned
    for. If there are none, it is shared by all cells that use it.
    """
    rules_of = {case.id: frozenset(case.rules) for case in run.cases}
    # by id of an exchange, the cells that use it, and those of them that its case was planned for
    users: dict[str, list[Cell]] = defaultdict(list)
    planned: dict[str, list[Cell]] = defaultdict(list)
    for cell in run.cells:
        rules = run.contract.clauses[cell.clause].rules
        for exchange in run.exchanges_of(cell.exchanges):
            users[exchange.id].append(cell)
            planned_rules = rules_of.get(exchange.case, frozenset())
            if not planned_rules.isdisjoint(rules):
                planned[exchange.id].append(cell)
    seconds = {cell.name: 0.0 for cell in run.cells}
    for exchange_id, cells in users.items():
        sharing = planned[exchange_id] or cells
        share = run.exchange[exchange_id].elapsed_ms / 1000 / len(sharing)
        for cell in sharing:
            seconds[cell.name] += share
    return seconds
