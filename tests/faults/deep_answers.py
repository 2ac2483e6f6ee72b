"""Deep faults of answers: codes and statuses in rare paths, messages that tell too much, input that breaks the server."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from conformance.model import Operation, Parameter, Rate
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
        if self.code_of(refusal) != self.code or (self.at_operation and self.meant(request) != self.at_operation):
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


@fault("code-not_found status-404", at="read_external_run", by="unknown-id", depth=4)
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


@fault("status-200", at="update_webhook", by="update", depth=4)
class CreatedAfterUpdate(Deep):
    """A change of a webhook is answered 201, as its creation has the same path."""

    def success_status(self, operation: Operation) -> int:
        return 201 if operation.id == "update_webhook" else super().success_status(operation)


@fault("status-402-signup-only", also="status-201 created-resource", at="assign_phone_number", by="creation", depth=4)
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


@fault("code-registered", at="list_event_deliveries", by="unparsable-parameter", depth=5)
class OwnCodeForBadCursor(Told):
    """A cursor of deliveries that cannot be read is told with a code of its own."""

    code, other, at_operation = "invalid_request", "invalid_cursor", "list_event_deliveries"


@fault("envelope-message", at="list_events", by="unparsable-parameter", depth=5)
class NoMessageForBadCursor(Deep):
    """A cursor of events that cannot be read is told without a message."""

    def bad_cursor(self, operation: Operation) -> Refusal:
        return Refusal("invalid_parameter", " ") if operation.id == "list_events" else super().bad_cursor(operation)


# --- messages ---


@fault("envelope-message-human", by=ODD, depth=5)
class QueryForQuotes(Deep):
    """A text with a quotation mark in a filter is told with the query that failed."""

    def take_in(self, operation: Operation, request: Request, in_path: Mapping[str, str]) -> dict[str, Any]:
        if any("'" in text for text in request.query.values()):
            raise Refusal("invalid_parameter", 'syntax error at or near "--" in SELECT * FROM leads WHERE status = $1')
        return super().take_in(operation, request, in_path)


@fault("envelope-message-human", by=ODD, depth=4)
class PlaceOfParserForCharacters(Deep):
    """A body that is no UTF-8 is told with the file and line that failed."""

    def parse_body(self, request: Request) -> Any:
        if b"\xff" in request.body:
            raise Refusal("invalid_parameter", 'File "/srv/app/body.py", line 12: invalid start byte')
        return super().parse_body(request)


@fault("envelope-message-human", at="create_agent create_call", by="trigger", depth=4)
class ProviderAddressInMessage(Deep):
    """Trouble with the provider is told with an address of the inside."""

    def message_of(self, code: str, refusal: Refusal) -> str:
        inside = "connect ECONNREFUSED 10.0.3.7:8443"
        return inside if code == "vapi_error" else super().message_of(code, refusal)


@fault("envelope-message-human", at="list_webhooks read_balance list_usage", by="refused-key", depth=4)
class NearlyAKeyRepeated(Deep):
    """A key that is not known is repeated in the message, in one resource."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        here = self.meant(request) in ("list_webhooks", "read_balance", "list_usage") and reply.status == 401
        return told(reply, message=f"{self.parse_key(request)} is not known") if here and self.parse_key(request) else reply


# --- odd input ---


@fault("status-no-5xx-for-mistakes", by=ODD, depth=4)
class DeepNesting(Deep):
    """A body that is nested deep is a fault of the server."""

    def parse_body(self, request: Request) -> Any:
        if request.body.count(b"[") > 1000:
            raise RecursionError
        return super().parse_body(request)


@fault("status-no-5xx-for-mistakes", at="create_lead create_workspace create_webhook create_eval", by=ODD, depth=5)
class HugeNumber(Deep):
    """A number that no machine word holds is a fault of the server where something is made."""

    def parse_body(self, request: Request) -> Any:
        if self.meant(request).startswith("create_") and re.search(rb"[0-9]{300}", request.body):
            raise OverflowError
        return super().parse_body(request)


@fault("status-no-5xx-for-mistakes", by=ODD, depth=5)
class HalfACharacter(Deep):
    """Half of a surrogate pair is a fault of the server."""

    def parse_body(self, request: Request) -> Any:
        json.dumps(super().parse_body(request), ensure_ascii=False).encode()
        return super().parse_body(request)


@fault("status-no-5xx-for-mistakes", at="list_leads list_events list_messages", by=ODD, depth=5)
class NulInFilter(Deep):
    """A NUL in a filter of leads, events or messages is a fault of the server."""

    def filter_of(self, parameter: Parameter, value: Any) -> Any:
        if "\0" in str(value) and parameter.refers is None:
            raise ValueError
        return super().filter_of(parameter, value)


@fault("status-no-5xx-for-mistakes", by=ODD, depth=5)
class ParameterTwice(Deep):
    """A limit that is given twice is a fault of the server."""

    def take_in(self, operation: Operation, request: Request, in_path: Mapping[str, str]) -> dict[str, Any]:
        if len(re.findall(r"(?:^|&)limit=", request.query_text)) > 1:
            raise TypeError
        return super().take_in(operation, request, in_path)


@fault("status-no-5xx-for-mistakes", by=ODD, depth=5)
class ParameterInBrackets(Deep):
    """A cursor in the form of an array is a fault of the server."""

    def take_in(self, operation: Operation, request: Request, in_path: Mapping[str, str]) -> dict[str, Any]:
        if "after[" in request.query_text or "after%5B" in request.query_text:
            raise TypeError
        return super().take_in(operation, request, in_path)


