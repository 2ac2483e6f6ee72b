"""Faults of statuses that take a trigger, and of payments outside sign-up."""

from __future__ import annotations

from conformance.server.messages import Context, Refusal, Reply, Request
from tests.faults.base import SUCCESSES, Faulty, altered, fault, is_for, requested_limit


@fault(
    "status-402-signup-only",
    also="status-201 created-resource",
    at="create_call",
    by=SUCCESSES,
    depth=2,
)
class PaymentForCalls(Faulty):
    """create_call requires a payment when max_duration is given."""

    def check_payment(self, context: Context) -> None:
        super().check_payment(context)
        if context.operation.id == "create_call" and "max_duration" in context.values:
            raise Refusal("payment_required")


@fault(
    "status-402-signup-only",
    also="status-201 created-resource",
    at="assign_phone_number",
    by="creation",
    depth=4,
)
class NumbersWantPayment(Faulty):
    """assign_phone_number requires a payment."""

    def check_payment(self, context: Context) -> None:
        super().check_payment(context)
        if is_for(context, "assign_phone_number"):
            raise Refusal("payment_required")


@fault("status-402-signup-only", at="list_usage", by="walk", depth=5)
class LargePagesWantPayment(Faulty):
    """list_usage requires a payment when the limit is above 50."""

    def check_payment(self, context: Context) -> None:
        super().check_payment(context)
        if is_for(context, "list_usage") and requested_limit(context) > 50:
            raise Refusal("payment_required")


@fault("status-500 code-internal_error status-listed", at="read_agent", by="trigger", depth=3)
class UnavailableForInternal(Faulty):
    """An internal error returns 503."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return altered(reply, 503) if reply.status == 500 and refusal.role == "internal" else reply
