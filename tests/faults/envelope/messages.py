"""Faults of error messages: missing, or showing what only the server should see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from conformance.model import Operation
from conformance.server.messages import Context, Refusal, Reply, Request
from tests.faults.base import ERRORS, ODD_REQUESTS, Faulty, altered, fault, faults_of, is_for
from tests.faults.shared import Replaced, error_replaced

REPLACED = {
    "The message of a 403 is only white space.": Replaced(
        "blank-message-when-forbidden", "forbidden", message="  ", breaks="envelope-message",
        by="missing-scope", depth=2),
    "The message of a 403 is an object converted to text.": Replaced(
        "object-as-message", "forbidden", message="[object Object]",
        breaks="envelope-message-human", by="missing-scope", depth=4),
    "The message of a provider error shows an internal network address.": Replaced(
        "provider-address-in-message", "vapi_error", message="connect ECONNREFUSED 10.0.3.7:8443",
        breaks="envelope-message-human", at="create_agent create_call", by="trigger", depth=4),
}  # fmt: skip

faults_of(error_replaced, __name__, REPLACED)


# --- no message ---


@fault("envelope-message envelope-unrouted", by=ERRORS)
class MissingMessage(Faulty):
    """Errors have no message."""

    def envelope(self, code: str, message: str) -> dict[str, Any]:
        return {"error": {"code": code}}


@fault("envelope-message", at="list_events", by="unparsable-parameter", depth=5)
class NoMessageForBadCursor(Faulty):
    """list_events returns a blank message for an unparsable cursor."""

    def bad_cursor(self, operation: Operation) -> Refusal:
        return (
            Refusal("invalid_parameter", " ")
            if operation.id == "list_events"
            else super().bad_cursor(operation)
        )


# --- messages that show too much ---


@fault("envelope-message-human", by="broken-body", depth=2)
class TraceInMessage(Faulty):
    """For an unparsable body, the message shows the parser's stack trace."""

    def invalid_body(self, why: str) -> NoReturn:
        trace = 'Traceback (most recent call last):\n  File "/srv/app/api.py", line 20, in parse'
        raise Refusal("invalid_parameter", trace)


@fault("envelope-message-human", by="unknown-id", depth=2)
class QueryInMessage(Faulty):
    """The message of a 404 shows the SQL query that found nothing."""

    def not_found(self, operation: Operation) -> Refusal:
        return Refusal("not_found", f"SELECT * FROM {operation.kind}s WHERE id = $1 gave 0 rows")


@fault("envelope-message-human", by="missing-scope", depth=3)
class KeyInMessage(Faulty):
    """The message of a 403 repeats the key."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return (
            altered(reply, message=f"{self.parse_key(request)} lacks the scope")
            if reply.status == 403
            else reply
        )


@fault("envelope-message-human", at="sign_up", by="invalid-parameter", depth=4)
class PathInMessageAtSignUp(Faulty):
    """For an invalid e-mail address, the message shows a file path of the server."""

    def refuse_invalid(self, operation: Operation, names: list[str]) -> None:
        if operation.id == "sign_up" and "email" in names:
            raise Refusal(
                "invalid_parameter",
                "/srv/app/node_modules/validator/email.js: not an e-mail address",
            )
        super().refuse_invalid(operation, names)


@fault("envelope-message-human", by=ODD_REQUESTS, depth=5)
class QueryForQuotes(Faulty):
    """For a quotation mark in the query string, the message shows a failed SQL query."""

    def take_in(
        self, operation: Operation, request: Request, in_path: Mapping[str, str]
    ) -> dict[str, Any]:
        if any("'" in text for text in request.query.values()):
            raise Refusal(
                "invalid_parameter",
                'syntax error at or near "--" in SELECT * FROM leads WHERE status = $1',
            )
        return super().take_in(operation, request, in_path)


@fault("envelope-message-human", by=ODD_REQUESTS, depth=4)
class PlaceOfParserForCharacters(Faulty):
    """For a body that is not UTF-8, the message shows a file name and line number."""

    def parse_body(self, request: Request) -> Any:
        if b"\xff" in request.body:
            raise Refusal(
                "invalid_parameter", 'File "/srv/app/body.py", line 12: invalid start byte'
            )
        return super().parse_body(request)


@fault(
    "envelope-message-human", at="list_webhooks read_balance list_usage", by="refused-key", depth=4
)
class NearlyAKeyRepeated(Faulty):
    """Three operations repeat an unknown key in the message of a 401."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        here = (
            self.operation_of(request) in ("list_webhooks", "read_balance", "list_usage")
            and reply.status == 401
        )
        return (
            altered(reply, message=f"{self.parse_key(request)} is not known")
            if here and self.parse_key(request)
            else reply
        )


@fault("envelope-message-human", at="create_lead", by="repeated-creation", depth=4)
class AddressOfLeadIsUnique(Faulty):
    """create_lead rejects the e-mail address of an earlier lead with the error of the database."""

    def act_create(self, context: Context) -> Reply:
        if is_for(context, "create_lead") and "email" in context.values:
            place = f"address:{context.values['email']}"
            if self.store.note(place):
                said = "psycopg.errors.UniqueViolation: duplicate key value in leads_email_key"
                raise Refusal("invalid_parameter", said)
            self.store.set_note(place, 1)
        return super().act_create(context)
