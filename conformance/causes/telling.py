"""Selects the exchanges that show a cause best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from conformance.causes.groups import Group
from conformance.causes.sightings import Sighting
from conformance.model import Cause, Exchange, Finding, KeyName, Role, Run

FEW = 3
"""Maximum number of exchanges shown for a finding that needs several."""


def plainest(group: Group, exchanges: Mapping[str, Exchange]) -> Finding:
    """The main finding of a group as its plainest exchanges show it.

    It has the clause of ``group.finding``. Exchanges that show exactly the key of the group are
    preferred, then those with its flaw, with the API key full, with less wrong in the request,
    reads, and the shortest. A finding that is not on the status quotes the response to the first of
    its exchanges, so that exchange must stay the first.
    """
    main = group.finding

    def is_like_main(sighting: Sighting) -> bool:
        finding = sighting.finding
        if (finding.clause, finding.rule) != (main.clause, main.rule):
            return False
        if finding.expected[:1] != main.expected[:1]:  # for a status, its class, such as 4xx
            return False
        keeps_first_exchange = sighting.exchange_ids[:1] == finding.exchanges[:1]
        return finding.where == "status" or keeps_first_exchange

    alike = [sighting for sighting in group.sightings if is_like_main(sighting)]
    key = replace(group.key, kind="")
    figures = {
        names: _plainness_of_all(names, exchanges)
        for names in {sighting.exchange_ids for sighting in alike}
    }
    plainest_sighting = min(
        alike,
        key=lambda sighting: (
            sighting.own_key != key,
            sighting.own_key.flaw != key.flaw,
            figures[sighting.exchange_ids],
        ),
        default=None,
    )
    if plainest_sighting is None:
        return main
    return with_exchanges(plainest_sighting.finding, plainest_sighting.exchange_ids, exchanges)


def with_exchanges(
    finding: Finding, names: Sequence[str], exchanges: Mapping[str, Exchange]
) -> Finding:
    """A finding with only some of its exchanges, of which it quotes the first.

    If it is about the status and quotes another response, it gets the bare status of the first
    exchange instead.
    """
    first = exchanges.get(names[0]) if names else None
    is_quoted = tuple(names[:1]) == finding.exchanges[:1]
    if first is None or finding.where != "status" or is_quoted:
        return replace(finding, exchanges=tuple(names))
    return replace(finding, exchanges=tuple(names), actual=f"{first.status}")


def in_cause(run: Run, cause: Cause, finding: Finding) -> Finding:
    """A finding as the exchanges of a cause show it.

    If each of its exchanges shows it on its own, some of them may belong to another cause.
    """
    if not finding.apart:
        return finding
    names = [name for name in finding.exchanges if name in cause.exchanges]
    return with_exchanges(finding, names, run.exchange)


def _plainness_of_all(names: tuple[str, ...], exchanges: Mapping[str, Exchange]) -> tuple[int, ...]:
    """The sort key of several exchanges: the total of each of the five figures of ``plainness``."""
    figures = [plainness(exchanges[name]) for name in names if name in exchanges]
    return tuple(sum(column) for column in zip(*figures, strict=True))


def plainness(exchange: Exchange) -> tuple[int, ...]:
    """The sort key of one exchange: another API key than full, odd labels, filters, write, length.

    Lower is plainer.
    """
    facts, response = exchange.facts, exchange.response
    has_other_key = exchange.identity != KeyName.FULL
    odd_labels = [each for each in (facts.mistake, facts.odd, facts.flaw, facts.form) if each]
    is_write = exchange.request.method != "GET"
    bodies = [exchange.request.body, response.body if response else None]
    length = len(exchange.request.url) + sum(body.size for body in bodies if body)
    return int(has_other_key), len(odd_labels), len(facts.filters), int(is_write), length


def telling(run: Run, cause: Cause) -> list[Exchange]:
    """The few exchanges that show a cause best, in log order.

    They are from the first attempt of a case, and from its first round if it repeats its steps. But
    if only one exchange is in that attempt, the finding compares attempts, so all exchanges count.
    """
    exchanges = run.exchanges_of(ids_of_telling(cause))
    if not exchanges:
        return []
    first_attempt = (exchanges[0].case, exchanges[0].attempt)
    in_first_attempt = [each for each in exchanges if (each.case, each.attempt) == first_attempt]
    shown = _first_round(in_first_attempt) if len(in_first_attempt) > 1 else exchanges
    return best(shown, cause.finding)


def _first_round(exchanges: list[Exchange]) -> list[Exchange]:
    """The exchanges of a case before its first step comes again, which begins a second round.

    All of them if that step never comes again, or comes again at once.
    """
    steps = [(each.operation, each.facts.step) for each in exchanges]
    beginnings = [place for place, step in enumerate(steps) if step == steps[0]]
    if len(beginnings) <= 1:
        return exchanges
    _, repetition, *_ = beginnings
    return exchanges if repetition == 1 else exchanges[:repetition]


def ids_of_telling(cause: Cause) -> tuple[str, ...]:
    """The ids of the exchanges of the main finding; only the first if that shows it on its own."""
    finding = cause.finding
    return finding.exchanges[:1] if finding.apart else finding.exchanges


def best(
    exchanges: list[Exchange], finding: Finding | None = None, few: int = FEW
) -> list[Exchange]:
    """The last exchange, which decides, and the first few others, in order.

    Probes are preferred. For a finding that is not on the status, requests of the operation that it
    blames come before them.
    """
    blamed = finding.operation if finding and finding.where != "status" else ""
    others = sorted(
        exchanges[:-1],
        key=lambda each: (each.operation != blamed, each.role is not Role.PROBE),
    )
    return sorted([*others[: few - 1], *exchanges[-1:]], key=exchanges.index)
