"""Legal variants of answers, keys, writes and limits."""

from __future__ import annotations

import gzip
import itertools
import re
from collections import defaultdict, deque
from collections.abc import Mapping
from typing import Any, NoReturn

from conformance.model import Contract, Operation, Payment
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.moments import MICRO
from conformance.server.store import Identity, Row
from tests.faults.base import Faulty, variant

# --- errors ---


@variant("L17")
class MoreMembersInErrors(Faulty):
    """Errors have members beside code and message, and beside error."""

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
    """Messages differ from call to call, in German, and hold a request id."""

    _numbers = itertools.count()

    def message_of(self, code: str, refusal: Refusal) -> str:
        return f"Die Anfrage req_{next(self._numbers):08x} ließ sich nicht ausführen; siehe /docs/errors (select a plan from…)"


@variant("L19")
class ShoutedMediaType(Faulty):
    """The media type is written in capitals, with a charset after a space."""

    def content_type(self, reply: Reply) -> str:
        return 'Application/JSON ; Charset="UTF-8"'


@variant("L23")
class NoChallenge(Faulty):
    """401 comes without WWW-Authenticate."""

    def error_headers(self, code: str, refusal: Refusal) -> tuple[tuple[str, str], ...]:
        return () if code == "unauthorized" else refusal.headers


@variant("L20 L68")
class MethodNotAllowed(Faulty):
    """A method that a path does not have gets 405 with the envelope."""

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        reply, body = super().answer(request)
        if self.meant(request) or self.local_path(request) not in {path for _, path in self._exact}:
            return reply, body
        reply = Reply(
            405,
            self.envelope("invalid_request", "This method is not supported"),
            (("Allow", "GET, POST"),),
        )
        return reply, self.encode(reply)


@variant("L49 L51")
class HeadAndSlash(Faulty):
    """HEAD and OPTIONS get 405 without a body, a trailing slash 308."""

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        if request.method in ("HEAD", "OPTIONS"):
            return Reply(405, b""), b""
        if request.path.endswith("/"):
            return Reply(308, b"", (("Location", request.path.rstrip("/")),)), b""
        return super().answer(request)


@variant("L68", generated=True)
class OwnStatusesForOddBodies(Faulty):
    """A body of another media type gets 415, one above 8 KiB 413, both with the envelope."""

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


@variant("L24 L67")
class ForbiddenForForeign(Faulty):
    """An object of another business gets 403, an unknown one 404."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        row = self.store.get(kind, identifier)
        if row is not None and not self.may_reach(row.tenant, context.identity):
            raise Refusal("forbidden")
        return row


@variant("L58")
class BadRequestForMalformedId(Faulty):
    """An id that is no UUID gets 400."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        if not re.fullmatch(r"[0-9a-f-]{36}|\+[0-9]+", identifier):
            raise Refusal("invalid_parameter")
        return super().find(kind, identifier, context)


@variant("L66")
class OtherCodeForBodies(Faulty):
    """A body that cannot be read counts as missing parameters, an empty one as invalid; so do null and empty values."""

    def invalid_body(self, why: str) -> NoReturn:
        raise Refusal("missing_parameter")

    def refuse_missing(self, operation: Operation, names: list[str]) -> None:
        if len(names) > 1 or (
            names
            and operation.body
            and len(names) == len([p for p in operation.body if p.required])
        ):
            raise Refusal("invalid_parameter" if len(names) > 1 else "missing_parameter")
        super().refuse_missing(operation, names)


@variant("L08", generated=True)
class StrictBodies(Faulty):
    """Unknown members of a body are refused."""

    def body_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        values = super().body_values(operation, request)
        if (
            operation.body
            and request.body.strip()
            and set(self.parse_body(request)) - {p.name for p in operation.body}
        ):
            raise Refusal("invalid_parameter")
        return values


@variant("L07", generated=True)
class StrictQueries(Faulty):
    """Unknown parameters of a query are refused."""

    def query_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        if set(request.query) - {p.name for p in operation.parameters}:
            raise Refusal("invalid_parameter")
        return super().query_values(operation, request)


@variant("L48 L16", generated=True)
class LenientValues(Faulty):
    """Numbers and booleans are taken as text."""

    def body_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        values = super().body_values(operation, request)
        texts = {p.name for p in operation.body if p.schema.get("type") == "string"}
        return {
            n: str(v) if n in texts and isinstance(v, int | float) else v for n, v in values.items()
        }


@variant("L26")
class ValidationFirst(Faulty):
    """Input is checked before key and scope."""

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        found = self.find_route(request)
        self.take_in(operation, request, found[1] if found else {})
        return super().authenticate(operation, request)


