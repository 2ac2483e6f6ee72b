"""Judges of payments: their terms, their proofs, and what a request for payment reveals."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any

from conformance.base.values import strict_json
from conformance.judging.leaks import is_given
from conformance.judging.outcomes import Answered, JudgeContext, Outcome, Pass, Trial, Violation
from conformance.judging.responses import answered, ids_of, quote, role_of
from conformance.judging.rules import passive, trial
from conformance.model import (
    Clause,
    CodeRole,
    Contract,
    Exchange,
    Operation,
    Payment,
    Response,
    Step,
    compact,
)
from conformance.reading import members_of


@trial("payment.terms")
def payment_terms(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A request for payment holds its terms, in the body or in a header."""
    payment = context.operation.payment
    if payment is None:
        return
    unpaid = [probe for probe in trial.plain_probes if probe.status == 402]
    for probe in unpaid:
        if probe.response is not None and isinstance(probe.json, dict):  # else other rules judge it
            yield _judge_terms(payment, probe, probe.response)
    if unpaid:
        yield from _judge_false_proofs(trial)


def _judge_false_proofs(trial: Trial) -> Iterator[Outcome]:
    """Judge a false proof of payment that was accepted.

    That is a note if the target names no valid proof: a sandbox may simulate payments.
    """
    accepted = [exchange for exchange in trial.at(Step.PAID) if exchange.ok]
    if accepted:
        expected, ids = "a refusal, as nothing was paid", (accepted[0].id,)
        may_simulate = not trial.at(Step.SETTLED)
        yield Violation("status", expected, quote(accepted[0]), ids, note=may_simulate)


def _judge_terms(payment: Payment, probe: Exchange, response: Response) -> Outcome:
    """Judge whether a request for payment holds its terms.

    They may be in the body, or in the header that the contract names.
    """
    header = response.header(payment.terms_header)
    if _has_terms(payment, response.json) or _has_terms(payment, _decoded(header)):
        return Pass((probe.id,))
    expected = (
        f"payment terms: a list {payment.terms} beside the error, "
        f"or in the header {payment.terms_header}"
    )
    actual = compact(header) if header else quote(probe)
    return Violation(payment.terms_header, expected, actual, (probe.id,))


def _has_terms(payment: Payment, value: Any) -> bool:
    """Whether an object has terms: a list of objects, none of them empty."""
    terms = members_of(value).get(payment.terms)
    if not isinstance(terms, list) or not terms:
        return False
    return all(members_of(term) for term in terms)


def _decoded(header: str) -> Any:
    """The JSON in a header, plain or in either alphabet of base64; NOT_JSON for anything else."""
    try:
        text = base64.b64decode(header + "==", altchars=b"-_", validate=False).decode()
    except (binascii.Error, ValueError):
        text = ""
    return strict_json(text) or strict_json(header)


@trial("payment.retry", hint="Needs a request for which the target demands payment.")
def payment_retry(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A request that required a payment is accepted with a proof that the target takes."""
    unpaid = ids_of(probe for probe in trial.plain_probes if probe.status == 402)
    if not unpaid:
        return
    paid = trial.at(Step.SETTLED)
    taken = [exchange for exchange in paid if exchange.ok]
    if taken:
        yield Pass((*unpaid, taken[0].id))
    else:
        yield from _judge_refused_proofs(context, unpaid, paid)


def _judge_refused_proofs(
    context: JudgeContext, unpaid: tuple[str, ...], paid: list[Exchange]
) -> Iterator[Outcome]:
    """Judge proofs of payment that were refused, one for each name of their header.

    If a response proves nothing, neither do the refusals. ``unpaid`` are the ids of the requests
    that required the payment.
    """
    answers = [answered(context, probe) for probe in paid]
    excuses = [answer for answer in answers if not isinstance(answer, Answered)]
    if excuses:
        yield excuses[0]
    elif paid:
        ids = (*unpaid, *ids_of(paid))
        yield Violation("status", "200 or 201, as it was paid for", quote(paid[-1]), ids)


def _takes_no_payment(_contract: Contract, operation: Operation, _clause: Clause) -> bool:
    """Applies where no payment is taken."""
    return operation.payment is None


@passive("payment.elsewhere", applies=_takes_no_payment)
def payment_elsewhere(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """Only operations that take payments return 402."""
    if exchange.response is None or context.operation.payment is not None:
        return
    wants_payment = role_of(context.contract, exchange) is CodeRole.PAYMENT_REQUIRED
    if exchange.status == 402 or wants_payment:
        yield Violation("status", "any status but 402", quote(exchange), (exchange.id,))
    else:
        yield Pass((exchange.id,))


def _takes_payment(_contract: Contract, operation: Operation, _clause: Clause) -> bool:
    """Applies where a payment is taken."""
    return operation.payment is not None


@passive("payment.nothing", applies=_takes_payment, hint="No request for payment was seen.")
def payment_nothing(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """A request for payment gives nothing away. It may hold a link to pay by."""
    if exchange.status != 402:
        return
    operation, shown = context.operation, members_of(exchange.json)
    names = {*operation.secrets, *operation.schema.get("required", ())}
    handed_out = sorted(name for name in names & shown.keys() if is_given(shown[name]))
    if handed_out:
        expected = "nothing handed out before the payment"
        yield Violation(f"/{handed_out[0]}", expected, quote(exchange), (exchange.id,))
    else:
        yield Pass((exchange.id,))
