"""What every layer of the application stands on: its parts, and how errors are told.

The application is cut into many small methods on purpose. Each is one decision of the contract (is the
key expired, does the cursor exclude its own item, which status has a code), so that a server which
decides otherwise in one place is a subclass with one method.
"""

# ruff: noqa: ARG002 - what a method here has no use for, an overriding one may need

from __future__ import annotations

from typing import Any

from conformance.model import Contract, Operation
from conformance.server.catalog import JSON_TYPE, Catalog
from conformance.server.extras import Extras
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.moments import Clock
from conformance.server.store import Store

_USUAL = {
    "unauthenticated": 401,
    "forbidden": 403,
    "not_found": 404,
    "missing_parameter": 400,
    "invalid_parameter": 400,
    "payment_required": 402,
    "rate_limited": 429,
    "internal": 500,
}


class Core:
    """The parts of the application, and its error envelope."""

    def __init__(
        self, contract: Contract, store: Store, clock: Clock, extras: Extras, seed: int
    ) -> None:
        self.contract = contract
        self.catalog = Catalog(contract)
        self.store = store
        self.clock = clock
        self.extras = extras
        self.seed = seed
        self.triggers = tuple(
            t
            for t in extras.triggers
            if t.operation in contract.operations and t.code in contract.errors
        )

    # --- errors ---

    def code_of(self, refusal: Refusal) -> str:
        """The code that a refusal is told by."""
        return refusal.code or next(iter(self.contract.codes_of(refusal.role)), refusal.role)

    def status_of(self, code: str) -> int:
        """The status that a code is sent with."""
        known = self.contract.errors.get(code)
        return known.status if known else _USUAL.get(code, 400)

    def message_of(self, code: str, refusal: Refusal) -> str:
        """The text for people; it never repeats what a client sent."""
        known = self.contract.errors.get(code)
        return refusal.message or (known.meaning if known else code)

    def envelope(self, code: str, message: str) -> dict[str, Any]:
        """The body of an error."""
        body: dict[str, Any] = {}
        for pointer, value in (
            (self.contract.code_pointer, code),
            (self.contract.message_pointer, message),
        ):
            place = body
            for name in pointer[:-1]:
                place = place.setdefault(name, {})
            place[pointer[-1]] = value
        return body

    def error_headers(self, code: str, refusal: Refusal) -> tuple[tuple[str, str], ...]:
        """Headers of an error."""
        return refusal.headers

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        """The answer to a request that is refused."""
        code = self.code_of(refusal)
        body = {**self.envelope(code, self.message_of(code, refusal)), **refusal.members}
        return Reply(self.status_of(code), body, self.error_headers(code, refusal))

    def fault(self, request: Request, error: Exception) -> Refusal:
        """What a fault of the server is told as: nothing of its inside."""
        return Refusal("internal")

    # --- successes ---

    def success_status(self, operation: Operation) -> int:
        """The status of a success."""
        return operation.success

    def succeed(self, context: Context, body: Any) -> Reply:
        """The answer to a request that succeeded."""
        return Reply(self.success_status(context.operation), body)

    def content_type(self, reply: Reply) -> str:
        """The media type of an answer."""
        return JSON_TYPE

    def all_headers(self, request: Request, reply: Reply, body: bytes) -> list[tuple[str, str]]:
        """Every header of an answer."""
        return [
            ("Content-Type", self.content_type(reply)),
            ("Content-Length", str(len(body))),
            *reply.headers,
        ]