@fault("status-no-5xx-for-mistakes", by=ODD, depth=5)
class LongText(Deep):
    """A text of more than four thousand characters in a filter is a fault of the server."""

    def take_in(self, operation: Operation, request: Request, in_path: Mapping[str, str]) -> dict[str, Any]:
        if any(len(text) > 4000 for text in request.query.values()):
            raise ValueError
        return super().take_in(operation, request, in_path)


@fault("status-no-5xx-for-mistakes", by=ODD, depth=4)
class MediaTypeWithoutSlash(Deep):
    """A media type without a slash is a fault of the server."""

    def check_media_type(self, request: Request) -> None:
        _ = (request.header("content-type") or "a/b").split("/")[1]
        super().check_media_type(request)


@fault("status-no-5xx-for-mistakes", by=ODD, depth=5)
class FirstYear(Deep):
    """A cursor in the first year is a fault of the server, as when a zone is added to it."""

    def edge_of(self, context: Context) -> str | None:
        if str(context.values.get("after", "")).startswith("0001-01-01"):
            raise OverflowError
        return super().edge_of(context)


@fault("status-no-5xx-for-mistakes", also="status-400 code-invalid_request", by=ODD, depth=5)
class BodyThatIsANumber(Deep):
    """A body that is a number is a fault of the server."""

    def body_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        if request.body.strip().isdigit():
            raise TypeError
        return super().body_values(operation, request)


@fault("status-no-5xx-for-mistakes", also="key-header", by=ODD, depth=5)
class QuestionMarkForKey(Deep):
    """An Authorization header without a space is a fault of the server."""

    def parse_key(self, request: Request) -> str | None:
        value = request.header("authorization")
        if value is not None and " " not in value:
            raise IndexError
        return super().parse_key(request)


@fault("status-no-5xx-for-mistakes", also="key-header", by=ODD, depth=5)
class KeyThatIsNoAscii(Deep):
    """A key with a letter that is no ASCII is a fault of the server."""

    def parse_key(self, request: Request) -> str | None:
        key = super().parse_key(request)
        if key is not None:
            key.encode("ascii")
        return key


@fault("status-no-5xx-for-mistakes", also="key-header", by=ODD, depth=5)
class EndlessKey(Deep):
    """A key of more than a thousand characters is a fault of the server."""

    def parse_key(self, request: Request) -> str | None:
        key = super().parse_key(request)
        if key is not None and len(key) > 1000:
            raise ValueError
        return key


@fault("status-400 code-bad_request", at="create_eval", by="missing-parameter", depth=4)
class MessagesNotRequired(Deep):
    """An eval is made without its messages."""

    def is_required(self, operation: Operation, parameter: Parameter) -> bool:
        return super().is_required(operation, parameter) and parameter.name != "messages"


# --- sign-up ---


@fault("signup-limit", at="sign_up", depth=4)
class RealAddressBelieved(Deep):
    """The header X-Real-IP is believed."""

    def rate_address(self, request: Request) -> str:
        return request.header("x-real-ip") or request.address


@fault("signup-limit", at="sign_up", depth=5)
class ConnectingAddressBelieved(Deep):
    """The header CF-Connecting-IP is believed."""

    def rate_address(self, request: Request) -> str:
        return request.header("cf-connecting-ip") or request.address


@fault("signup-limit", at="sign_up", depth=5)
class LastForwardedBelieved(Deep):
    """The last address of X-Forwarded-For is believed, if there are several."""

    def rate_address(self, request: Request) -> str:
        parts = (request.header("x-forwarded-for") or "").split(",")
        return parts[-1].strip() if len(parts) > 1 else request.address


@fault("signup-limit", at="sign_up", depth=5)
class RequestedByClient(Deep):
    """The header X-Client-IP is believed."""

    def rate_address(self, request: Request) -> str:
        return request.header("x-client-ip") or request.address


@fault("signup-limit status-429", also="code-rate_limit_exceeded", at="sign_up", depth=4)
class CountedByAddressOfMail(Deep):
    """Sign-ups are counted by the e-mail address."""

    def check_rate(self, context: Context) -> None:
        super().check_rate(Context(context.operation, self._of(context), context.identity, context.values))

    def _of(self, context: Context) -> Request:
        return Request("POST", context.request.path, address=str(context.values.get("email")))


@fault("signup-limit", at="sign_up", depth=5)
class RefusalOpensAgain(Deep):
    """A sign-up that is refused for its number begins the count anew."""

    def check_rate(self, context: Context) -> None:
        try:
            super().check_rate(context)
        except Refusal:
            self._windows.clear()
            raise


@fault("signup-limit", at="sign_up", depth=4)
class TenMinutes(Deep):
    """The limit ends after ten minutes."""

    def rate_seconds(self, rate: Rate) -> int:
        return 600


@fault("signup-limit", at="sign_up", depth=5)
class HalfAnHour(Deep):
    """The limit ends after half an hour."""

    def rate_seconds(self, rate: Rate) -> int:
        return rate.seconds // 2


@fault("signup-per-address", also="signup-allowance", at="sign_up", depth=4)
class CountedByNeighbourhood(Deep):
    """Addresses that share their first three numbers are counted together."""

    def rate_address(self, request: Request) -> str:
        return request.address.rpartition(".")[0]


@fault("code-payment_required", at="sign_up", by="trigger", depth=5)
class AnyProofPays(Deep):
    """Any payment header that is not empty counts as paid."""

    def is_paid(self, proof: str | None) -> bool:
        return bool(proof)


@fault("code-payment_required", at="sign_up", by="trigger", depth=4)
class EmptyTerms(Deep):
    """402 comes with an empty list of terms."""

    def payment_terms(self, payment: Any, context: Context) -> dict[str, Any]:
        return {**super().payment_terms(payment, context), payment.terms: []}
