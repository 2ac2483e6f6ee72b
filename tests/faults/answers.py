"""Faults of answers: error structure, statuses, codes."""

from __future__ import annotations

from typing import Any, NoReturn

from conformance.model import Operation
from conformance.server.messages import Context, Refusal, Reply, Request
from tests.faults.base import ERRORS, SUCCESSES, Faulty, fault, told

# --- the error structure ---


@fault("envelope-structure envelope-unrouted", by=ERRORS)
class PlainStringError(Faulty):
    """The member error is the message, a string."""

    def envelope(self, code: str, message: str) -> dict[str, Any]:
        return {"error": message}


@fault("envelope-structure envelope-unrouted", by=ERRORS)
class DetailStyle(Faulty):
    """Errors have the one member detail, as some frameworks send them."""

    def envelope(self, code: str, message: str) -> dict[str, Any]:
        return {"detail": message}


@fault("envelope-structure", at="sign_up", by=ERRORS, depth=2)
class FlatErrorAtSignUp(Faulty):
    """At sign-up alone, code and message stand at the top."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return (
            Reply(reply.status, reply.body["error"], reply.headers)
            if self.meant(request) == "sign_up"
            else reply
        )


@fault("envelope-structure", at="sign_up", by="rate-limit", depth=4)
class PlainStringWhenLimited(Faulty):
    """Only the answer 429 has a string as its error."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return (
            Reply(429, {"error": "Too many requests"}, reply.headers)
            if reply.status == 429
            else reply
        )


@fault("envelope-structure", at="sign_up", by="trigger", depth=3)
class BareTerms(Faulty):
    """The answer 402 holds the terms of the payment and no error."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return Reply(402, refusal.members, reply.headers) if reply.status == 402 else reply


@fault("envelope-structure envelope-unrouted", by=ERRORS)
class ErrorInArray(Faulty):
    """Errors come as an array of one."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return Reply(reply.status, [reply.body], reply.headers)


@fault("envelope-message envelope-unrouted", by=ERRORS)
class MissingMessage(Faulty):
    """Errors have no message."""

    def envelope(self, code: str, message: str) -> dict[str, Any]:
        return {"error": {"code": code}}


@fault("envelope-message", by="missing-scope", depth=2)
class BlankMessageWhenForbidden(Faulty):
    """The message of 403 is white space."""

    def message_of(self, code: str, refusal: Refusal) -> str:
        return "  " if code == "forbidden" else super().message_of(code, refusal)


@fault("envelope-code envelope-unrouted", by=ERRORS)
class NumberAsCode(Faulty):
    """error.code is the status, a number."""

    def envelope(self, code: str, message: str) -> dict[str, Any]:
        return {"error": {"code": self.status_of(code), "message": message}}


@fault("envelope-json envelope-unrouted", by=ERRORS)
class HtmlErrors(Faulty):
    """Errors are pages of HTML."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return Reply(reply.status, b"<html><h1>Error</h1></html>", reply.headers)


@fault("envelope-json envelope-unrouted", by=ERRORS)
class ErrorsAsPlainText(Faulty):
    """Errors are JSON that calls itself text/plain."""

    def content_type(self, reply: Reply) -> str:
        return "text/plain" if reply.status >= 400 else super().content_type(reply)


@fault("envelope-json envelope-unrouted", by=ERRORS, depth=2)
class ErrorsWithByteOrderMark(Faulty):
    """Errors begin with a byte order mark, which a sender must not add."""

    def encode(self, reply: Reply) -> bytes:
        return (b"\xef\xbb\xbf" if reply.status >= 400 else b"") + super().encode(reply)


@fault("envelope-json envelope-unrouted", by=ERRORS, depth=2)
class TextAfterError(Faulty):
    """Something follows the JSON of an error."""

    def encode(self, reply: Reply) -> bytes:
        return super().encode(reply) + (b"\nnull" if reply.status >= 400 else b"")


@fault("envelope-json", by=ERRORS, depth=3)
class NotANumberInError(Faulty):
    """A refused key is told with a NaN beside code and message, which is not JSON."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return told(reply, retry=float("nan")) if reply.status == 401 else reply


@fault("envelope-message-human", by="broken-body", depth=2)
class TraceInMessage(Faulty):
    """A body that is no JSON is told with the stack trace of the parser."""

    def invalid_body(self, why: str) -> NoReturn:
        trace = 'Traceback (most recent call last):\n  File "/srv/app/api.py", line 20, in parse'
        raise Refusal("invalid_parameter", trace)


@fault("envelope-message-human", by="unknown-id", depth=2)
class QueryInMessage(Faulty):
    """What is not found is told with the query that looked for it."""

    def not_found(self, operation: Operation) -> Refusal:
        return Refusal("not_found", f"SELECT * FROM {operation.kind}s WHERE id = $1 gave 0 rows")


