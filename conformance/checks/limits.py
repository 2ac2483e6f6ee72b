"""Judges of rate limits: how many requests they allow, from where, and when they allow more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import wraps

from conformance.base.values import http_date
from conformance.judging import rules
from conformance.judging.bursts import Burst, bursts_of, is_limited
from conformance.judging.outcomes import Gap, JudgeContext, Outcome, Pass, Trial, Violation
from conformance.judging.responses import code_of, ids_of, pointer, quote, refusal
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
from conformance.reading import shortly, soon

NEEDS_LIMIT = "Needs a run that reaches the limit first."
TOO_LONG, LONGEST_WAIT = 2, 12
"""The most windows that a client may be asked to wait, and the digits of the seconds to read."""
REACHED = (
    "The other addresses had already reached their limits, perhaps in an earlier run: wait, or "
    "list more under addresses: in the target file. Otherwise they probably share one limit"
)

USED_UP = (
    "The addresses reached their limits too early, perhaps because an earlier run used them. Give "
    "a request that advances the target's clock (clock: in the target file)."
)


def _any_accepted(exchanges: Iterable[Exchange]) -> bool:
    """Whether a request was accepted."""
    return any(exchange.ok for exchange in exchanges)


def _any_limited(exchanges: Iterable[Exchange]) -> bool:
    """Whether a request was refused by a limit."""
    return any(is_limited(exchange) for exchange in exchanges)


def _all_limited(exchanges: Iterable[Exchange]) -> bool:
    """Whether every request was refused by a limit."""
    return all(is_limited(exchange) for exchange in exchanges)


def _gap_of_failure(bursts: list[Burst]) -> Gap | None:
    """The gap left by the first request that failed for a different reason than the limit.

    None if no request did.
    """
    for burst in bursts:
        failed = burst.failed
        if failed is not None:
            reason = f"The requests up to the limit must succeed, but {failed.id} was answered"
            return Gap(f"{reason}: {quote(failed)}", ReasonKind.OWN_LIMIT)
    return None


def _if_clock_moved(judge: rules.TrialJudge) -> rules.TrialJudge:
    """Wrap a judge so that it gives only a gap if the target refused to move its clock."""

    @wraps(judge)
    def judged(context: JudgeContext, trial: Trial) -> Iterable[Outcome]:
        for tick in trial.at(Step.TICK):
            if not tick.ok:
                reason = f"The target did not move its clock: {tick.id} returned {quote(tick)}"
                return [
                    Gap(f"{reason} (clock: in the target file)", ReasonKind.PROVIDE, place="clock")
                ]
        return judge(context, trial)

    return judged


@trial("rate.allowance")
@_if_clock_moved
def rate_allowance(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """The limit does not refuse a request that stays within it."""
    rate = context.operation.rate
    bursts = bursts_of(trial, rate) if rate else []
    if rate is None or not bursts:
        return
    within = [burst.first(rate.requests) for burst in bursts]
    limited = within[0].limited
    # an earlier run may have used up the limits of some addresses
    if limited is None or any(burst.limited is None for burst in within):
        yield _gap_of_failure(bursts) or Pass(within[0].ids)
        return
    if not trial.at(Step.TICK):
        yield Gap(USED_UP, ReasonKind.PROVIDE, place="clock")
        return
    number = within[0].exchanges.index(limited) + 1
    expected = f"{rate.requests} requests to be accepted"
    actual = f"request {number} from a fresh address: {quote(limited)}"
    yield Violation("status", expected, actual, within[0].ids)


@trial("rate.limit")
def rate_limit(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A request beyond the limit is refused as too many."""
    rate = context.operation.rate
    bursts = bursts_of(trial, rate) if rate else []
    if rate is None or not bursts:
        return
    for burst in bursts:
        if burst.limited is not None:
            yield _judge_met(context, rate, bursts, burst.limited)
            return
    yield _judge_not_met(context, rate, bursts)


