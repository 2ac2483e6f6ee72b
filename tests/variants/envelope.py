"""Legal variants of error bodies, headers and statuses."""

from __future__ import annotations

import gzip
import itertools
import re
from typing import Any

from conformance.server.messages import Refusal, Reply, Request
from tests.faults.base import Faulty, variant
from tests.faults.shared import Interrupted


@variant("L17")
class MoreMembersInErrors(Faulty):
    """Errors have further members, next to error and inside it."""

    def envelope(self, code: str, message: str) -> dict[str, Any]:
        error: dict[str, Any] = {
            "code": code,
            "message": message,
            "param": None,
            "details": [],
            "docs_url": "https://example.com/errors",
        }
        return {
            "success": False,
            "status": self.status_of(code),
            "error": error,
            "request_id": "req_1",
            "trace_id": None,
        }


@variant("L18")
class MessageWithRequestId(Faulty):
    """Messages are in German and hold a request id that is always new."""

    _numbers = itertools.count()

    def message_of(self, code: str, refusal: Refusal) -> str:
        return (
            f"Die Anfrage req_{next(self._numbers):08x} ließ sich nicht ausführen; "
            "siehe /docs/errors (select a plan from…)"
        )


@variant("L19")
class ShoutedMediaType(Faulty):
    """The content type has capitals, odd spaces and a charset."""

    def content_type(self, reply: Reply) -> str:
        return 'Application/JSON ; Charset="UTF-8"'


@variant("L20 L68")
class MethodNotAllowed(Faulty):
    """An unknown method on a known path returns 405 with the envelope."""

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        reply, body = super().answer(request)
        if self.operation_of(request) or self.local_path(request) not in {
            path for _, path in self._exact
        }:
            return reply, body
        reply = Reply(
            405,
            self.envelope("invalid_request", "This method is not supported"),
            (("Allow", "GET, POST"),),
        )
        return reply, self.encode(reply)


@variant("L49 L51")
class HeadAndSlash(Faulty):
    """HEAD and OPTIONS return 405 without a body, and a trailing slash returns 308."""

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        if request.method in ("HEAD", "OPTIONS"):
            return Reply(405, b""), b""
        if request.path.endswith("/"):
            return Reply(308, b"", (("Location", request.path.rstrip("/")),)), b""
        return super().answer(request)


@variant("L68")
class OwnStatusesForOddBodies(Faulty):
    """A foreign media type returns 415 and a body above 8 KiB 413, with the envelope."""

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        odd = 413 if len(request.body) > 8192 else None
        told_type = (
            (request.header("content-type") or "application/json").partition(";")[0].strip().lower()
        )
        if request.body and told_type != "application/json":
            odd = 415
        if odd is None:
            return super().answer(request)
        reply = Reply(odd, self.envelope("invalid_request", "Such a body is not taken"))
        return reply, self.encode(reply)


@variant("L21", untested="signup-limit signup-allowance")
class ProxyNowAndThen(Interrupted):
    """A proxy answers every sixtieth request with 503 and without the envelope."""

    def interruption(self, request: Request) -> Reply:
        return Reply(503, b"<h1>503</h1>")


@variant("L56", socket=True)
class Compressed(Faulty):
    """Responses are compressed if the client offers it, and errors close the connection."""

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        reply, body = super().answer(request)
        if "gzip" not in (request.header("accept-encoding") or ""):
            return reply, body
        close = (("Connection", "close"),) if reply.status >= 400 else ()
        return Reply(
            reply.status, reply.body, (*reply.headers, ("Content-Encoding", "gzip"), *close)
        ), gzip.compress(body)


@variant("L56")
class RejectsWhatIsNoUri(Faulty):
    """The HTTP server rejects a path with a broken escape itself, in plain text, and hangs up."""

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        if not re.search("%(zz|$)", request.path):
            return super().answer(request)
        headers = (("Content-Type", "text/plain"), ("Connection", "close"))
        return Reply(400, b"400 Bad Request", headers), b"400 Bad Request"


@variant("E34")
class FirstAnswerAgain(Faulty):
    """A request under the key of an earlier one is not looked at: it gets that answer, with 200."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._answers: dict[tuple[str | None, str | None], Reply] = {}

    def dispatch(self, request: Request) -> Reply:
        name = request.headers.get("idempotency-key")
        given = self._answers.get((name, request.headers.get("authorization")))
        if given is not None:
            return Reply(200, given.body)
        reply = super().dispatch(request)
        if name is not None:
            self._answers[name, request.headers.get("authorization")] = reply
        return reply