@fault("envelope-message-human", by="missing-scope", depth=3)
class KeyInMessage(Faulty):
    """A key without the scope is repeated in the message."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return (
            told(reply, message=f"{self.parse_key(request)} lacks the scope")
            if reply.status == 403
            else reply
        )


@fault("envelope-message-human", at="sign_up", by="invalid-parameter", depth=4)
class PathInMessageAtSignUp(Faulty):
    """An e-mail address that is none is told, at sign-up, with a path of the server."""

    def refuse_invalid(self, operation: Operation, names: list[str]) -> None:
        if operation.id == "sign_up" and "email" in names:
            raise Refusal(
                "invalid_parameter",
                "/srv/app/node_modules/validator/email.js: not an e-mail address",
            )
        super().refuse_invalid(operation, names)


@fault("envelope-unrouted", depth=2)
class HtmlForUnknownPath(Faulty):
    """Unknown paths and methods get the page of the web server."""

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        reply, body = super().answer(request)
        if self.meant(request) or self.is_control(request):
            return reply, body
        return Reply(404, b"<h1>404</h1>"), b"<h1>404</h1>"


@fault("envelope-unrouted", depth=3)
class EmptyMethodNotAllowed(Faulty):
    """A method that a path does not have gets 405 without a body."""

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        reply, body = super().answer(request)
        known = {path for _, path in self._exact}
        return (
            (Reply(405, {}), b"")
            if not self.meant(request) and self.local_path(request) in known
            else (reply, body)
        )


@fault("envelope-unrouted", depth=3)
class OwnCodeForUnknownPath(Faulty):
    """Unknown paths get a code of their own."""

    def unknown_route(self, request: Request) -> Refusal:
        return Refusal(code="route_not_found")


@fault("envelope-unrouted", depth=3)
class FaultForUnknownMethod(Faulty):
    """A method that a path does not have is a fault of the server."""

    def unknown_route(self, request: Request) -> Refusal:
        return super().unknown_route(request) if request.method == "GET" else Refusal("internal")


# --- statuses ---


@fault("status-400 status-listed code-invalid_request", by="invalid-parameter")
class UnprocessableForInvalid(Faulty):
    """What fails its check gets 422."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return told(reply, 422) if refusal.role == "invalid_parameter" else reply


@fault("status-400 status-listed code-bad_request", at="update_agent", depth=2)
class UnprocessableForMissingAtUpdate(Faulty):
    """A missing parameter gets 422, at update_agent alone."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        wrong = refusal.role == "missing_parameter" and self.meant(request) == "update_agent"
        return told(reply, 422) if wrong else reply


@fault("status-listed", also="success-members", by="update")
class NoContentAfterUpdate(Faulty):
    """A change is answered 204 without a body."""

    def act_update(self, context: Context) -> Reply:
        super().act_update(context)
        return Reply(204, b"")


@fault("status-listed", by="update", depth=2)
class UpdateAccepted(Faulty):
    """A change is answered 202."""

    def success_status(self, operation: Operation) -> int:
        return 202 if operation.action == "update" else super().success_status(operation)


@fault("status-201", at="create_agent", by="creation")
class OkForCreatedAgent(Faulty):
    """A new agent is answered 200."""

    def success_status(self, operation: Operation) -> int:
        return 200 if operation.id == "create_agent" else super().success_status(operation)


@fault("status-201", at="sign_up", by="missing-parameter", depth=2)
class OkForSignUp(Faulty):
    """Sign-up is answered 200."""

    def success_status(self, operation: Operation) -> int:
        return 200 if operation.id == "sign_up" else super().success_status(operation)


@fault("status-200", at="read_call", by="plain-read")
class CreatedForRead(Faulty):
    """A call that is read is answered 201."""

    def success_status(self, operation: Operation) -> int:
        return 201 if operation.id == "read_call" else super().success_status(operation)


@fault("status-404 status-listed code-not_found", depth=2)
class GoneForUnknown(Faulty):
    """An id that names nothing gets 410."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return told(reply, 410) if refusal.role == "not_found" and self.meant(request) else reply


@fault("status-404 code-not_found", also="success-members status-201", depth=2)
class OkForUnknown(Faulty):
    """An id that names nothing gets 200 with the error inside."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return told(reply, 200) if refusal.role == "not_found" and self.meant(request) else reply


@fault("status-500 code-internal_error status-listed", at="read_agent", by="trigger", depth=3)
class UnavailableForInternal(Faulty):
    """An unexpected fault is told with 503."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return told(reply, 503) if reply.status == 500 and refusal.role == "internal" else reply


@fault("success-members", at="read_call", by="plain-read", depth=2)
class CallWithoutStatus(Faulty):
    """A call that is read has no status, which both official clients read."""

    def act_read(self, context: Context) -> Reply:
        reply = super().act_read(context)
        if context.operation.id != "read_call":
            return reply
        return Reply(
            reply.status, {name: value for name, value in reply.body.items() if name != "status"}
        )


# --- codes ---


