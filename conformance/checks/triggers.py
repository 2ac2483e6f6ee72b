"""Judges of triggers and payments."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any

from conformance.checks.limits import _status, _taken
from conformance.judging.answers import code_of, control_gap, pointer, role_of, said, unusable
from conformance.judging.outcomes import JudgeContext, Outcome, Pass, Trial, Violation
from conformance.judging.rules import passive, trial
from conformance.model import Clause, Contract, Exchange, Operation, Step, compact
from conformance.reading import id_of, items_of, moment_of, newly, object_of
from conformance.values import strict_json


@trial("trigger.answer")
def trigger_answer(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A trigger of the target brings its code and status."""
    row = context.contract.errors.get(trial.case.about or "")
    for probe in trial.plain_probes:
        code, excuse = code_of(context.contract, probe), unusable(context, probe)
        if row is None or probe.response is None:
            yield excuse or Pass(())
        elif probe.response.status == row.status and code in (row.code, None):
            yield Pass((probe.id,))
        elif excuse and code != row.code and probe.response.status != row.status:
            yield excuse
        elif (untaken := control_gap(context, trial, Step.TAKEN)) and trial.at(Step.TAKEN):
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


@trial(
    "trigger.effect",
    confirm=True,
    hint="a request that is taken, and a list, would have to be seen beside the refusal",
)
def trigger_effect(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """What was refused, or failed, is not listed as if it had happened; it may well be listed as what it is."""
    taken, before, after = map(trial.last, (Step.TAKEN, Step.BEFORE, Step.AFTER))
    probes = trial.plain_probes
    refused = all(probe.response is not None and not probe.response.ok for probe in probes)
    if taken is None or before is None or after is None or not probes or not refused:
        return
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
        if probe.facts.step is Step.PAID and probe.response.ok:
            yield Violation("status", "a refusal, as nothing was paid", said(probe), (probe.id,))
            return
        if (
            probe.response.status != 402
            or not isinstance(probe.response.json, dict)
            or probe.facts.step
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
    asked = [probe for probe in trial.plain_probes if _status(probe) == 402]
    for probe in trial.at(Step.SETTLED) if asked else ():
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


def _no_payment(contract: Contract, operation: Operation, clause: Clause) -> bool:
    return operation.payment is None


@passive("payment.elsewhere", applies=_no_payment)
def payment_elsewhere(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """402 comes from the operations that take payments only."""
    response = exchange.response
    if response is None or (context.operation and context.operation.payment):
        return
    if response.status == 402 or role_of(context.contract, exchange) == "payment_required":
        yield Violation("status", "any status but 402", said(exchange), (exchange.id,))
    else:
        yield Pass((exchange.id,))