@variant("L26 L40")
class PaymentFirst(Faulty):
    """A payment is asked for before input is checked; a price stands on one plan."""

    def take_in(
        self, operation: Operation, request: Request, in_path: Mapping[str, str]
    ) -> dict[str, Any]:
        if operation.payment and b'"plan_id": "paid"' in request.body:
            self.check_payment(Context(operation, request, None, {"plan_id": "paid"}))
        return super().take_in(operation, request, in_path)


# --- keys ---


@variant("L31")
class BadRequestForMalformedHeader(Faulty):
    """A header that is not Bearer and one token gets 400."""

    def parse_key(self, request: Request) -> str | None:
        value = request.header("authorization")
        if value is not None and not re.fullmatch(r"[A-Za-z]+ \S+", value):
            raise Refusal("invalid_parameter")
        return super().parse_key(request)


@variant("L28 L29")
class ExactBearer(Faulty):
    """The word Bearer has to be written so, with one space."""

    def parse_key(self, request: Request) -> str | None:
        match = re.fullmatch(r"Bearer (\S+)", request.header("authorization") or "")
        return match[1] if match else None


@variant("E26")
class KeysTakenElsewhere(Faulty):
    """A key is also taken without the word before it, and in a header of its own."""

    def parse_key(self, request: Request) -> str | None:
        bare = request.header("authorization") or ""
        return super().parse_key(request) or (
            bare if bare.startswith("kc_") else request.header("x-api-key")
        )


@variant("E47")
class ProblemsToldInSuccess(Faulty):
    """A run that is validated is answered 200, whatever is wrong with it, also another business."""

    def check_references(self, context: Context) -> None:
        if context.operation.id != "validate_communication_run":
            super().check_references(context)


@variant("L25, the other way")
class WriteImpliesRead(Faulty):
    """A scope that writes a resource also reads it."""

    def has_scope(self, operation: Operation, identity: Identity) -> bool:
        writing = {scope.replace(":read", ":write") for scope in operation.scopes}
        return super().has_scope(operation, identity) or bool(writing & identity.scopes)


@variant("open question E29")
class DocumentBehindKey(Faulty):
    """The OpenAPI document wants a key."""

    def wants_key(self, operation: Operation) -> bool:
        return operation.takes_key


# --- successes and writes ---


@variant("D21")
class UpdateAnswersAgent(Faulty):
    """A change is answered with the whole agent."""

    def act_update(self, context: Context) -> Reply:
        row = self.store.change(self.selected(context), self.changes(context))
        return self.succeed(context, self.render_item(context.operation, row))


def naming(contract: Contract) -> set[str]:
    """The members that tell objects apart."""
    return {contract.identifier, *contract.identifiers.values()}


@variant("L55", untested="paging-filter-kept")
class NullMembers(Faulty):
    """Optional members that no request can set are null."""

    def render_item(self, operation: Operation, row: Row) -> dict[str, Any]:
        settable = {p.shows_as or p.name for o in self.contract.operations.values() for p in o.body}
        kept = settable | naming(self.contract) | {"created_at", "vapi_run_id"}
        return {k: v if k in kept else None for k, v in super().render_item(operation, row).items()}


@variant("L55", untested="paging-filter-kept changed-resource has-more-false")
class FewMembers(Faulty):
    """Objects have only the members that they must have, and created_at."""

    def render_item(self, operation: Operation, row: Row) -> dict[str, Any]:
        kept = {"status", "created_at", "vapi_run_id", "external_ref"} | naming(self.contract)
        kept |= {"agent_id", "business_id"} if row.kind == "call" else set()
        return {k: v for k, v in super().render_item(operation, row).items() if k in kept}