def _judge_met(
    context: JudgeContext, rate: Rate, bursts: list[Burst], limited: Exchange
) -> Outcome:
    """Judge a limit that refused a request: it did so early enough, and with a right code."""
    exceeded = _exceeded(rate, bursts)
    if exceeded is not None:
        return exceeded
    code = code_of(context.contract, limited)
    codes = context.contract.codes_of(CodeRole.RATE_LIMITED)
    if code is None or code in codes:
        return Pass((limited.id,), without_code=code is None)
    where = pointer(context.contract.code_pointer)
    return Violation(where, " or ".join(codes), quote(limited), (limited.id,))


def _judge_not_met(context: JudgeContext, rate: Rate, bursts: list[Burst]) -> Outcome:
    """Judge bursts in which no request was refused by the limit.

    A request beyond the limit that was refused with another status is judged as a refusal by the
    limit. There is only a gap if the first burst failed within the limit, or if nothing was refused
    and fewer than two bursts went beyond the limit.
    """
    exceeded = _exceeded(rate, bursts)
    if exceeded is not None:
        return exceeded
    refused = _refused_beyond(rate, bursts)
    failure = bursts[0].first(rate.requests).failed
    # a sign-up may require a payment before it counts
    if failure is None and refused is not None and refused.status != 402:
        return refusal(context, refused, (CodeRole.RATE_LIMITED,))
    return _gap_of_failure(bursts) or Gap(
        "A request beyond the limit was accepted. A second fresh address is needed to confirm it."
    )


def _exceeded(rate: Rate, bursts: list[Burst]) -> Violation | None:
    """A violation if two bursts got more than the limit allows; None otherwise.

    One burst proves nothing, because it may span two windows. The violation names the first
    accepted request beyond the limit in each burst.
    """
    over = [each.accepted[rate.requests] for each in bursts if len(each.accepted) > rate.requests]
    if len(over) < 2:
        return None
    # a burst that met the limit is preferred, because it shows how many requests are accepted
    longest = max(bursts, key=lambda burst: (burst.limited is not None, len(burst.accepted)))
    counts = f"{len(longest.accepted)} of {len(longest.exchanges)} were accepted"
    expected = f"429 for request {rate.requests + 1} within {rate.seconds} s ({counts})"
    return Violation("status", expected, quote(over[0]), ids_of(over))


def _refused_beyond(rate: Rate, bursts: list[Burst]) -> Exchange | None:
    """The first refusal among the requests that come directly after the limit of each burst."""
    for burst in bursts:
        within = rate.requests
        if len(burst.exchanges) > within and not burst.exchanges[within].ok:
            return burst.exchanges[within]
    return None


def _after_limit(trial: Trial, step: Step) -> list[Exchange]:
    """The requests of a later step; none if the limit was never met."""
    if not _any_limited(trial.at(Step.COUNT)):
        return []
    return trial.at(step)


def _judge_open_again(trial: Trial, step: Step, expected: str) -> Iterator[Outcome]:
    """Judge that a limit that was met does not refuse all requests of a later step.

    A busy server may refuse some of them. ``expected`` words the violation.
    """
    exchanges = _after_limit(trial, step)
    if exchanges and _all_limited(exchanges):
        yield Violation("status", expected, quote(exchanges[0]), ids_of(exchanges))
    elif _any_accepted(exchanges):
        yield Pass(ids_of(exchanges))


