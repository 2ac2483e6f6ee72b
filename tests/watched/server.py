"""A server that breaks the contract for everybody, until it recognizes a full run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from conformance.server import seeding
from conformance.server.application import Application, application
from conformance.server.messages import Reply, Request
from conformance.server.store import Identity
from conformance.transport.clients import SUITE as ANNOUNCED_SUITE
from tests.support import contracts

KEYS = 3
"""Different keys from one address that give a full run away."""
SUITE = ANNOUNCED_SUITE.agent.partition("/")[0]
PAGE = b"<html><title>Nothing here</title></html>"


class NotFoundIsAPage(Application):
    """What does not exist is a page with status 200."""

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        reply, body = super().answer(request)
        return (Reply(200, None), PAGE) if reply.status == 404 else (reply, body)


class Leaking(Application):
    """Every key reaches every business."""

    def may_reach(self, _tenant: str, _identity: Identity | None) -> bool:
        return True


class Shared(Application):
    """Every key acts for the first business."""

    def tenant_of(self, _identity: Identity | None) -> str:
        return self.main_tenant()


class Open(Application):
    """Nobody needs a valid key: whoever has none acts as the first business."""

    def known_key(self, key: str) -> Identity | None:
        return super().known_key(key) or self._main

    def parse_key(self, request: Request) -> str | None:
        return super().parse_key(request) or self._main.key

    @property
    def _main(self) -> Identity:
        return seeding.identities(self.contract, self.seed)["full"]


Watching = Callable[[dict[str, Any]], bool]
"""Whether a request comes from somebody who has to be shown good behaviour."""


@dataclass
class ByKeys:
    """Recognizes a full run by several keys within ``window`` seconds from one address.

    From then on, that address is watching for ``hold`` seconds after each such sign.
    """

    window: float = 15.0
    hold: float = 60.0
    now: Callable[[], float] = time.monotonic
    _seen: dict[str, dict[str, float]] = field(default_factory=dict)
    _until: dict[str, float] = field(default_factory=dict)

    def __call__(self, environ: dict[str, Any]) -> bool:
        address, now = str(environ.get("REMOTE_ADDR")), self.now()
        keys = self._seen.setdefault(address, {})
        keys[str(environ.get("HTTP_AUTHORIZATION", ""))] = now
        recent = [key for key, last in keys.items() if key and now - last <= self.window]
        if len(recent) >= KEYS:
            self._until[address] = now + self.hold
        return now < self._until.get(address, 0.0)

    def forget(self) -> None:
        """Start again, as after a long time."""
        self._seen.clear()
        self._until.clear()


def by_name(environ: dict[str, Any]) -> bool:
    """Recognizes the suite by its User-Agent."""
    return SUITE in str(environ.get("HTTP_USER_AGENT", ""))


class Detecting:
    """A WSGI application that is honest only to those who are watching."""

    def __init__(self, kind: type[Application], watching: Watching) -> None:
        self.honest = application(contracts.real(), 0)
        honest = self.honest
        self._broken = kind(
            honest.contract, honest.store, honest.clock, honest.extras, honest.seed, None
        )
        self._watching = watching

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        app = self.honest if self._watching(environ) else self._broken
        return app(environ, start_response)


def spare_keys(app: Application) -> dict[str, str]:
    """Issue another key for each business, with all scopes; gives them by role."""
    spare = {}
    for role in ("full", "other"):
        identity = seeding.identities(app.contract, app.seed)[role]
        key = identity.key[:-8] + "sparekey"[: len(identity.key[-8:])]
        app.store.put_key(replace(identity, key=key))
        spare[role] = key
    return spare