@variant("L54")
class CreatedShowsLater(Faulty):
    """What was created is found at the second look."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._fresh: set[str] = set()

    def act_create(self, context: Context) -> Reply:
        reply = super().act_create(context)
        if context.operation.kind in ("agent", "call"):
            self._fresh.add(reply.body["id"])
        return reply

    def act_read(self, context: Context) -> Reply:
        if context.values.get("id") in self._fresh:
            self._fresh.discard(str(context.values["id"]))
            raise Refusal("not_found")
        return super().act_read(context)


@variant(
    "L42",
    untested="status-201 status-400 status-401 status-403 status-404 status-500 code-unauthorized code-forbidden "
    "code-bad_request code-invalid_request code-call_failed code-number_on_dnc key-prefixes key-header key-expired "
    "key-revoked scope-required scope-opens created-resource business-object refused-unchanged success-members",
)
class ProviderDown(Faulty):
    """No call can be placed, as the provider is down."""

    def act_create(self, context: Context) -> Reply:
        if context.operation.id == "create_call":
            raise Refusal(code="vapi_error")
        return super().act_create(context)


# --- limits and payments ---


@variant("L36")
class RefusedSignUpsCount(Faulty):
    """Sign-ups that are refused count, too."""

    def take_in(
        self, operation: Operation, request: Request, in_path: Mapping[str, str]
    ) -> dict[str, Any]:
        if operation.rate:
            super().check_rate(Context(operation, request, None))
        return super().take_in(operation, request, in_path)

    def check_rate(self, context: Context) -> None:
        pass


@variant("L35")
class SlidingWindow(Faulty):
    """The limit looks at the hour before each request."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._times: defaultdict[str, deque[int]] = defaultdict(deque)

    def check_rate(self, context: Context) -> None:
        rate = context.operation.rate
        if rate is None:
            return
        now, times = self.clock.now(), self._times[context.request.address]
        while times and times[0] <= now - rate.seconds * MICRO:
            times.popleft()
        if len(times) >= rate.requests:
            raise self.too_many(60)
        times.append(now)


@variant("L35")
class WindowEdge(Faulty):
    """The windows of all addresses end together, once in the middle of what the suite counts."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._taken: defaultdict[str, int] = defaultdict(int)
        self._edge = True

    def check_rate(self, context: Context) -> None:
        address = context.request.address
        if (
            context.operation.rate
            and self._edge
            and self._taken[address] == 3
            and address == "127.0.0.201"
        ):
            self._windows.clear()
            self._edge = False
        super().check_rate(context)
        self._taken[address] += 1


@variant("L32")
class NoRetryAfter(Faulty):
    """429 comes without Retry-After."""

    def too_many(self, retry_after: int) -> Refusal:
        return Refusal("rate_limited")


@variant("L33 L34")
class RetryAfterAsDate(Faulty):
    """Retry-After is a date."""

    def too_many(self, retry_after: int) -> Refusal:
        return Refusal(
            "rate_limited",
            headers=(("Retry-After", "Wed, 21 Oct 2037 07:28:00 GMT"), ("x-ratelimit-reset", "1")),
        )


@variant("L38")
class TermsInHeader(Faulty):
    """The terms of a payment are in the header alone."""

    def terms_members(self, payment: Payment, terms: dict[str, Any]) -> dict[str, Any]:
        return {}


@variant("L38 L39")
class TermsInBody(Faulty):
    """The terms of a payment are beside the error alone, and differ each time."""

    _numbers = itertools.count()

    def terms_header(self, payment: Payment, terms: dict[str, Any]) -> tuple[tuple[str, str], ...]:
        return ()

    def terms_members(self, payment: Payment, terms: dict[str, Any]) -> dict[str, Any]:
        return {
            **terms,
            "nonce": next(self._numbers),
            "accepts": [{**t, "amount": "7"} for t in terms["accepts"]],
        }


# --- what happens on the way ---


class _Interrupted(Faulty):
    """Every so many requests, one is answered by something else."""

    every = 60

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._count = 0

    def interruption(self, request: Request) -> Reply:
        raise NotImplementedError

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        self._count += 1
        if self._count % self.every:
            return super().answer(request)
        reply = self.interruption(request)
        return reply, self.encode(reply)


@variant("L64", untested="signup-per-address")
class BusyNowAndThen(_Interrupted):
    """Every sixtieth request gets 429, to be sent again."""

    def interruption(self, request: Request) -> Reply:
        return Reply(
            429, self.envelope("rate_limit_exceeded", "Slow down"), (("Retry-After", "1"),)
        )


@variant("L64")
class BusyAtThirdSignUp(Faulty):
    """One sign-up, the third from an address that sends no others, gets 429 of another limit."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._busy = "127.0.0.200"
        self._count = 0

    def check_rate(self, context: Context) -> None:
        if context.operation.rate and context.request.address == self._busy:
            self._count += 1
            if self._count == 3:
                raise self.too_many(1)
        super().check_rate(context)


@variant("L21")
class ProxyNowAndThen(_Interrupted):
    """Every sixtieth request gets 503 from a proxy, without the envelope."""

    def interruption(self, request: Request) -> Reply:
        return Reply(503, b"<h1>503</h1>")


@variant("L56", socket=True)
class Compressed(Faulty):
    """Answers are compressed where that is offered, and the connection closes after an error."""

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        reply, body = super().answer(request)
        if "gzip" not in (request.header("accept-encoding") or ""):
            return reply, body
        close = (("Connection", "close"),) if reply.status >= 400 else ()
        return Reply(
            reply.status, reply.body, (*reply.headers, ("Content-Encoding", "gzip"), *close)
        ), gzip.compress(body)
