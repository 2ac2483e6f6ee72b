"""Faults of the error body: its structure, its code as a member, its JSON."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Any

from conformance.server.messages import Refusal, Reply, Request
from tests.faults.base import ERRORS, Entry, Faulty, fault, faults_of
from tests.faults.shared import InOneList, in_each_list

TRACE = (
    b"<html><pre>File &quot;/srv/app/views.py&quot;, line 12, in show\n"
    b"    raise NotFound()</pre></html>"
)
"""The page of a debugger."""


@dataclass(frozen=True)
class Body(Entry):
    """What replaces the whole body of an error, with one ``status`` if that is given."""

    shape: Callable[[dict[str, Any]], Any]
    _: KW_ONLY
    by: str = ERRORS
    status: int = 0


def other_body(entry: Body) -> type[Faulty]:
    """The reference server with other bodies of errors."""

    class OtherBody(Faulty):
        def refused(self, request: Request, refusal: Refusal) -> Reply:
            reply = super().refused(request, refusal)
            if entry.status not in (0, reply.status):
                return reply
            if not entry.is_at(self.operation_of(request)):
                return reply
            return Reply(reply.status, entry.shape(reply.body), reply.headers)

    return OtherBody


BODIES = {
    "Sign-up errors put code and message at the top level.": Body(
        "flat-error-at-sign-up", lambda body: body["error"], breaks="envelope-structure",
        at="sign_up", depth=2),
    "Only a 429 has a plain string as its error.": Body(
        "plain-string-when-limited", lambda body: {"error": "Too many requests"}, status=429,
        breaks="envelope-structure", at="sign_up", by="rate-limit", depth=4),
    "Every error body is an array with one element.": Body(
        "error-in-array", lambda body: [body], breaks="envelope-structure envelope-unrouted"),
    "Rotating the secret of an unknown webhook returns a plain string as the error.": Body(
        "plain-error-for-secrets", lambda body: {"error": "Webhook not found"}, status=404,
        breaks="envelope-structure", at="rotate_webhook_secret", by="unknown-id missing-parameter",
        depth=4),
    "Errors are HTML pages.": Body(
        "html-errors", lambda body: b"<html><h1>Error</h1></html>",
        breaks="envelope-json envelope-unrouted"),
    "Errors are HTML pages of a debugger, with the escaped stack trace.": Body(
        "trace-pages", lambda body: TRACE,
        breaks="envelope-message-human envelope-json envelope-unrouted", depth=2),
    "The body of a 401 holds NaN, which is not JSON.": Body(
        "not-anumber-in-error", lambda body: {"error": {**body["error"], "retry": math.nan}},
        status=401, breaks="envelope-json", depth=3),
}  # fmt: skip

faults_of(other_body, __name__, BODIES)


# --- the structure ---


@fault("envelope-structure envelope-unrouted", by=ERRORS)
class PlainStringError(Faulty):
    """The member error is the message as a plain string."""

    def envelope(self, code: str, message: str) -> dict[str, Any]:
        return {"error": message}


@fault("envelope-structure envelope-unrouted", by=ERRORS)
class DetailStyle(Faulty):
    """Errors have the single member detail, as some frameworks send them."""

    def envelope(self, code: str, message: str) -> dict[str, Any]:
        return {"detail": message}


@fault("envelope-structure", at="sign_up", by="trigger", depth=3)
class BareTerms(Faulty):
    """A 402 contains the payment terms but no error."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return Reply(402, refusal.members, reply.headers) if reply.status == 402 else reply


@in_each_list("envelope-structure", by=ERRORS)
class PlainError(InOneList):
    """Errors are a plain string."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return (
            Reply(reply.status, {"error": "Something went wrong"})
            if self.operation_of(request) == self.here
            else reply
        )


# --- the code ---


@fault("envelope-code envelope-unrouted", by=ERRORS)
class NumberAsCode(Faulty):
    """The member error.code is the status as a number."""

    def envelope(self, code: str, message: str) -> dict[str, Any]:
        return {"error": {"code": self.status_of(code), "message": message}}


# --- JSON ---


@fault("envelope-json envelope-unrouted", by=ERRORS)
class ErrorsAsPlainText(Faulty):
    """Errors are JSON with the content type text/plain."""

    def content_type(self, reply: Reply) -> str:
        return "text/plain" if reply.status >= 400 else super().content_type(reply)


@fault("envelope-json envelope-unrouted", by=ERRORS, depth=2)
class ErrorsWithByteOrderMark(Faulty):
    """Every error body begins with a byte order mark."""

    def encode(self, reply: Reply) -> bytes:
        return (b"\xef\xbb\xbf" if reply.status >= 400 else b"") + super().encode(reply)


@fault("envelope-json envelope-unrouted", by=ERRORS, depth=2)
class TextAfterError(Faulty):
    """More text follows the JSON of every error."""

    def encode(self, reply: Reply) -> bytes:
        return super().encode(reply) + (b"\nnull" if reply.status >= 400 else b"")


@fault("envelope-json", by="refused-key", depth=4)
class ErrorsForPeople(Faulty):
    """Clients that accept any media type get errors as HTML."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return Reply(reply.status, b"<p>Error</p>") if request.header("accept") == "*/*" else reply
