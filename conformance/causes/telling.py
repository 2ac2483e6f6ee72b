"""Selects the exchanges that show a cause best."""

from __future__ import annotations

from conformance.model import Cause, Exchange, Role, Run

FEW = 3
"""Exchanges shown for a finding that needs several."""


def telling(run: Run, cause: Cause) -> list[Exchange]:
    """The few exchanges that show a cause best, in log order.

    They are from one attempt of a case, unless the finding compares attempts.
    """
    exchanges = run.exchanges_of(ids_of_telling(cause))
    attempts = [(each.case, each.attempt) for each in exchanges]
    first = [each for each, at in zip(exchanges, attempts, strict=True) if at == attempts[0]]
    return best(_first_round(first) if len(first) > 1 else exchanges)


def _first_round(exchanges: list[Exchange]) -> list[Exchange]:
    """The exchanges up to the point where a case that repeats several steps begins again."""
    steps = [(each.operation, each.facts.step) for each in exchanges]
    again = [place for place, step in enumerate(steps) if step == steps[0]]
    alike = again[1] if len(again) > 1 else len(exchanges)
    return exchanges if alike == 1 else exchanges[:alike]


def ids_of_telling(cause: Cause) -> tuple[str, ...]:
    """The ids of the exchanges of its main finding; a single one if that shows it on its own."""
    finding = cause.finding
    if not finding.apart:
        return finding.exchanges
    return cause.exchanges[:1] if cause.flaw else finding.exchanges[:1]


def best(exchanges: list[Exchange], few: int = FEW) -> list[Exchange]:
    """The first few exchanges, preferring probes, in order."""
    probes_first = sorted(exchanges, key=lambda exchange: exchange.role is not Role.PROBE)
    return sorted(probes_first[:few], key=exchanges.index)
