"""Judges of rate limits, payments and triggers."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any

from conformance.checks.base import (
    Gap,
    JudgeContext,
    Outcome,
    Pass,
    Trial,
    Violation,
    code_of,
    control_gap,
    pointer,
    refusal,
    said,
    trial,
    unusable,
)
from conformance.checks.objects import id_of, items_of, moment_of, newly, object_of
from conformance.model import Exchange, Operation, Rate, compact
from conformance.values import strict_json


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
        if exchange.fact("step") == "count":
            found.setdefault(exchange.fact("from") or "", []).append(exchange)
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
            yield unusable(context, wrong) or refusal(context, wrong, ("rate_limited",))
        else:
            yield gap or Gap(
                "a request beyond the limit was taken, and a second fresh address is wanted to confirm it"
            )


def _after_limit(trial: Trial, step: str) -> list[Exchange]:
    """The requests of a later step, once the limit was met."""
    met = any(_limited(exchange) for counted in _rounds(trial) for exchange in counted)
    return [e for e in trial.exchanges if e.fact("step") == step] if met else []


def _open(trial: Trial, step: str, expected: str) -> Iterator[Outcome]:
    """Judge that a later step is not refused for its number."""
    exchanges = _after_limit(trial, step)
    ids = tuple(exchange.id for exchange in exchanges)
    if exchanges and all(_limited(exchange) for exchange in exchanges):
        first, *_ = exchanges
        yield Violation("status", expected, said(first), ids)
    elif any(_taken(exchange) for exchange in exchanges):
        yield Pass(ids)


def soon(rate: Rate) -> tuple[int, int]:
    """When to ask again before the time of a limit is over, and for how many requests.

    A little less than half of the time: of two windows in a row that begin at full hours not both can end in it.
    One request more than what has come free by then where requests come free one by one.
    """
    seconds = rate.seconds * 29 // 60
    return seconds, rate.requests * seconds // rate.seconds + 1


@trial("rate.window", hint="the limit would have to be met first")
def rate_window(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """Before half of the time is over the operation does not take more than may have come free one by one."""
    rate = context.operation.rate if context.operation else None
    asked = _after_limit(trial, "soon")
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
    exchanges = _after_limit(trial, "evasion")
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
    yield from _open(trial, "elsewhere", "not 429 from another address")


@trial("rate.reset", hint="the limit would have to be met first", confirm=True)
def rate_reset(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """Once the time is over the operation is open again."""
    rate = context.operation.rate if context.operation else None
    if rate is None:
        return
    yield from _open(trial, "later", f"not 429 after {rate.seconds} s")
    again = _after_limit(trial, "again")
    if (
        len(again) >= rate.requests
        and all(map(_taken, again))
        and any(map(_taken, _after_limit(trial, "later")))
    ):
        *_, last = again
        ids = tuple(exchange.id for exchange in again)
        yield Violation(
            "status",
            f"429 for request {rate.requests + 1} within the next {rate.seconds} s, too",
            said(last),
            ids,
        )


@trial("trigger.answer")
def trigger_answer(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A trigger of the target brings its code and status."""
    row = context.contract.errors.get(trial.case.about or "")
    for probe in (probe for probe in trial.probes if probe.fact("step") is None):
        code, excuse = code_of(context.contract, probe), unusable(context, probe)
        if row is None or probe.response is None:
            yield excuse or Pass(())
        elif probe.response.status == row.status and code in (row.code, None):
            yield Pass((probe.id,))
        elif excuse and code != row.code and probe.response.status != row.status:
            yield excuse
        elif (untaken := control_gap(context, trial, step="taken")) and trial.having(
            "control", step="taken"
        ):
            yield untaken
        elif probe.response.status != row.status:
            yield Violation("status", f"{row.status} {row.code}", said(probe), (probe.id,))
        else:
            yield Violation(
                pointer(context.contract.code_pointer),
                f"{row.status} {row.code}",
                said(probe),
                (probe.id,),
            )


EFFECT = frozenset({"taken", "before", "after"})


