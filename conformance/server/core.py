"""The base of the application: its parts, and the form of errors and successes.

The application deliberately consists of many small methods. Each makes one decision of the
contract: whether the key has expired, whether the cursor excludes its own item, which status a code
has. A server that decides differently in one place is a subclass that overrides one method.
"""

# ruff: noqa: ARG002 - a method may ignore an argument that an overriding one needs

from __future__ import annotations

from typing import Any

from conformance.model import Contract, Operation
from conformance.server.catalog import JSON_TYPE, Catalog
from conformance.server.extras import Extras
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.moments import Clock
from conformance.server.store import Store

_STATUS_OF_ROLE = {
    "unauthenticated": 401,
    "forbidden": 403,
    "not_found": 404,
    "missing_parameter": 400,
    "invalid_parameter": 400,
    "payment_required": 402,
    "rate_limited": 429,
    "internal": 500,
}
"""The status of a role if the contract registers no code with that role."""


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

    # --- errors ---

    def code_of(self, refusal: Refusal) -> str:
        """The error code of a refusal: its own, or else the first code with its role."""
        if refusal.code:
            return refusal.code
        codes = self.contract.codes_of(refusal.role)
        return next(iter(codes), refusal.role)

    def status_of(self, code: str) -> int:
        """The HTTP status that a code is sent with. A code that is not registered is a role."""
        registered = self.contract.errors.get(code)
        if registered is None:
            return _STATUS_OF_ROLE.get(code, 400)
        return registered.status

    def message_of(self, code: str, refusal: Refusal) -> str:
        """The message for people. It never repeats client input."""
        if refusal.message:
            return refusal.message
        registered = self.contract.errors.get(code)
        return registered.meaning if registered else code

    def envelope(self, code: str, message: str) -> dict[str, Any]:
        """The body of an error."""
        body: dict[str, Any] = {}
        _put(body, self.contract.code_pointer, code)
        _put(body, self.contract.message_pointer, message)
        return body

    def error_headers(self, code: str, refusal: Refusal) -> tuple[tuple[str, str], ...]:
        """The headers of an error, beyond those of every response."""
        return refusal.headers

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        """The response to a refused request: the error envelope, and additional members."""
        code = self.code_of(refusal)
        body = {**self.envelope(code, self.message_of(code, refusal)), **refusal.members}
        return Reply(self.status_of(code), body, self.error_headers(code, refusal))

    def fault(self, request: Request, error: Exception) -> Refusal:
        """The refusal for an exception in the server. It reveals no details."""
        return Refusal("internal")

    # --- successes ---

    def success_status(self, operation: Operation) -> int:
        """The HTTP status of a success."""
        return operation.success

    def succeed(self, context: Context, body: Any) -> Reply:
        """The response to a request that succeeded."""
        return Reply(self.success_status(context.operation), body)

    def content_type(self, reply: Reply) -> str:
        """The media type of a response."""
        return JSON_TYPE

    def all_headers(self, request: Request, reply: Reply, body: bytes) -> list[tuple[str, str]]:
        """Every header of a response."""
        return [
            ("Content-Type", self.content_type(reply)),
            ("Content-Length", str(len(body))),
            *reply.headers,
        ]


def _put(body: dict[str, Any], pointer: tuple[str, ...], value: str) -> None:
    """Set the member at a pointer, creating the objects that it is nested in."""
    parent = body
    for name in pointer[:-1]:
        parent = parent.setdefault(name, {})
    parent[pointer[-1]] = value
