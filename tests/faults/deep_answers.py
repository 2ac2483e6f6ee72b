"""Deep faults of answers: codes and statuses in rare paths, messages that tell too much, input that breaks the server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.model import Operation
from conformance.server.messages import Context, Refusal, Reply, Request
from tests.faults.base import fault, told
from tests.faults.deep_places import Deep, asked, meant

ODD = "odd-request generated broken-body refused-key unparsable-parameter invalid-parameter unknown-id large-page"

# --- codes of texts ---


class Told(Deep):
    """The reference server with one refusal that it tells otherwise."""

    code, status, other, at_operation = "", 0, "", ""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        if self.code_of(refusal) != self.code or (
            self.at_operation and self.meant(request) != self.at_operation
        ):
            return reply
        return told(reply, self.status or None, **({"code": self.other} if self.other else {}))


@fault("code-content_blocked", also="status-403", at="send_sms", by="trigger", depth=3)
class BlockedWith403(Told):
    """A text that is blocked gets 403 with its code."""

    code, status = "content_blocked", 403


@fault("code-number_opted_out", at="send_sms", by="trigger", depth=3)
class OptedOutAsDoNotCall(Told):
    """A receiver who opted out is told as a number on a Do Not Call list."""

    code, other = "number_opted_out", "number_on_dnc"


@fault("code-tcpa_violation", at="send_sms", by="trigger", depth=3)
class TcpaAsInvalid(Told):
    """What TCPA forbids is told as an invalid request."""

    code, other = "tcpa_violation", "invalid_request"


@fault("code-sms_send_failed", also="status-500", at="send_sms", by="trigger", depth=3)
class FailedTextWith400(Told):
    """A text that is not delivered gets 400 with its code."""

    code, status = "sms_send_failed", 400


@fault("code-sms_send_failed", at="send_sms", by="trigger", depth=3)
class FailedTextAsInternal(Told):
    """A text that is not delivered is told as an internal error."""

    code, other = "sms_send_failed", "internal_error"


@fault("code-number_on_dnc", at="send_sms", by="trigger", depth=4)
class DoNotCallGetsTexts(Deep):
    """A number on a Do Not Call list gets texts, though no calls."""

    def check_triggers(self, context: Context) -> None:
        if not (meant(context, "send_sms") and self.triggered(context) == "number_on_dnc"):
            super().check_triggers(context)


# --- statuses in rare paths ---


@fault(
    "code-not_found status-404",
    also="business-object",
    at="read_external_run",
    by="unknown-id",
    depth=4,
)
class BadRequestForUnknownReference(Told):
    """An external_ref that names nothing is told as an invalid one."""

    code, status, other, at_operation = "not_found", 400, "invalid_request", "read_external_run"


@fault("code-not_found status-404", at="rotate_webhook_secret", by="unknown-id", depth=4)
class ForbiddenForUnknownWebhook(Told):
    """A webhook that does not exist has no secret that could be rotated: 403."""

    code, status, other, at_operation = "not_found", 403, "forbidden", "rotate_webhook_secret"


@fault("status-listed", also="success-members", at="delete_webhook", by="deletion", depth=4)
class NothingAfterDeletion(Deep):
    """A deletion of a webhook is answered 204 without a body."""

    def act_delete(self, context: Context) -> Reply:
        reply = super().act_delete(context)
        return Reply(204, b"") if meant(context, "delete_webhook") else reply


@fault("status-listed", also="status-200", at="replay_event", by="refused-key unknown-id", depth=4)
class ReplayAccepted(Deep):
    """A replay of an event is answered 202."""

    def success_status(self, operation: Operation) -> int:
        return 202 if operation.id == "replay_event" else super().success_status(operation)


@fault(
    "status-402-signup-only",
    also="status-201 created-resource",
    at="assign_phone_number",
    by="creation",
    depth=4,
)
class NumbersWantPayment(Deep):
    """A number for an agent has to be paid for."""

    def check_payment(self, context: Context) -> None:
        super().check_payment(context)
        if meant(context, "assign_phone_number"):
            raise Refusal("payment_required")


@fault("status-402-signup-only", at="list_usage", by="walk", depth=5)
class LargePagesWantPayment(Deep):
    """A page of more than fifty entries of usage has to be paid for."""

    def check_payment(self, context: Context) -> None:
        super().check_payment(context)
        if meant(context, "list_usage") and asked(context) > 50:
            raise Refusal("payment_required")


@fault("envelope-structure", at="rotate_webhook_secret", by="unknown-id missing-parameter", depth=4)
class PlainErrorForSecrets(Deep):
    """An unknown webhook is told as a plain string, where a secret is rotated."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        plain = self.meant(request) == "rotate_webhook_secret" and reply.status == 404
        return Reply(404, {"error": "Webhook not found"}) if plain else reply


@fault(
    "code-registered",
    also="code-invalid_request",
    at="list_event_deliveries",
    by="unparsable-parameter",
    depth=5,
)
class OwnCodeForBadCursor(Told):
    """A cursor of deliveries that cannot be read is told with a code of its own."""

    code, other, at_operation = "invalid_request", "invalid_cursor", "list_event_deliveries"


@fault("envelope-message", at="list_events", by="unparsable-parameter", depth=5)
class NoMessageForBadCursor(Deep):
    """A cursor of events that cannot be read is told without a message."""

    def bad_cursor(self, operation: Operation) -> Refusal:
        return (
            Refusal("invalid_parameter", " ")
            if operation.id == "list_events"
            else super().bad_cursor(operation)
        )


# --- messages ---


@fault("envelope-message-human", by=ODD, depth=5)
class QueryForQuotes(Deep):
    """A text with a quotation mark in a filter is told with the query that failed."""

    def take_in(
        self, operation: Operation, request: Request, in_path: Mapping[str, str]
    ) -> dict[str, Any]:
        if any("'" in text for text in request.query.values()):
            raise Refusal(
                "invalid_parameter",
                'syntax error at or near "--" in SELECT * FROM leads WHERE status = $1',
            )
        return super().take_in(operation, request, in_path)


@fault("envelope-message-human", by=ODD, depth=4)
class PlaceOfParserForCharacters(Deep):
    """A body that is no UTF-8 is told with the file and line that failed."""

    def parse_body(self, request: Request) -> Any:
        if b"\xff" in request.body:
            raise Refusal(
                "invalid_parameter", 'File "/srv/app/body.py", line 12: invalid start byte'
            )
        return super().parse_body(request)


@fault("envelope-message-human", at="create_agent create_call", by="trigger", depth=4)
class ProviderAddressInMessage(Deep):
    """Trouble with the provider is told with an address of the inside."""

    def message_of(self, code: str, refusal: Refusal) -> str:
        inside = "connect ECONNREFUSED 10.0.3.7:8443"
        return inside if code == "vapi_error" else super().message_of(code, refusal)


@fault(
    "envelope-message-human", at="list_webhooks read_balance list_usage", by="refused-key", depth=4
)
class NearlyAKeyRepeated(Deep):
    """A key that is not known is repeated in the message, in one resource."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        here = (
            self.meant(request) in ("list_webhooks", "read_balance", "list_usage")
            and reply.status == 401
        )
        return (
            told(reply, message=f"{self.parse_key(request)} is not known")
            if here and self.parse_key(request)
            else reply
        )
