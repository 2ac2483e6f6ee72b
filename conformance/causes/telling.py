"""Selects the exchanges that show a cause best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from conformance.causes.groups import Group, Sighting
from conformance.model import Cause, Exchange, Finding, KeyName, Role, Run

FEW = 3
"""Exchanges shown for a finding that needs several."""


def plainest(group: Group, exchanges: Mapping[str, Exchange]) -> Finding:
    """The main finding of a group as its plainest exchanges show it.

    It has the clause of ``group.finding``. Exchanges with the key full are preferred, then those
    with less wrong in the request, then the shortest.
    """
    main = group.finding
    alike = [one for one in group.sightings if _is_like(main, one.finding)]
    best = min(alike, key=lambda one: _plainness(one, exchanges))
    return replace(best.finding, exchanges=best.names)


def _is_like(main: Finding, other: Finding) -> bool:
    """Whether another finding says the same as the main one: its clause, rule and expectation."""
    said = [(each.clause, each.rule, each.expected[:1]) for each in (main, other)]
    return said[0] == said[1]


def _plainness(one: Sighting, exchanges: Mapping[str, Exchange]) -> tuple[int, int, int]:
    """The sort key of a sighting: keys other than full, mistakes in requests, and length."""
    shown = [exchanges[name] for name in one.names if name in exchanges]
    others = sum(exchange.identity != KeyName.FULL for exchange in shown)
    return others, sum(_oddities(each) for each in shown), sum(_length(each) for each in shown)


def telling(run: Run, cause: Cause) -> list[Exchange]:
    """The few exchanges that show a cause best, in log order."""
    return best(run.exchanges_of(ids_of_telling(cause)))


def ids_of_telling(cause: Cause) -> tuple[str, ...]:
    """The ids of the exchanges of its main finding; a single one if that shows it on its own."""
    finding = cause.finding
    return finding.exchanges[:1] if finding.apart else finding.exchanges


def best(exchanges: list[Exchange], few: int = FEW) -> list[Exchange]:
    """The first few exchanges, preferring probes, in order."""
    probes_first = sorted(exchanges, key=lambda exchange: exchange.role is not Role.PROBE)
    return sorted(probes_first[:few], key=exchanges.index)


def _oddities(exchange: Exchange) -> int:
    """How many things are odd about a request."""
    facts = exchange.facts
    return sum(bool(each) for each in (facts.mistake, facts.odd, facts.flaw, facts.form))


def _length(exchange: Exchange) -> int:
    """The size of an exchange: its URL and its bodies."""
    bodies = [exchange.request.body, exchange.response.body if exchange.response else None]
    return len(exchange.request.url) + sum(body.size for body in bodies if body)