@fault("code-registered code-invalid_request", by="invalid-parameter")
class OwnCodeForInvalid(Faulty):
    """What fails its check is told with a code of its own."""

    def code_of(self, refusal: Refusal) -> str:
        return (
            "validation_error" if refusal.role == "invalid_parameter" else super().code_of(refusal)
        )


@fault("code-registered code-not_found envelope-unrouted", by="unknown-id")
class ShoutedCode(Faulty):
    """What is not found is told with its code in capitals."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return (
            told(reply, code=str(reply.body["error"]["code"]).upper())
            if reply.status == 404
            else reply
        )


@fault("code-registered", also="code-internal_error", at="read_agent", by="trigger", depth=3)
class OwnCodeForInternal(Faulty):
    """An unexpected fault is told with the code error."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return told(reply, code="error") if refusal.role == "internal" else reply


@fault("code-bad_request")
class InvalidForMissing(Faulty):
    """A missing parameter is told as an invalid one."""

    def refuse_missing(self, operation: Operation, names: list[str]) -> None:
        if names:
            raise Refusal("invalid_parameter", "Not valid")


@fault("code-invalid_request")
class MissingForInvalid(Faulty):
    """A value that fails its check is told as a missing one."""

    def refuse_invalid(self, operation: Operation, names: list[str]) -> None:
        if names:
            raise Refusal("missing_parameter", "Required")


@fault("code-not_found status-404")
class NotFoundWith400(Faulty):
    """not_found goes with 400."""

    def status_of(self, code: str) -> int:
        return 400 if code == "not_found" else super().status_of(code)


@fault("code-forbidden status-403 scope-required", also="business-object business-filter")
class ForbiddenWith401(Faulty):
    """forbidden goes with 401."""

    def status_of(self, code: str) -> int:
        return 401 if code == "forbidden" else super().status_of(code)


@fault("code-forbidden scope-required", also="code-unauthorized", depth=2)
class UnauthorizedWith403(Faulty):
    """A key without the scope gets 403 with the code unauthorized."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return told(reply, code="unauthorized") if reply.status == 403 else reply


@fault("code-call_failed status-500 status-listed", at="create_call", by="trigger", depth=2)
class CallFailedWith502(Faulty):
    """A call that cannot be placed gets 502."""

    def status_of(self, code: str) -> int:
        return 502 if code == "call_failed" else super().status_of(code)


@fault("code-vapi_error", at="create_call create_agent", by="trigger", depth=2)
class InternalForProvider(Faulty):
    """Trouble with the provider is told as an internal error."""

    def code_of(self, refusal: Refusal) -> str:
        return "internal_error" if refusal.code == "vapi_error" else super().code_of(refusal)


@fault("code-vapi_error", at="create_agent", by="trigger", depth=3)
class InternalForProviderAtAgents(Faulty):
    """Trouble with the provider is told as an internal error, when an agent is created."""

    def check_triggers(self, context: Context) -> None:
        if context.operation.id == "create_agent" and self.triggered(context) == "vapi_error":
            raise Refusal("internal")
        super().check_triggers(context)


@fault("code-number_on_dnc", at="create_call send_sms", by="trigger", depth=2)
class InvalidForDoNotCall(Faulty):
    """A number on a Do Not Call list is told as an invalid one."""

    def code_of(self, refusal: Refusal) -> str:
        return "invalid_request" if refusal.code == "number_on_dnc" else super().code_of(refusal)


@fault("code-not_found status-404", at="update_agent", depth=3)
class ForbiddenForUnknownAtUpdate(Faulty):
    """An agent that does not exist cannot be updated for want of access."""

    def not_found(self, operation: Operation) -> Refusal:
        return (
            Refusal("forbidden") if operation.id == "update_agent" else super().not_found(operation)
        )


@fault(
    "status-402-signup-only",
    also="status-201 created-resource",
    at="create_call",
    by=SUCCESSES,
    depth=2,
)
class PaymentForCalls(Faulty):
    """A call with a maximum of its length has to be paid for."""

    def check_payment(self, context: Context) -> None:
        super().check_payment(context)
        if context.operation.id == "create_call" and "max_duration" in context.values:
            raise Refusal("payment_required")


@fault("code-payment_required", at="sign_up", by="trigger", depth=2)
class PaymentWithoutTerms(Faulty):
    """402 comes without the terms of the payment."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return Reply(402, {"error": reply.body["error"]}) if reply.status == 402 else reply


@fault("code-payment_required status-402", at="sign_up", by="trigger", depth=2)
class ForbiddenForPayment(Faulty):
    """A payment that is wanted is told as 403."""

    def status_of(self, code: str) -> int:
        return 403 if code == "payment_required" else super().status_of(code)


@fault(
    "code-unauthorized status-401",
    also="key-header key-expired key-revoked",
    at="list_agents",
    depth=3,
)
class BadRequestForKeys(Faulty):
    """Keys that fail are told as a bad request at list_agents."""

    def unauthenticated(self, operation: Operation) -> Refusal:
        return (
            Refusal("missing_parameter")
            if operation.id == "list_agents"
            else super().unauthenticated(operation)
        )
