"""Faults of codes that take a trigger or a payment to provoke."""

from __future__ import annotations

from typing import Any

from conformance.server.messages import Context, Refusal, Reply, Request
from tests.faults.base import Faulty, fault, is_for
from tests.faults.shared import ErrorReplaced

# --- calls ---


@fault("code-call_failed status-500 status-listed", at="create_call", by="trigger", depth=2)
class CallFailedWith502(Faulty):
    """A call that cannot be placed returns 502."""

    def status_of(self, code: str) -> int:
        return 502 if code == "call_failed" else super().status_of(code)


@fault("code-vapi_error", at="create_call create_agent", by="trigger", depth=2)
class InternalForProvider(Faulty):
    """A provider error gets the code internal_error."""

    def code_of(self, refusal: Refusal) -> str:
        return "internal_error" if refusal.code == "vapi_error" else super().code_of(refusal)


@fault("code-vapi_error", at="create_agent", by="trigger", depth=3)
class InternalForProviderAtAgents(Faulty):
    """create_agent returns the code internal_error for a provider error."""

    def check_triggers(self, context: Context) -> None:
        if context.operation.id == "create_agent" and self.triggered(context) == "vapi_error":
            raise Refusal("internal")
        super().check_triggers(context)


@fault("code-number_on_dnc", at="create_call send_sms", by="trigger", depth=2)
class InvalidForDoNotCall(Faulty):
    """A number on a Do Not Call list gets the code invalid_request."""

    def code_of(self, refusal: Refusal) -> str:
        return "invalid_request" if refusal.code == "number_on_dnc" else super().code_of(refusal)


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


@fault("code-content_blocked", also="status-403", at="send_sms", by="trigger", depth=3)
class BlockedWith403(ErrorReplaced):
    """A blocked text returns 403."""

    code, status = "content_blocked", 403


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


@fault("code-number_opted_out", at="send_sms", by="trigger", depth=3)
class OptedOutAsDoNotCall(ErrorReplaced):
    """A receiver who opted out gets the code number_on_dnc."""

    code, other = "number_opted_out", "number_on_dnc"


@fault("code-tcpa_violation", at="send_sms", by="trigger", depth=3)
class TcpaAsInvalid(ErrorReplaced):
    """A text that breaks the TCPA gets the code invalid_request."""

    code, other = "tcpa_violation", "invalid_request"


@fault("code-sms_send_failed", also="status-500", at="send_sms", by="trigger", depth=3)
class FailedTextWith400(ErrorReplaced):
    """A text that cannot be delivered returns 400."""

    code, status = "sms_send_failed", 400


@fault("code-sms_send_failed", at="send_sms", by="trigger", depth=3)
class FailedTextAsInternal(ErrorReplaced):
    """A text that cannot be delivered gets the code internal_error."""

    code, other = "sms_send_failed", "internal_error"


# --- payments ---


@fault("code-payment_required", at="sign_up", by="trigger", depth=2)
class PaymentWithoutTerms(Faulty):
    """A 402 has no payment terms."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return Reply(402, {"error": reply.body["error"]}) if reply.status == 402 else reply


@fault("code-payment_required status-402", at="sign_up", by="trigger", depth=2)
class ForbiddenForPayment(Faulty):
    """A required payment returns 403."""

    def status_of(self, code: str) -> int:
        return 403 if code == "payment_required" else super().status_of(code)


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
    """A sign-up with a valid payment is told to pay again."""

    def is_paid(self, proof: str | None) -> bool:
        return False


@fault("envelope-code", at="create_call", by="trigger", depth=3)
class CallFailedWithoutCode(Faulty):
    """A call that cannot be placed gets 500, with a message and no code."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        if refusal.code != "call_failed":
            return reply
        return Reply(reply.status, {"error": {"message": reply.body["error"]["message"]}})


@fault("code-payment_required", at="sign_up", by="trigger", depth=3)
class KeyBeforePayment(Faulty):
    """A 402 already holds the key of the new account."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        if reply.status != 402:
            return reply
        body = {**reply.body, "api_key": "kc_live_bN3mV8cX5zL2kJ7hG4fD"}
        return Reply(reply.status, body, reply.headers)
