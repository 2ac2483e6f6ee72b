"""Legal variants of keys and scopes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from http.cookies import SimpleCookie
from typing import Any

from conformance.model import Operation, Parameter
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.store import Identity, Row
from tests.faults.base import Faulty, is_for, variant
from tests.faults.shared import InputFirst, StrictInput


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


@variant("L26")
class InputBeforeScope(StrictInput):
    """Body and query are checked closely before the scope."""

    def authorise(self, operation: Operation, identity: Identity | None) -> None:
        pass

    def take_in(
        self, operation: Operation, request: Request, in_path: Mapping[str, str]
    ) -> dict[str, Any]:
        given = super().take_in(operation, request, in_path)
        super().authorise(operation, self.authenticate(operation, request))
        return given


@variant("L26")
class InputBeforeKey(InputFirst):
    """Body and query are checked closely before the key, and so before the scope."""


@variant("L26, silent: what has to be unique")
class StateBeforeKey(Faulty):
    """Objects are looked for before the key, and names and phones that are taken are refused."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._taken: dict[tuple[str, str, Any], str] = {}

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        route = self.find_route(request)
        given = self.take_in(operation, request, route[1] if route else {})
        selector = operation.selector
        sought = None if selector is None else given.get(selector.name)
        if selector is not None and operation.action in ("read", "update", "delete"):
            self._find_object(selector, sought)
        owners = {self._taken.get(place) for place in self._unique(operation, given)}
        if owners - {None, str(sought)}:
            raise Refusal("invalid_parameter", "is taken")
        return super().authenticate(operation, request)

    def _find_object(self, selector: Parameter, sought: Any) -> None:
        """Raise Refusal if there is no object of an id, in any business, that triggers nothing."""
        by_id = selector.by is None and not str(sought).endswith("-trigger")
        if by_id and self.store.get(selector.references, str(sought)) is None:
            raise Refusal("not_found")

    def _unique(self, operation: Operation, given: Mapping[str, Any]) -> list[tuple[str, str, Any]]:
        """The values of a write that only one object may have."""
        unique = []
        for member in operation.body:
            if member.name in given and (member.fresh or member.name == "phone"):
                unique.append((operation.kind, member.shown_as, str(given[member.name])))
        return unique

    def succeed(self, context: Context, body: Any) -> Reply:
        reply = super().succeed(context, body)
        if context.operation.action in ("create", "update"):
            selector = context.operation.selector
            owner = context.values[selector.name] if selector else reply.body.get("id")
            for place in self._unique(context.operation, context.values):
                self._taken[place] = str(owner)
        return reply


@variant("L71", socket=True)
class SessionCookies(Faulty):
    """A valid key opens a session, whose cookie does instead of a key from then on."""

    def parse_key(self, request: Request) -> str | None:
        cookies = SimpleCookie(request.header("cookie"))
        session = cookies.get("session")
        return super().parse_key(request) or (session.value if session else None)

    def all_headers(self, request: Request, reply: Reply, body: bytes) -> list[tuple[str, str]]:
        headers = super().all_headers(request, reply, body)
        key = self.parse_key(request)
        if reply.status < 400 and key is not None:
            headers.append(("Set-Cookie", f"session={key}; Path=/"))
        return headers


@variant("silent: masked secrets")
class SecretMaskedInPlace(Faulty):
    """Webhooks show their secret masked, under the name that a new one has."""

    def render_item(self, operation: Operation, row: Row) -> dict[str, Any]:
        item = super().render_item(operation, row)
        return {**item, "webhook_secret": "whsec_********"} if row.kind == "webhook" else item


@variant("silent: the text of documents")
class KeyInDocument(Faulty):
    """The OpenAPI document and its schemas show a key that nobody has, as an example."""

    def succeed(self, context: Context, body: Any) -> Reply:
        if context.operation.id in ("read_openapi", "read_schemas"):
            body = {**body, "x-example": "Authorization: Bearer kc_live_4eC39HqLyjWDarjtT1zdp7dc"}
        return super().succeed(context, body)


@variant("silent: a second account of one person", at="sign_up")
class AccountsForNewAddressesAlone(Faulty):
    """A sign-up with a known e-mail address is refused."""

    @cached_property
    def _known(self) -> set[str]:
        return set()

    def act(self, context: Context) -> Reply:
        if is_for(context, "sign_up"):
            if context.values["email"] in self._known:
                raise Refusal("invalid_parameter")
            self._known.add(context.values["email"])
        return super().act(context)