@trial(
    "trigger.effect",
    confirm=True,
    hint="a request that is taken, and a list, would have to be seen beside the refusal",
)
def trigger_effect(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """What was refused, or failed, is not listed as if it had happened; it may well be listed as what it is."""
    steps = {str(exchange.fact("step")): exchange for exchange in trial.exchanges}
    probes = [probe for probe in trial.probes if probe.fact("step") is None]
    refused = all(probe.response is not None and not probe.response.ok for probe in probes)
    if not steps.keys() >= EFFECT or not probes or not refused:
        return
    taken, before, after = (steps[name] for name in ("taken", "before", "after"))
    if unusable(context, taken):
        return
    listing = context.contract.operations[after.operation]
    old, new = (_items(listing, exchange) for exchange in (before, after))
    if old is None or new is None:
        return
    ids = (taken.id, before.id, *(probe.id for probe in probes), after.id)
    ordered = {text for probe in probes for text in _sent(probe)}
    sent = {*_sent(taken), *ordered}
    made = _made(context, listing, taken, old, ordered)
    usual = [_state(context, item, sent) for item in made]
    since = max(
        (at for at in (moment_of(listing, item) for item in made) if at is not None), default=None
    )
    for item in newly(context.contract, listing, old, new):
        at = moment_of(listing, item)
        late = (
            at is not None and since is not None and at < since
        )  # it was there, and shows only now
        if not late and ordered & set(_texts(item)) and _state(context, item, sent) in usual:
            yield Violation("/", "nothing listed as if it had happened", compact(item), ids)
            return
    yield Pass(ids)


def _made(
    context: JudgeContext, listing: Operation, taken: Exchange, old: list[Any], ordered: set[str]
) -> list[Any]:
    """The items that a request which was taken has made: that with the id of its answer, else what shows most of what it sent."""
    operation, body = (
        context.contract.operations[taken.operation],
        taken.response.json if taken.response else None,
    )
    own = id_of(context.contract, operation.kind, object_of(context.contract, operation, body))
    named = [
        item
        for item in old
        if own is not None and id_of(context.contract, listing.kind, item) == own
    ]
    shown = [len((set(_sent(taken)) - ordered) & set(_texts(item))) for item in old]
    return named or [
        item for item, count in zip(old, shown, strict=True) if count and count == max(shown)
    ]


def _items(listing: Operation, exchange: Exchange) -> list[Any] | None:
    return (
        items_of(listing, exchange.response.json)
        if exchange.response and exchange.response.ok
        else None
    )


def _sent(exchange: Exchange) -> list[str]:
    body = exchange.request.body
    return _texts(strict_json(body.text or "")) if body else []


def _texts(value: Any) -> list[str]:
    """The texts of an object, those of some length."""
    return (
        [text for text in value.values() if isinstance(text, str) and len(text) > 5]
        if isinstance(value, dict)
        else []
    )


def _state(context: JudgeContext, item: Any, sent: set[str]) -> dict[str, Any]:
    """The short words and signs of an item that were not sent, which tell what became of it."""
    words = {
        n: v
        for n, v in item.items()
        if n != context.contract.identifier and not (isinstance(v, str) and v in sent)
    }
    return {
        n: v
        for n, v in words.items()
        if v is None or isinstance(v, bool) or (isinstance(v, str) and len(v) <= 16)
    }


@trial("payment.terms")
def payment_terms(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A request for payment brings its terms, in the body or in a header."""
    payment = context.operation.payment if context.operation else None
    for probe in trial.probes:
        if payment is None or probe.response is None:
            continue
        if probe.fact("step") == "paid" and probe.response.ok:
            yield Violation("status", "a refusal, as nothing was paid", said(probe), (probe.id,))
            return
        if (
            probe.response.status != 402
            or not isinstance(probe.response.json, dict)
            or probe.fact("step")
        ):
            continue  # not the answer that was wanted, or no JSON: other rules blame that
        header = probe.response.header(payment.terms_header)
        carriers = [probe.response.json, _decoded(header)]
        if any(isinstance(c, dict) and _terms(c.get(payment.terms)) for c in carriers):
            yield Pass((probe.id,))
        else:
            expected = f"payment terms: a list {payment.terms} beside the error, or in the header {payment.terms_header}"
            yield Violation(
                payment.terms_header,
                expected,
                compact(header) if header else said(probe),
                (probe.id,),
            )


@trial("payment.retry", hint="a payment would have to be asked for first")
def payment_retry(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """What was asked a payment for is taken with a payment that the target takes."""
    asked = [probe for probe in trial.having("probe", step=None) if _status(probe) == 402]
    for probe in trial.having("probe", step="settled") if asked else ():
        excuse = unusable(context, probe)
        ids = (*(one.id for one in asked), probe.id)
        if excuse or _taken(probe):
            yield excuse or Pass(ids)
        else:
            yield Violation("status", "200 or 201, as it was paid for", said(probe), ids)


def _terms(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(term, dict) and term for term in value)
    )


def _decoded(header: str | None) -> Any:
    """The JSON of a header, plain or in base64."""
    if header is None:
        return None
    try:
        return strict_json(
            base64.b64decode(header + "==", altchars=b"-_", validate=False).decode()
        ) or strict_json(header)
    except (binascii.Error, ValueError):
        return strict_json(header)
