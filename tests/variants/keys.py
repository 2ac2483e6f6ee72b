"""Legal variants of keys and scopes."""

from __future__ import annotations

import re

from conformance.model import Operation
from conformance.server.messages import Refusal, Request
from conformance.server.store import Identity
from tests.faults.base import Faulty, variant


@variant("L23")
class NoChallenge(Faulty):
    """A 401 comes without WWW-Authenticate."""

    def error_headers(self, code: str, refusal: Refusal) -> tuple[tuple[str, str], ...]:
        return () if code == "unauthorized" else refusal.headers


@variant("L31")
class BadRequestForMalformedHeader(Faulty):
    """A malformed Authorization header returns 400."""

    def parse_key(self, request: Request) -> str | None:
        value = request.header("authorization")
        if value is not None and not re.fullmatch(r"[A-Za-z]+ \S+", value):
            raise Refusal("invalid_parameter")
        return super().parse_key(request)


@variant("L28 L29")
class ExactBearer(Faulty):
    """The word Bearer must be in that case, with one space after it."""

    def parse_key(self, request: Request) -> str | None:
        match = re.fullmatch(r"Bearer (\S+)", request.header("authorization") or "")
        return match[1] if match else None


@variant("E26")
class KeysTakenElsewhere(Faulty):
    """A key is also accepted without Bearer, and in the header X-API-Key."""

    def parse_key(self, request: Request) -> str | None:
        bare = request.header("authorization") or ""
        return super().parse_key(request) or (
            bare if bare.startswith("kc_") else request.header("x-api-key")
        )


@variant("L25, the other way")
class WriteImpliesRead(Faulty):
    """A write scope also allows reading."""

    def has_scope(self, operation: Operation, identity: Identity) -> bool:
        writing = {scope.replace(":read", ":write") for scope in operation.scopes}
        return super().has_scope(operation, identity) or bool(writing & identity.scopes)


@variant("open question E29")
class DocumentBehindKey(Faulty):
    """The OpenAPI document requires a key."""

    def wants_key(self, operation: Operation) -> bool:
        return operation.takes_key
