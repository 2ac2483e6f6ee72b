"""Selects the exchanges that show a cause best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from conformance.causes.groups import Group
from conformance.model import Cause, Exchange, Finding, KeyName, Role, Run

FEW = 3
"""Exchanges shown for a finding that needs several."""


def plainest(group: Group, exchanges: Mapping[str, Exchange]) -> Finding:
    """The main finding of a group as its plainest exchanges show it.

    It has the clause of ``group.finding``. Exchanges that show just what the group is named after
    are preferred, then those with its oddity, with the key full, with less wrong in the request,
    and the shortest.
    Except for its status, a finding quotes the response to the first of its exchanges, so no other
    one can take its place.
    """
    main = group.finding
    said = (main.clause, main.rule, main.expected[:1])
    alike = [
        one
        for one in group.sightings
        if (one.finding.clause, one.finding.rule, one.finding.expected[:1]) == said
        and (one.finding.where == "status" or one.names[:1] == one.finding.exchanges[:1])
    ]
    key = replace(group.key, kind="")
    plainness = {names: _plainness(names, exchanges) for names in {one.names for one in alike}}
    best_one = min(
        alike,
        key=lambda one: (one.key != key, one.key.flaw != key.flaw, plainness[one.names]),
        default=None,
    )
    if best_one is None:
        return main
    return quoted(best_one.finding, best_one.names, exchanges)


def quoted(finding: Finding, names: Sequence[str], exchanges: Mapping[str, Exchange]) -> Finding:
    """A finding as some of its exchanges show it, of which the first is quoted.

    A finding on a status quotes one response. Of another one, only the status is known.
    """
    shown = exchanges.get(names[0]) if names else None
    is_other = tuple(names[:1]) != finding.exchanges[:1]
    if shown is None or finding.where != "status" or not is_other:
        return replace(finding, exchanges=tuple(names))
    return replace(finding, exchanges=tuple(names), actual=f"{shown.status}")


def in_cause(run: Run, cause: Cause, finding: Finding) -> Finding:
    """A finding as the exchanges of a cause show it. Others may belong to another cause."""
    if not finding.apart:
        return finding
    names = [name for name in finding.exchanges if name in cause.exchanges]
    return quoted(finding, names, run.exchange)


def _plainness(
    names: tuple[str, ...], exchanges: Mapping[str, Exchange]
) -> tuple[int, int, int, int]:
    """The sort key of exchanges: keys other than full, mistakes in requests, filters, length."""
    others = mistakes = filters = length = 0
    for exchange in [exchanges[name] for name in names if name in exchanges]:
        facts, response = exchange.facts, exchange.response
        others += exchange.identity != KeyName.FULL
        mistakes += sum(bool(each) for each in (facts.mistake, facts.odd, facts.flaw, facts.form))
        filters += len(facts.filters)
        bodies = [exchange.request.body, response.body if response else None]
        length += len(exchange.request.url) + sum(body.size for body in bodies if body)
    return others, mistakes, filters, length


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
    return finding.exchanges[:1] if finding.apart else finding.exchanges


def best(exchanges: list[Exchange], few: int = FEW) -> list[Exchange]:
    """The last exchange, which decides, and the first few others, preferring probes, in order."""
    probes_first = sorted(exchanges[:-1], key=lambda exchange: exchange.role is not Role.PROBE)
    return sorted([*probes_first[: few - 1], *exchanges[-1:]], key=exchanges.index)
