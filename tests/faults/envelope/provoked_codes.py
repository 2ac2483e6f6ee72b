"""Faults of codes that take a trigger or a payment to provoke."""

from __future__ import annotations

from typing import Any

from conformance.server.messages import Context, Refusal, Reply, Request
from tests.faults.base import Faulty, fault, faults_of, is_for
from tests.faults.shared import Replaced, error_replaced

REPLACED = {
    "A call that cannot be placed returns 502.": Replaced(
        "call-failed-with502", "call_failed", status=502,
        breaks="code-call_failed status-500 status-listed", at="create_call", by="trigger",
        depth=2),
    "A provider error gets the code internal_error.": Replaced(
        "internal-for-provider", "vapi_error", other="internal_error", breaks="code-vapi_error",
        at="create_call create_agent", by="trigger", depth=2),
    "create_agent returns the code internal_error for a provider error.": Replaced(
        "internal-for-provider-at-agents", "vapi_error", other="internal_error",
        breaks="code-vapi_error", at="create_agent", by="trigger", depth=3),
    "A number on a Do Not Call list gets the code invalid_request.": Replaced(
        "invalid-for-do-not-call", "number_on_dnc", other="invalid_request",
        breaks="code-number_on_dnc", at="create_call send_sms", by="trigger", depth=2),
    "A blocked text returns 403.": Replaced(
        "blocked-with403", "content_blocked", status=403, breaks="code-content_blocked",
        also="status-403", at="send_sms", by="trigger", depth=3),
    "A receiver who opted out gets the code number_on_dnc.": Replaced(
        "opted-out-as-do-not-call", "number_opted_out", other="number_on_dnc",
        breaks="code-number_opted_out", at="send_sms", by="trigger", depth=3),
    "A text that breaks the TCPA gets the code invalid_request.": Replaced(
        "tcpa-as-invalid", "tcpa_violation", other="invalid_request", breaks="code-tcpa_violation",
        at="send_sms", by="trigger", depth=3),
    "A text that cannot be delivered returns 400.": Replaced(
        "failed-text-with400", "sms_send_failed", status=400, breaks="code-sms_send_failed",
        also="status-500", at="send_sms", by="trigger", depth=3),
    "A text that cannot be delivered gets the code internal_error.": Replaced(
        "failed-text-as-internal", "sms_send_failed", other="internal_error",
        breaks="code-sms_send_failed", at="send_sms", by="trigger", depth=3),
    "A required payment returns 403.": Replaced(
        "forbidden-for-payment", "payment_required", status=403,
        breaks="code-payment_required status-402", at="sign_up", by="trigger", depth=2),
}  # fmt: skip

faults_of(error_replaced, __name__, REPLACED)


# --- calls ---


@fault("code-number_on_dnc", at="create_call", depth=5)
class LeadsAreNeverOnLists(Faulty):
    """create_call skips the Do Not Call check when a lead is given."""

    def check_triggers(self, context: Context) -> None:
        if "lead_id" not in context.values or not is_for(context, "create_call"):
            super().check_triggers(context)


@fault("code-number_on_dnc", at="create_call", by="trigger", depth=5)
class ShortCallsReachAnybody(Faulty):
    """create_call skips the Do Not Call check when a longest duration is given."""

    def check_triggers(self, context: Context) -> None:
        if "max_duration" not in context.values or not is_for(context, "create_call"):
            super().check_triggers(context)


# --- texts ---


@fault("code-number_on_dnc", at="send_sms", by="trigger", depth=4)
class DoNotCallGetsTexts(Faulty):
    """send_sms sends texts to a number on a Do Not Call list."""

    def check_triggers(self, context: Context) -> None:
        if not (is_for(context, "send_sms") and self.triggered(context) == "number_on_dnc"):
            super().check_triggers(context)


@fault("code-content_blocked", at="send_sms", depth=5)
class CapitalsGetThrough(Faulty):
    """A blocked text gets through in capitals."""

    def check_triggers(self, context: Context) -> None:
        if not str(context.values.get("message", "")).isupper():
            super().check_triggers(context)


@fault("code-content_blocked", also="refused-unchanged", at="send_sms", depth=5)
class BlockedOnce(Faulty):
    """A blocked text gets through the second time."""

    seen: frozenset[str] = frozenset()

    def check_triggers(self, context: Context) -> None:
        text = str(context.values.get("message", ""))
        if text not in self.seen or not is_for(context, "send_sms"):
            self.seen |= {text}
            super().check_triggers(context)


# --- payments ---


@fault("code-payment_required", at="sign_up", by="trigger", depth=2)
class PaymentWithoutTerms(Faulty):
    """A 402 has no payment terms."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return Reply(402, {"error": reply.body["error"]}) if reply.status == 402 else reply


@fault("code-payment_required", at="sign_up", by="trigger", depth=5)
class AnyProofPays(Faulty):
    """Any payment header that is not empty counts as paid."""

    def is_paid(self, proof: str | None) -> bool:
        return bool(proof)


@fault("code-payment_required", at="sign_up", by="trigger", depth=4)
class EmptyTerms(Faulty):
    """A 402 has an empty list of payment terms."""

    def payment_terms(self, payment: Any, context: Context) -> dict[str, Any]:
        return {**super().payment_terms(payment, context), payment.terms: []}


@fault("code-payment_required", at="sign_up", by="trigger", depth=5)
class AnyProofPaysInOldHeader(Faulty):
    """Any text in the header X-PAYMENT counts as paid."""

    def payment_due(self, context: Context) -> bool:
        return super().payment_due(context) and not context.request.header("x-payment")


@fault("code-payment_required", at="sign_up", depth=3)
class PaidAndAskedAgain(Faulty):
    """A sign-up with a valid payment is asked to pay again."""

    def is_paid(self, proof: str | None) -> bool:
        return False


@fault("envelope-code", at="create_call", by="trigger", depth=3)
class CallFailedWithoutCode(Faulty):
    """A call that cannot be placed returns 500, with a message and no code."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        if refusal.code != "call_failed":
            return reply
        return Reply(reply.status, {"error": {"message": reply.body["error"]["message"]}})


@fault("code-payment_required", at="sign_up", by="trigger", depth=3)
class KeyBeforePayment(Faulty):
    """A 402 already contains the key of the new account."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        if reply.status != 402:
            return reply
        body = {**reply.body, "api_key": "kc_live_bN3mV8cX5zL2kJ7hG4fD"}
        return Reply(reply.status, body, reply.headers)


@fault("code-registered", at="change_communication_run", by="work-on-object", depth=4)
class CancelledForGood(Faulty):
    """change_communication_run refuses to pause a cancelled run with a code of its own."""

    def act(self, context: Context) -> Reply:
        if is_for(context, "change_communication_run"):
            state = self.selected(context).document.get("status")
            if state == "cancelled" and context.values["action"] == "pause":
                raise Refusal(code="invalid_state")
        return super().act(context)
