"""Faults of codes that ordinary mistakes provoke."""

from __future__ import annotations

from conformance.model import Operation
from conformance.server.messages import Refusal, Reply, Request
from tests.faults.base import Faulty, altered, fault
from tests.faults.shared import ErrorReplaced

# --- unregistered codes ---


@fault("code-registered code-invalid_request", by="invalid-parameter")
class OwnCodeForInvalid(Faulty):
    """An invalid value gets the unregistered code validation_error."""

    def code_of(self, refusal: Refusal) -> str:
        return (
            "validation_error" if refusal.role == "invalid_parameter" else super().code_of(refusal)
        )


@fault("code-registered code-not_found envelope-unrouted", by="unknown-id")
class ShoutedCode(Faulty):
    """The code of a 404 is in capitals."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return (
            altered(reply, code=str(reply.body["error"]["code"]).upper())
            if reply.status == 404
            else reply
        )


@fault("code-registered", also="code-internal_error", at="read_agent", by="trigger", depth=3)
class OwnCodeForInternal(Faulty):
    """An internal error gets the unregistered code error."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return altered(reply, code="error") if refusal.role == "internal" else reply


@fault(
    "code-registered",
    also="code-invalid_request",
    at="list_event_deliveries",
    by="unparsable-parameter",
    depth=5,
)
class OwnCodeForBadCursor(ErrorReplaced):
    """list_event_deliveries returns an unregistered code for an unparsable cursor."""

    code, other, at_operation = "invalid_request", "invalid_cursor", "list_event_deliveries"


# --- missing and invalid parameters ---


@fault("code-bad_request")
class InvalidForMissing(Faulty):
    """A missing parameter gets the code of an invalid one."""

    def refuse_missing(self, operation: Operation, names: list[str]) -> None:
        if names:
            raise Refusal("invalid_parameter", "Not valid")


@fault("code-invalid_request")
class MissingForInvalid(Faulty):
    """An invalid value gets the code of a missing parameter."""

    def refuse_invalid(self, operation: Operation, names: list[str]) -> None:
        if names:
            raise Refusal("missing_parameter", "Required")


# --- unknown objects ---


@fault("code-not_found status-404")
class NotFoundWith400(Faulty):
    """The code not_found has the status 400."""

    def status_of(self, code: str) -> int:
        return 400 if code == "not_found" else super().status_of(code)


@fault("code-not_found status-404", at="update_agent", depth=3)
class ForbiddenForUnknownAtUpdate(Faulty):
    """update_agent returns 403 for an unknown agent."""

    def not_found(self, operation: Operation) -> Refusal:
        return (
            Refusal("forbidden") if operation.id == "update_agent" else super().not_found(operation)
        )


@fault(
    "code-not_found status-404",
    also="business-object",
    at="read_external_run",
    by="unknown-id",
    depth=4,
)
class BadRequestForUnknownReference(ErrorReplaced):
    """read_external_run returns 400 for an unknown external_ref."""

    code, status, other, at_operation = "not_found", 400, "invalid_request", "read_external_run"


@fault("code-not_found status-404", at="rotate_webhook_secret", by="unknown-id", depth=4)
class ForbiddenForUnknownWebhook(ErrorReplaced):
    """rotate_webhook_secret returns 403 for an unknown webhook."""

    code, status, other, at_operation = "not_found", 403, "forbidden", "rotate_webhook_secret"


# --- access ---


@fault("code-forbidden status-403 scope-required", also="business-object business-filter")
class ForbiddenWith401(Faulty):
    """The code forbidden has the status 401."""

    def status_of(self, code: str) -> int:
        return 401 if code == "forbidden" else super().status_of(code)


@fault("code-forbidden scope-required", also="code-unauthorized", depth=2)
class UnauthorizedWith403(Faulty):
    """A missing scope returns 403 with the code unauthorized."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return altered(reply, code="unauthorized") if reply.status == 403 else reply


# --- the rate limit ---


@fault("code-rate_limit_exceeded signup-limit", also="code-forbidden", at="sign_up", depth=2)
class ForbiddenCodeWhenLimited(Faulty):
    """A 429 has the code forbidden."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return altered(reply, code="forbidden") if reply.status == 429 else reply


@fault("code-rate_limit_exceeded signup-limit status-429", at="sign_up", depth=2)
class ForbiddenWhenLimited(Faulty):
    """Too many sign-ups return 403 with the code forbidden."""

    def too_many(self, retry_after: int) -> Refusal:
        return Refusal("forbidden")


@fault(
    "code-rate_limit_exceeded signup-limit status-429", also="status-listed", at="sign_up", depth=2
)
class UnavailableWhenLimited(Faulty):
    """Too many sign-ups return 503."""

    def status_of(self, code: str) -> int:
        return 503 if code == "rate_limit_exceeded" else super().status_of(code)


@fault("code-rate_limit_exceeded signup-limit", also="code-registered", at="sign_up", depth=3)
class OwnCodeWhenLimited(Faulty):
    """A 429 has the unregistered code rate_limited."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return altered(reply, code="rate_limited") if reply.status == 429 else reply
