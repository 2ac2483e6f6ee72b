"""Faults of statuses that take a trigger, and of payments outside sign-up."""

from __future__ import annotations

from conformance.server.messages import Context, Refusal, Reply, Request
from tests.faults.base import SUCCESSES, Faulty, altered, fault, faults_of
from tests.faults.shared import LARGE_LIMIT, InRequests


def wants_payment(entry: InRequests) -> type[Faulty]:
    """The reference server, where some requests outside sign-up require a payment."""

    class WantsPayment(Faulty):
        def check_payment(self, context: Context) -> None:
            super().check_payment(context)
            if entry.shows_in(context):
                raise Refusal("payment_required")

    return WantsPayment


PAYMENTS = {
    "create_call requires a payment when max_duration is given.": InRequests(
        "payment-for-calls", given="max_duration", breaks="status-402-signup-only",
        also="status-201 created-resource", at="create_call", by=SUCCESSES, depth=2),
    "assign_phone_number requires a payment.": InRequests(
        "numbers-want-payment", breaks="status-402-signup-only", also="status-201 created-resource",
        at="assign_phone_number", by="creation", depth=4),
    "list_usage requires a payment when the limit is above 50.": InRequests(
        "large-pages-want-payment", limits=LARGE_LIMIT, breaks="status-402-signup-only",
        at="list_usage", by="walk", depth=5),
}  # fmt: skip

faults_of(wants_payment, __name__, PAYMENTS)


@fault("status-500 code-internal_error status-listed", at="read_agent", by="trigger", depth=3)
class UnavailableForInternal(Faulty):
    """An internal error returns 503."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return altered(reply, 503) if reply.status == 500 and refusal.role == "internal" else reply
