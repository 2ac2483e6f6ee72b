"""Who asks: the key of a request, its scopes and its business; and the errors of the API."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Request

from tests.vendors.on_fastapi.store import Row, Store, on, text_of

STATUS = {
    "unauthorized": 401,
    "forbidden": 403,
    "not_found": 404,
    "bad_request": 400,
    "invalid_request": 400,
    "rate_limit_exceeded": 429,
    "call_failed": 500,
    "vapi_error": 500,
    "internal_error": 500,
}

SCOPES = (
    "agents:read", "agents:write", "calls:read", "calls:write", "events:read", "events:replay",
    "leads:read", "leads:write", "numbers:read", "numbers:write", "webhooks:read",
    "webhooks:write",
)  # fmt: skip


class ProblemError(Exception):
    """An error of the API."""

    def __init__(self, code: str, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status or STATUS[code]

    def body(self) -> dict[str, Any]:
        """The envelope."""
        return {"error": {"code": self.code, "message": self.message}}


@dataclass(frozen=True)
class Caller:
    """The business of a key, and its scopes."""

    business: str
    scopes: frozenset[str]
    store: Store

    def find(self, kind: str, value: str, member: str = "id", anybody: bool = False) -> Row:
        """An object of the business. Raises ProblemError if there is none."""
        row = self.store.one(kind, None if anybody else self.business, value, member)
        if row is None:
            raise ProblemError("not_found", f"No such object in {kind}")
        return row

    def check(self, business: str | None) -> str:
        """The business that is named, or that of the key. Raises ProblemError for another."""
        if business is not None and business != self.business:
            raise ProblemError("forbidden", "The key has no access to this business")
        return self.business


async def caller(request: Request) -> Caller:
    """The caller behind the key of a request."""
    store: Store = request.app.state.store
    header = request.headers.get("authorization")
    if header is None and on("missing-key-403"):
        raise ProblemError("forbidden", "Not authenticated")
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise ProblemError("unauthorized", "Send Authorization: Bearer YOUR_KEY")
    row = _key(store, token)
    if row is None or row[3]:
        raise ProblemError("unauthorized", "Invalid or expired API key")
    if row[2] and row[2] < text_of(datetime.now(UTC)) and not on("expired-open"):
        raise ProblemError("unauthorized", "Invalid or expired API key")
    return Caller(row[0], frozenset(json.loads(row[1])), store)


def _key(store: Store, token: str) -> Any:
    if on("test-keys-refused") and not token.lower().startswith("kc_live_"):
        return None
    compare = "token LIKE ?" if on("key-like") else "token = ?"
    query = f"SELECT business, scopes, expires, revoked FROM keys WHERE {compare}"
    return store.db.execute(query, (token,)).fetchone()


def scope(name: str) -> Any:
    """The caller, if the key has a scope."""

    async def check(who: Annotated[Caller, Depends(caller)]) -> Caller:
        if not _has(who, name):
            code = "unauthorized" if on("scope-401") and name == "events:read" else "forbidden"
            raise ProblemError(code, f"The key lacks the scope {name}")
        return who

    return Depends(check)


def _has(who: Caller, name: str) -> bool:
    if name == "agents:change":
        return on("scope-forgotten") or "agents:write" in who.scopes
    if name == "calls:write" and on("scope-by-area"):
        return any(held.startswith("calls:") for held in who.scopes)
    if name == "events:replay" and on("scope-of-another-name"):
        name = "events:read"
    return name in who.scopes