@trial("rate.window", hint=NEEDS_LIMIT, rests_on=("rate.limit", *USABLE))
@_if_clock_moved
def rate_window(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """Before half of the window is over, a full limit accepts few requests or none."""
    rate, exchanges = context.operation.rate, _after_limit(trial, Step.SOON)
    if rate is None:
        return
    # after how many seconds, and how many requests in a series
    if exchanges:
        seconds, requests = soon(rate)
    else:
        exchanges = _after_limit(trial, Step.SHORTLY)
        seconds, requests = shortly(rate)
    filled = all(len(burst.accepted) >= rate.requests for burst in bursts_of(trial, rate))
    # a window may end within one series of requests, but not within two
    if filled and len(exchanges) >= 2 * requests and all(exchange.ok for exchange in exchanges):
        when = f"{seconds} s after {rate.requests} were accepted"
        expected = f"429 to one of {requests} requests, {when}"
        yield Violation("status", expected, quote(exchanges[0]), ids_of(exchanges))
    elif _any_limited(exchanges):
        yield Pass(ids_of(exchanges))


@trial("rate.evasion", hint=NEEDS_LIMIT, rests_on=("rate.limit", *USABLE))
def rate_evasion(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """The limit holds for the address of the connection, whatever a request claims."""
    exchanges = _after_limit(trial, Step.EVASION)
    for exchange in exchanges:
        if exchange.ok:
            expected = f"429, as the address reached its limit ({_claims(exchange)})"
            yield Violation("status", expected, quote(exchange), (exchange.id,))
            return
    if _any_limited(exchanges):
        yield Pass(ids_of(exchanges))


_NEUTRAL_HEADERS = (
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
    headers = exchange.request.headers
    claims = [(name, value) for name, value in headers if name.lower() not in _NEUTRAL_HEADERS]
    return ", ".join(f"{name}: {value}" for name, value in claims)


@trial("rate.address", hint=NEEDS_LIMIT, rests_on=("rate.limit", *USABLE))
def rate_address(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """The limit of one address does not affect another address."""
    # An earlier run may have used up the allowance of another address. So the finding needs two
    # addresses that were served just before, one of them once and the other twice.
    earlier = [exchange.facts.address for exchange in trial.at(Step.EARLIER) if exchange.ok]
    elsewhere = _after_limit(trial, Step.ELSEWHERE)
    if _any_accepted(elsewhere):
        yield Pass(ids_of(elsewhere))
    elif len(elsewhere) > 1 and _all_limited(elsewhere):
        times_served = [earlier.count(exchange.facts.address) for exchange in elsewhere]
        if times_served == [1, 2]:
            expected = "no 429 from another address, which was served just before"
            yield Violation("status", expected, quote(elsewhere[0]), ids_of(elsewhere))
        else:
            yield Gap(REACHED, ReasonKind.PROVIDE)


@trial("rate.reset", hint=NEEDS_LIMIT, rests_on=("rate.limit", *USABLE), confirm=True)
@_if_clock_moved
def rate_reset(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """After the window, requests are accepted again, up to the same limit."""
    rate = context.operation.rate
    if rate is None:
        return
    yield from _judge_open_again(trial, Step.LATER, f"no 429 after {rate.seconds} s")
    opened = _any_accepted(_after_limit(trial, Step.LATER))
    again = _after_limit(trial, Step.AGAIN)
    unlimited = len(again) >= rate.requests and all(exchange.ok for exchange in again)
    if opened and unlimited:
        expected = f"429 for request {rate.requests + 1} within the next {rate.seconds} s, too"
        yield Violation("status", expected, quote(again[-1]), ids_of(again))


def _has_limit(_contract: Contract, operation: Operation, _clause: Clause) -> bool:
    """Applies where a limit is documented."""
    return operation.rate is not None


@passive("rate.retry-after", applies=_has_limit, hint=NEEDS_LIMIT)
def retry_after(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """Retry-After, if sent, is a number of seconds or an HTTP date, and not too far ahead."""
    response = exchange.response
    if response is None:
        return
    text = response.header("Retry-After").strip()
    wanted = _wanted_wait(context.operation.rate, text) if text else None
    if wanted is not None:
        yield Violation("Retry-After", wanted, compact(text), (exchange.id,))
    elif text or is_limited(exchange):
        yield Pass((exchange.id,))


def _wanted_wait(rate: Rate | None, text: str) -> str | None:
    """What Retry-After should be, in words; None for a correct ``text``."""
    if not text.isdecimal() and http_date(text) is None:
        return "a whole number of seconds, or an HTTP date"
    if rate is None or not text.isdecimal():
        return None
    first_digits = text[:LONGEST_WAIT]  # enough to tell that a number is too high
    too_long = int(first_digits) > TOO_LONG * rate.seconds
    return f"at most {rate.seconds} s, the length of the window" if too_long else None
