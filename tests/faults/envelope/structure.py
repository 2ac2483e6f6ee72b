"""Faults of the error body: its structure, its code as a member, its JSON."""

from __future__ import annotations

from typing import Any

from conformance.server.messages import Refusal, Reply, Request
from tests.faults.base import ERRORS, Faulty, altered, fault
from tests.faults.shared import InOneList, in_each_list

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


@fault("envelope-structure", at="sign_up", by=ERRORS, depth=2)
class FlatErrorAtSignUp(Faulty):
    """Sign-up errors put code and message at the top level."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return (
            Reply(reply.status, reply.body["error"], reply.headers)
            if self.operation_of(request) == "sign_up"
            else reply
        )


@fault("envelope-structure", at="sign_up", by="rate-limit", depth=4)
class PlainStringWhenLimited(Faulty):
    """Only a 429 has a plain string as its error."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return (
            Reply(429, {"error": "Too many requests"}, reply.headers)
            if reply.status == 429
            else reply
        )


@fault("envelope-structure", at="sign_up", by="trigger", depth=3)
class BareTerms(Faulty):
    """A 402 holds the payment terms and no error."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return Reply(402, refusal.members, reply.headers) if reply.status == 402 else reply


@fault("envelope-structure envelope-unrouted", by=ERRORS)
class ErrorInArray(Faulty):
    """Every error body is an array with one element."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return Reply(reply.status, [reply.body], reply.headers)


@fault("envelope-structure", at="rotate_webhook_secret", by="unknown-id missing-parameter", depth=4)
class PlainErrorForSecrets(Faulty):
    """Rotating the secret of an unknown webhook returns a plain string as the error."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        plain = self.operation_of(request) == "rotate_webhook_secret" and reply.status == 404
        return Reply(404, {"error": "Webhook not found"}) if plain else reply


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
class HtmlErrors(Faulty):
    """Errors are HTML pages."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return Reply(reply.status, b"<html><h1>Error</h1></html>", reply.headers)


@fault("envelope-message-human envelope-json envelope-unrouted", by=ERRORS, depth=2)
class TracePages(Faulty):
    """Errors are HTML pages of a debugger, with the escaped stack trace."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        trace = b"File &quot;/srv/app/views.py&quot;, line 12, in show\n    raise NotFound()"
        return Reply(reply.status, b"<html><pre>" + trace + b"</pre></html>", reply.headers)


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


@fault("envelope-json", by=ERRORS, depth=3)
class NotANumberInError(Faulty):
    """The body of a 401 holds NaN, which is not JSON."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return altered(reply, retry=float("nan")) if reply.status == 401 else reply


@fault("envelope-json", by="refused-key", depth=4)
class ErrorsForPeople(Faulty):
    """Clients that accept any media type get errors as HTML."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return Reply(reply.status, b"<p>Error</p>") if request.header("accept") == "*/*" else reply
