"""Judges of rate limits: how many requests they let pass, from where, and when again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import wraps
from itertools import chain, filterfalse
from operator import attrgetter
from typing import Any

from conformance.base.values import http_date
from conformance.judging import rules
from conformance.judging.outcomes import Gap, JudgeContext, Outcome, Pass, Trial, Violation
from conformance.judging.responses import code_of, ids_of, pointer, refusal, said
from conformance.judging.rules import USABLE, passive, trial
from conformance.model import (
    Clause,
    CodeRole,
    Contract,
    Exchange,
    Operation,
    Rate,
    ReasonKind,
    Step,
    compact,
)
from conformance.reading import soon

NEEDS_LIMIT = "Needs a run that reaches the limit first."
TOO_LONG, LONGEST_WAIT = 2, 12
"""How many windows a client may be asked to wait, and how many digits of the seconds are read."""
REACHED = (
    "The other addresses had reached their limits before, as after an earlier run: "
    "wait, or give more (addresses: in the target file)"
)


@dataclass(frozen=True)
class Burst:
    """Counted requests from one fresh address, in order."""

    exchanges: tuple[Exchange, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the requests."""
        return ids_of(self.exchanges)

    @property
    def accepted(self) -> list[Exchange]:
        """The requests that were accepted; one that failed need not count towards a limit."""
        return list(filter(_accepted, self.exchanges))

    @property
    def limited(self) -> Exchange | None:
        """The first request that was refused by the limit; None if none was."""
        return next(filter(_limited, self.exchanges), None)

    @property
    def failed(self) -> Exchange | None:
        """The first request that failed for another reason than the limit; None if none did."""
        others = filterfalse(_limited, self.exchanges)
        return next(filterfalse(_accepted, others), None)

    def exceeds(self, rate: Rate) -> bool:
        """Whether there are more requests than a limit allows."""
        return len(self.exchanges) > rate.requests

    def first(self, count: int) -> Burst:
        """The first requests of the burst."""
        return Burst(self.exchanges[:count])


