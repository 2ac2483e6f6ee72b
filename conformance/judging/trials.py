"""The exchanges of a log by case and attempt, with those that serve several cases in each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from conformance.model import Case, Exchange, Role

Trials = dict[str, dict[int, list[Exchange]]]
"""The exchanges of each attempt, by case and by the number of the attempt, in order."""
MOST_SERVED = 100
"""Cases that one request may serve. The log may be forged."""


def trials_of(exchanges: Iterable[Exchange], cases: Mapping[str, Case]) -> Trials:
    """The exchanges by case and attempt; those that were only retried are left out.

    A control that serves other cases of its operation is also in each of their attempts, in the
    order of the log.
    """
    trials: Trials = defaultdict(lambda: defaultdict(list))
    places: dict[int, int] = {}  # the place in the log, by the id() of an exchange
    serving: list[Exchange] = []
    for place, exchange in enumerate(exchanges):
        if exchange.role is Role.RETRY:
            continue
        places[id(exchange)] = place
        trials[exchange.case][exchange.attempt].append(exchange)
        if exchange.role is Role.CONTROL and exchange.facts.serves:
            serving.append(exchange)
    for exchange in serving:
        for case_id in exchange.facts.serves[:MOST_SERVED]:
            served = cases.get(case_id)
            if served is None or served.operation != exchange.operation:
                continue
            for attempt in trials.get(case_id, {}).values():
                attempt.append(exchange)
                attempt.sort(key=lambda each: places[id(each)])
    return trials


def cut_short(
    exchanges: Iterable[Exchange], cases: Mapping[str, Case]
) -> frozenset[tuple[str, int]]:
    """The attempts that were cut short, by case and number. They prove nothing as a whole.

    Such an attempt sent as many requests of its own as the plan allows, and is the first of its
    case. Requests that were sent on behalf of several cases do not count. If ``at_most`` is 0, the
    case has no limit.
    """
    sent: Counter[str] = Counter()
    for exchange in exchanges:
        if exchange.attempt == 1 and exchange.part is None:
            sent[exchange.case] += 1
    allowed = {case_id: cases[case_id].at_most for case_id in sent if case_id in cases}
    return frozenset((case_id, 1) for case_id, most in allowed.items() if 0 < most <= sent[case_id])
