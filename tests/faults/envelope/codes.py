"""Faults of codes that ordinary mistakes provoke."""

from __future__ import annotations

from conformance.model import Operation
from conformance.server.messages import Refusal, Reply, Request
from tests.faults.base import Faulty, altered, fault, faults_of
from tests.faults.shared import Replaced, error_replaced

REPLACED = {
    "An invalid value gets the unregistered code validation_error.": Replaced(
        "own-code-for-invalid", "invalid_request", other="validation_error",
        breaks="code-registered code-invalid_request", by="invalid-parameter"),
    "An internal error gets the unregistered code error.": Replaced(
        "own-code-for-internal", "internal_error", other="error", breaks="code-registered",
        also="code-internal_error", at="read_agent", by="trigger", depth=3),
    "list_event_deliveries returns an unregistered code for an invalid cursor.": Replaced(
        "own-code-for-bad-cursor", "invalid_request", other="invalid_cursor",
        breaks="code-registered", also="code-invalid_request", at="list_event_deliveries",
        by="unparsable-parameter", depth=5),
    "The code not_found comes with the status 400.": Replaced(
        "not-found-with400", "not_found", status=400, breaks="code-not_found status-404"),
    "update_agent returns 403 for an unknown agent.": Replaced(
        "forbidden-for-unknown-at-update", "not_found", status=403, other="forbidden",
        breaks="code-not_found status-404", at="update_agent", depth=3),
    "read_external_run returns 400 for an unknown external_ref.": Replaced(
        "bad-request-for-unknown-reference", "not_found", status=400, other="invalid_request",
        breaks="code-not_found status-404", also="business-object", at="read_external_run",
        by="unknown-id", depth=4),
    "rotate_webhook_secret returns 403 for an unknown webhook.": Replaced(
        "forbidden-for-unknown-webhook", "not_found", status=403, other="forbidden",
        breaks="code-not_found status-404", at="rotate_webhook_secret", by="unknown-id", depth=4),
    "The code forbidden comes with the status 401.": Replaced(
        "forbidden-with401", "forbidden", status=401,
        breaks="code-forbidden status-403 scope-required", also="business-object business-filter"),
    "A missing scope returns 403 with the code unauthorized.": Replaced(
        "unauthorized-with403", "forbidden", other="unauthorized",
        breaks="code-forbidden scope-required", also="code-unauthorized", depth=2),
    "A 429 has the code forbidden.": Replaced(
        "forbidden-code-when-limited", "rate_limit_exceeded", other="forbidden",
        breaks="code-rate_limit_exceeded signup-limit", also="code-forbidden", at="sign_up",
        depth=2),
    "Too many sign-ups return 503.": Replaced(
        "unavailable-when-limited", "rate_limit_exceeded", status=503,
        breaks="code-rate_limit_exceeded signup-limit status-429", also="status-listed",
        at="sign_up", depth=2),
    "A 429 has the unregistered code rate_limited.": Replaced(
        "own-code-when-limited", "rate_limit_exceeded", other="rate_limited",
        breaks="code-rate_limit_exceeded signup-limit", also="code-registered", at="sign_up",
        depth=3),
}  # fmt: skip

faults_of(error_replaced, __name__, REPLACED)


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


@fault("code-rate_limit_exceeded signup-limit status-429", at="sign_up", depth=2)
class ForbiddenWhenLimited(Faulty):
    """Too many sign-ups return 403 with the code forbidden."""

    def too_many(self, retry_after: int) -> Refusal:
        return Refusal("forbidden")