def _bursts(trial: Trial, rate: Rate) -> list[Burst]:
    """The bursts of a trial, one for each address.

    Without addresses all requests come from one: each burst has one more than the limit allows.
    """
    bursts: dict[Any, tuple[Exchange, ...]] = defaultdict(tuple)
    for number, exchange in enumerate(trial.at(Step.COUNT)):
        address = exchange.facts.address
        bursts[address or number // (rate.requests + 1)] += (exchange,)
    return list(map(Burst, bursts.values()))


def _limited(exchange: Exchange) -> bool:
    """Whether a request was refused by a limit."""
    return exchange.status == 429


def _accepted(exchange: Exchange) -> bool:
    """Whether a request was accepted."""
    return exchange.ok


def _failure(bursts: list[Burst]) -> Gap | None:
    """Why a count proves nothing: a request failed for another reason than the limit.

    None if no request did.
    """
    failed = next(filter(None, map(attrgetter("failed"), bursts)), None)
    if failed is None:
        return None
    return Gap(
        f"The requests up to the limit must succeed, but {failed.id} was answered: {said(failed)}",
        ReasonKind.OWN_LIMIT,
    )


def _in_time(judge: rules.TrialJudge) -> rules.TrialJudge:
    """A judge of what comes after the clock was moved: a gap where the target did not move it."""

    @wraps(judge)
    def judged(context: JudgeContext, trial: Trial) -> Iterable[Outcome]:
        failed = next(filterfalse(_accepted, trial.at(Step.TICK)), None)
        if failed is None:
            return judge(context, trial)
        reason = f"{failed.id}, which moves the clock, was answered: {said(failed)}"
        return [Gap(f"{reason} (clock: in the target file)", ReasonKind.PROVIDE)]

    return judged


@trial("rate.allowance")
@_in_time
def rate_allowance(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """The limit does not refuse a request that stays within it."""
    rate = context.operation.rate
    if rate is None:
        return
    bursts = _bursts(trial, rate)
    if not bursts:
        return
    within = [burst.first(rate.requests) for burst in bursts]
    limits = list(map(attrgetter("limited"), within))
    limited = limits[0]
    if limited is None or None in limits:
        yield _failure(bursts) or Pass(within[0].ids)
        return
    number = within[0].exchanges.index(limited) + 1
    expected = f"{rate.requests} requests to be accepted"
    actual = f"request {number} from a fresh address: {said(limited)}"
    yield Violation("status", expected, actual, within[0].ids)


@trial("rate.limit")
def rate_limit(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A request beyond the limit is refused as too many."""
    rate = context.operation.rate
    if rate is None:
        return
    bursts = _bursts(trial, rate)
    if not bursts:
        return
    limited = next(filter(None, map(attrgetter("limited"), bursts)), None)
    if limited is None:
        yield _not_met(context, rate, bursts)
    else:
        yield _met(context, rate, bursts, limited)


def _met(context: JudgeContext, rate: Rate, bursts: list[Burst], limited: Exchange) -> Outcome:
    """Judge a limit that refused a request: whether it came too late, and with which code.

    One burst may see the end of a window and get more than the limit allows; two cannot.
    """
    over = [burst for burst in bursts if len(burst.accepted) > rate.requests]
    if len(over) > 1:
        expected = f"at most {rate.requests} accepted from one address within {rate.seconds} s"
        first, second = over[:2]
        actual = f"{len(first.accepted)} and {len(second.accepted)} requests were accepted"
        ids = ids_of(chain.from_iterable(map(attrgetter("exchanges"), over)))
        return Violation("status", expected, actual, ids)
    code = code_of(context.contract, limited)
    codes = context.contract.codes_of(CodeRole.RATE_LIMITED)
    if code is None or code in codes:
        return Pass((limited.id,), without_code=code is None)
    where = pointer(context.contract.code_pointer)
    return Violation(where, " or ".join(codes), said(limited), (limited.id,))


def _not_met(context: JudgeContext, rate: Rate, bursts: list[Burst]) -> Outcome:
    """Judge bursts in which no request was refused by the limit.

    A single burst may see the end of a window, so two must get more than the limit allows.
    """
    over = [each.accepted[rate.requests] for each in bursts if len(each.accepted) > rate.requests]
    if len(over) > 1:
        expected = f"429 for request {rate.requests + 1} within {rate.seconds} s"
        return Violation("status", expected, said(over[0]), ids_of(over))
    beyond = [burst.exchanges[rate.requests] for burst in bursts if burst.exceeds(rate)]
    failure = bursts[0].first(rate.requests).failed
    others = list(filterfalse(_accepted, beyond))
    # a sign-up may want a payment before it counts
    if failure is None and others and others[0].status != 402:
        return refusal(context, others[0], (CodeRole.RATE_LIMITED,))
    return _failure(bursts) or Gap(
        "A request beyond the limit was accepted. A second fresh address is needed to confirm it."
    )


def _after_limit(trial: Trial, step: Step) -> list[Exchange]:
    """The requests of a later step; none if the limit was never met."""
    if not any(map(_limited, trial.at(Step.COUNT))):
        return []
    return trial.at(step)


def _open(trial: Trial, step: Step, expected: str) -> Iterator[Outcome]:
    """Judge that the limit does not refuse the requests of a later step.

    Some of them may be refused, as a busy server may do; all must be for a finding.
    """
    exchanges = _after_limit(trial, step)
    if exchanges and all(map(_limited, exchanges)):
        yield Violation("status", expected, said(exchanges[0]), ids_of(exchanges))
    elif any(map(_accepted, exchanges)):
        yield Pass(ids_of(exchanges))


@trial("rate.window", hint=NEEDS_LIMIT, rests_on=("rate.limit", *USABLE))
@_in_time
def rate_window(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """Before half of the window is over, a full limit accepts few requests or none."""
    rate, exchanges = context.operation.rate, _after_limit(trial, Step.SOON)
    if rate is None:
        return
    seconds, requests = soon(rate)
    # a window may end within one series of requests, but not within two
    if len(exchanges) >= 2 * requests and all(map(_accepted, exchanges)):
        when = f"{seconds} s after {rate.requests} were accepted"
        expected = f"429 to one of {requests} requests, {when}"
        yield Violation("status", expected, said(exchanges[0]), ids_of(exchanges))
    elif any(map(_limited, exchanges)):
        yield Pass(ids_of(exchanges))


@trial("rate.evasion", hint=NEEDS_LIMIT, rests_on=("rate.limit", *USABLE))
def rate_evasion(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """The limit holds for the address of the connection, whatever a request says of itself."""
    exchanges = _after_limit(trial, Step.EVASION)
    accepted = next(filter(_accepted, exchanges), None)
    if accepted is not None:
        expected = f"429, as the address reached its limit ({_claims(accepted)})"
        yield Violation("status", expected, said(accepted), (accepted.id,))
    elif any(map(_limited, exchanges)):
        yield Pass(ids_of(exchanges))


_USUAL = (
    "accept",
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "host",
    "user-agent",
)
"""Headers that say nothing about who asks."""


def _claims(exchange: Exchange) -> str:
    """The headers by which a request pretends to be another client."""
    headers = [pair for pair in exchange.request.headers if pair[0].lower() not in _USUAL]
    return ", ".join(map(": ".join, headers))


@trial("rate.address", hint=NEEDS_LIMIT, rests_on=("rate.limit", *USABLE))
def rate_address(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """The limit of one address does not affect another address."""
    # An earlier run may have used up what another address may send. So two count that were served
    # just before, one of them once and one of them twice.
    earlier = list(map(_address, filter(_accepted, trial.at(Step.EARLIER))))
    elsewhere = _after_limit(trial, Step.ELSEWHERE)
    if any(map(_accepted, elsewhere)):
        yield Pass(ids_of(elsewhere))
    elif len(elsewhere) > 1 and all(map(_limited, elsewhere)):
        served = [earlier.count(_address(exchange)) for exchange in elsewhere]
        if served == list(range(1, len(elsewhere) + 1)):
            expected = "no 429 from another address, which was served just before"
            yield Violation("status", expected, said(elsewhere[0]), ids_of(elsewhere))
        else:
            yield Gap(REACHED, ReasonKind.PROVIDE)


def _address(exchange: Exchange) -> str | None:
    """The local address that a request came from."""
    return exchange.facts.address


@trial("rate.reset", hint=NEEDS_LIMIT, rests_on=("rate.limit", *USABLE), confirm=True)
@_in_time
def rate_reset(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """After the window, requests are accepted again, up to the same limit."""
    rate = context.operation.rate
    if rate is None:
        return
    yield from _open(trial, Step.LATER, f"no 429 after {rate.seconds} s")
    opened = any(map(_accepted, _after_limit(trial, Step.LATER)))
    again = _after_limit(trial, Step.AGAIN)
    unlimited = len(again) >= rate.requests and all(map(_accepted, again))
    if opened and unlimited:
        expected = f"429 for request {rate.requests + 1} within the next {rate.seconds} s, too"
        yield Violation("status", expected, said(again[-1]), ids_of(again))


def _is_limited(_contract: Contract, operation: Operation, _clause: Clause) -> bool:
    """Applies where a limit is documented."""
    return operation.rate is not None


@passive("rate.retry-after", applies=_is_limited, hint=NEEDS_LIMIT)
def retry_after(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """Retry-After, if there is one, is a number of seconds or an HTTP date, and not too long."""
    response = exchange.response
    if response is None:
        return
    text = response.header("Retry-After").strip()
    wanted = _wanted_wait(context.operation.rate, text)
    if text and wanted is not None:
        yield Violation("Retry-After", wanted, compact(text), (exchange.id,))
    elif text or _limited(exchange):
        yield Pass((exchange.id,))


def _wanted_wait(rate: Rate | None, text: str) -> str | None:
    """What a waiting time should be, in words; None for one that is as it should be."""
    if not _is_waiting_time(text):
        return "a whole number of seconds, or an HTTP date"
    if rate is None or not text.isdecimal():
        return None
    too_long = int(text[:LONGEST_WAIT]) > TOO_LONG * rate.seconds
    return f"at most {rate.seconds} s, after which the limit ends" if too_long else None


def _is_waiting_time(text: str) -> bool:
    """Whether a text is a whole number, or a date as HTTP writes it."""
    return text.isdecimal() or http_date(text) is not None
