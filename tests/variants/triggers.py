"""Legal variants of triggers and payments."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from conformance.model import Operation, Payment
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.triggers import PROOF
from tests.faults.base import Faulty, variant


@variant("L26 L40")
class PaymentFirst(Faulty):
    """sign_up asks for the payment of one plan before it checks the input."""

    def take_in(
        self, operation: Operation, request: Request, in_path: Mapping[str, str]
    ) -> dict[str, Any]:
        if operation.payment and b'"plan_id": "paid"' in request.body:
            self.check_payment(Context(operation, request, None, {"plan_id": "paid"}))
        return super().take_in(operation, request, in_path)


@variant("L38")
class TermsInHeader(Faulty):
    """Only the header holds the payment terms."""

    def terms_members(self, payment: Payment, terms: dict[str, Any]) -> dict[str, Any]:
        return {}


@variant("L38 L39")
class TermsInBody(Faulty):
    """Only the body holds the payment terms, which differ each time."""

    _numbers = itertools.count()

    def terms_header(self, payment: Payment, terms: dict[str, Any]) -> tuple[tuple[str, str], ...]:
        return ()

    def terms_members(self, payment: Payment, terms: dict[str, Any]) -> dict[str, Any]:
        return {
            **terms,
            "nonce": next(self._numbers),
            "accepts": [{**t, "amount": "7"} for t in terms["accepts"]],
        }


@variant("L70")
class ProofInOldHeader(Faulty):
    """Sign-up reads a proof of payment only from the header X-PAYMENT, as in x402 version 1."""

    def payment_proof(self, payment: Payment, request: Request) -> str | None:
        return request.header("x-payment")


@variant("L70")
class ProofInNewHeader(Faulty):
    """Sign-up reads a proof of payment only from PAYMENT-SIGNATURE, as in x402 version 2."""

    def payment_proof(self, payment: Payment, request: Request) -> str | None:
        return request.header("payment-signature")


OF_OTHER_TRIGGERS = (
    "code-vapi_error code-content_blocked code-number_on_dnc code-number_opted_out "
    "code-tcpa_violation code-call_failed code-sms_send_failed code-internal_error status-500 "
    "refused-unchanged"
)
"""The clauses that take a different trigger than that of a payment."""
UNPAID = {"code": "payment_required", "operation": "sign_up", "input": {"plan_id": "paid"}}
"""A trigger that names no proof of payment."""


@variant("L38", target={"triggers": [UNPAID]}, untested=OF_OTHER_TRIGGERS)
class SimulatesPayments(Faulty):
    """Any proof of payment is accepted, and the target file names none."""

    def is_paid(self, proof: str | None) -> bool:
        return bool(proof)


@variant(
    "L70",
    target={
        "triggers": [
            {
                **UNPAID,
                "payment": PROOF,
                "payment_header": "X-Pay",
            },
            {
                "code": "call_failed",
                "operation": "create_call",
                "headers": {"X-Sandbox-Outcome": "call_failed"},
            },
            {"code": "sms_send_failed", "operation": "send_sms", "query": {"simulate": "outage"}},
        ]
    },
    untested="code-vapi_error code-content_blocked code-number_on_dnc code-number_opted_out "
    "code-tcpa_violation code-internal_error status-500 refused-unchanged",
)
class TriggersBesideTheContract(Faulty):
    """Headers and parameters of the sandbox make requests fail, and X-Pay holds the payment."""

    def payment_proof(self, payment: Payment, request: Request) -> str | None:
        return request.header("x-pay")

    def triggered(self, context: Context) -> str | None:
        if context.request.header("x-sandbox-outcome") is not None:
            return context.request.header("x-sandbox-outcome")
        if context.request.query.get("simulate") == "outage":
            return "sms_send_failed"
        return super().triggered(context)


@variant(
    "L42",
    untested="status-201 status-400 status-401 status-403 status-404 status-500 code-unauthorized "
    "code-forbidden code-bad_request code-invalid_request code-call_failed code-number_on_dnc "
    "key-prefixes key-header key-expired key-revoked scope-required scope-opens created-resource "
    "business-object business-inside reference-known refused-unchanged success-members "
    "success-json key-secret created-at",
)
class ProviderDown(Faulty):
    """create_call always fails because the provider is down."""

    def act_create(self, context: Context) -> Reply:
        if context.operation.id == "create_call":
            raise Refusal(code="vapi_error")
        return super().act_create(context)


@variant("silent: what stands beside a 402")
class PaymentByLink(Faulty):
    """A 402 shows a link to pay by, and has empty members for what a payment brings."""

    def terms_members(self, payment: Payment, terms: dict[str, Any]) -> dict[str, Any]:
        link = "https://pay.example.com/checkout/cs_9f8e7d6c5b4a3f2e1d0c"
        return {**terms, "checkout_url": link, "api_key": None, "business_id": None}
