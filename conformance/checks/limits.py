"""Judges of rate limits, payments and triggers."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.judging.answers import code_of, pointer, refusal, said, unusable
from conformance.judging.outcomes import Gap, JudgeContext, Outcome, Pass, Trial, Violation
from conformance.judging.rules import trial
from conformance.model import CodeRole, Exchange, Step
from conformance.reading import soon


def _limited(exchange: Exchange) -> bool:
    return exchange.response is not None and exchange.response.status == 429


def _status(exchange: Exchange) -> int | None:
    return exchange.response.status if exchange.response is not None else None


def _taken(exchange: Exchange) -> bool:
    return exchange.response is not None and exchange.response.ok


def _rounds(trial: Trial) -> list[list[Exchange]]:
    """The probes up to the limit, by the address that they came from."""
    found: dict[str, list[Exchange]] = {}
    for exchange in trial.exchanges:
        if exchange.facts.step is Step.COUNT:
            found.setdefault(exchange.facts.address or "", []).append(exchange)
    return list(found.values())


def _untaken(trial: Trial) -> Gap | None:
    """Why the count proves nothing: a request was refused for another reason than the limit."""
    for exchange in (e for counted in _rounds(trial) for e in counted):
        if not _limited(exchange) and not _taken(exchange):
            return Gap(
                f"the requests up to the limit must succeed, but {exchange.id} gave: {said(exchange)}"
            )
    return None


@trial("rate.allowance")
def rate_allowance(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """What stays within the limit is not refused for its number."""
    rate = context.operation.rate if context.operation else None
    rounds = _rounds(trial)
    if rate is None or not rounds:
        return
    early = [next((e for e in counted[: rate.requests] if _limited(e)), None) for counted in rounds]
    (first, *_), (counted, *_) = early, rounds
    ids = tuple(exchange.id for exchange in counted[: rate.requests])
    if first is not None and all(early):
        actual = f"request {counted.index(first) + 1} from a fresh address: {said(first)}"
        yield Violation("status", f"{rate.requests} requests to be taken", actual, ids)
    else:
        yield _untaken(trial) or Pass(ids)


@trial("rate.limit")
def rate_limit(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """Beyond the limit a request is refused as too many."""
    rate = context.operation.rate if context.operation else None
    rounds = _rounds(trial)
    if rate is None or not rounds:
        return
    many = [counted for counted in rounds if sum(map(_taken, counted)) > rate.requests]
    refused = next(
        (exchange for counted in rounds for exchange in counted if _limited(exchange)), None
    )
    if refused is not None and len(many) > 1:
        ids = tuple(exchange.id for counted in many for exchange in counted)
        actual = f"{sum(map(_taken, many[0]))} and {sum(map(_taken, many[1]))} requests were taken"
        yield Violation(
            "status",
            f"no more than {rate.requests} taken from one address within {rate.seconds} s",
            actual,
            ids,
        )
    elif refused is not None:
        code, right = code_of(context.contract, refused), context.contract.codes_of("rate_limited")
        if code is None or code in right:
            yield Pass((refused.id,))
        else:
            yield Violation(
                pointer(context.contract.code_pointer),
                " or ".join(right),
                said(refused),
                (refused.id,),
            )
    if refused is not None:
        return
    gap = _untaken(trial)
    beyond = [exchange for counted in rounds for exchange in counted[rate.requests :][:1]]
    taken = [exchange for exchange in beyond if _taken(exchange)]
    if len(taken) > 1:
        first, *_ = taken
        ids = tuple(exchange.id for exchange in taken)
        yield Violation(
            "status",
            f"429 for request {rate.requests + 1} within {rate.seconds} s",
            said(first),
            ids,
        )
    else:
        wrong = next((exchange for exchange in beyond if not _taken(exchange)), None)
        if (
            wrong is not None
            and _status(wrong) != 402
            and all(_taken(e) for e in rounds[0][: rate.requests])
        ):
            yield unusable(context, wrong) or refusal(context, wrong, (CodeRole.RATE_LIMITED,))
        else:
            yield gap or Gap(
                "a request beyond the limit was taken, and a second fresh address is wanted to confirm it"
            )


def _after_limit(trial: Trial, step: Step) -> list[Exchange]:
    """The requests of a later step, once the limit was met."""
    met = any(_limited(exchange) for counted in _rounds(trial) for exchange in counted)
    return trial.at(step) if met else []


def _open(trial: Trial, step: Step, expected: str) -> Iterator[Outcome]:
    """Judge that a later step is not refused for its number."""
    exchanges = _after_limit(trial, step)
    ids = tuple(exchange.id for exchange in exchanges)
    if exchanges and all(_limited(exchange) for exchange in exchanges):
        first, *_ = exchanges
        yield Violation("status", expected, said(first), ids)
    elif any(_taken(exchange) for exchange in exchanges):
        yield Pass(ids)


@trial("rate.window", hint="the limit would have to be met first")
def rate_window(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """Before half of the time is over the operation does not take more than may have come free one by one."""
    rate = context.operation.rate if context.operation else None
    asked = _after_limit(trial, Step.SOON)
    ids = tuple(exchange.id for exchange in asked)
    if rate and len(asked) >= 2 * soon(rate)[1] and all(_taken(exchange) for exchange in asked):
        (seconds, requests), (first, *_) = soon(rate), asked
        expected = (
            f"429 to one of {requests} requests, {seconds} s after {rate.requests} were taken"
        )
        yield Violation("status", expected, said(first), ids)
    elif any(_limited(exchange) for exchange in asked):
        yield Pass(ids)


@trial("rate.evasion", hint="the limit would have to be met first")
def rate_evasion(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """The limit holds for the address of the connection, whatever a request says of itself."""
    exchanges = _after_limit(trial, Step.EVASION)
    taken = next((exchange for exchange in exchanges if _taken(exchange)), None)
    if taken is not None:
        said_so = ", ".join(
            f"{name}: {value}"
            for name, value in taken.request.headers
            if name not in ("Accept", "Content-Type")
        )
        yield Violation(
            "status",
            f"429, as the limit of the address was met ({said_so})",
            said(taken),
            (taken.id,),
        )
    elif any(_limited(exchange) for exchange in exchanges):
        yield Pass(tuple(exchange.id for exchange in exchanges))


@trial("rate.address", hint="the limit would have to be met first")
def rate_address(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """Another address is not affected by the limit of the first."""
    yield from _open(trial, Step.ELSEWHERE, "not 429 from another address")


@trial("rate.reset", hint="the limit would have to be met first", confirm=True)
def rate_reset(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """Once the time is over the operation is open again."""
    rate = context.operation.rate if context.operation else None
    if rate is None:
        return
    yield from _open(trial, Step.LATER, f"not 429 after {rate.seconds} s")
    again = _after_limit(trial, Step.AGAIN)
    if (
        len(again) >= rate.requests
        and all(map(_taken, again))
        and any(map(_taken, _after_limit(trial, Step.LATER)))
    ):
        *_, last = again
        ids = tuple(exchange.id for exchange in again)
        yield Violation(
            "status",
            f"429 for request {rate.requests + 1} within the next {rate.seconds} s, too",
            said(last),
            ids,
        )
