"""The application, which takes a request through all checks to its action.

The order is: route, key, scope, input, triggers, references, payment, rate, action.
"""

from __future__ import annotations

import json
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, TextIO
from urllib.parse import unquote

from conformance.base.errors import UsageError
from conformance.model import Contract
from conformance.server import seeding
from conformance.server.actions import Actions
from conformance.server.control import Control
from conformance.server.extras import Extras
from conformance.server.identifiers import KEY_LENGTH
from conformance.server.intake import Intake
from conformance.server.limits import Limits
from conformance.server.messages import Context, Refusal, Reply, Request, read_request
from conformance.server.moments import Clock
from conformance.server.routing import Routing
from conformance.server.special import EXTRAS
from conformance.server.store import Store
from conformance.server.triggers import Triggers

DECODED = 3
"""Nested percent-encodings that are decoded for the journal."""

StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class Application(Actions, Routing, Intake, Triggers, Limits, Control):
    """A WSGI application that serves a contract. Each request adds a JSON line to ``journal``.

    ``handles`` lists the methods that a subclass may override.
    """

    def __init__(
        self,
        contract: Contract,
        store: Store,
        clock: Clock,
        extras: Extras,
        seed: int = 0,
        journal: TextIO | None = None,
    ) -> None:
        super().__init__(contract, store, clock, extras, seed)
        self._journal = journal
        self._journal_lock = threading.Lock()
        self._key_form = _key_form(contract.authentication.prefixes)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        started = time.perf_counter()
        request = read_request(environ)
        reply, body = self.answer(request)
        if self._journal:
            self.record(request, reply, (time.perf_counter() - started) * 1000)
        start_response(self.status_line(reply), self.all_headers(request, reply, body))
        return [] if request.method == "HEAD" else [body]

    # --- one request ---

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        """The response to any request, and its body as bytes. Exceptions become error responses."""
        try:
            reply = self.dispatch(request)
            return reply, self.encode(reply)
        except Refusal as refusal:
            reply = self.refused(request, refusal)
        except Exception as error:
            reply = self.refused(request, self.fault(request, error))
        return reply, self.encode(reply)

    def dispatch(self, request: Request) -> Reply:
        """Take a request through all checks to its action. Raises Refusal if a check fails."""
        if self.is_control(request):
            return self.control(request)
        operation, in_path = self.route(request)
        identity = self.authenticate(operation, request)
        self.authorise(operation, identity)
        context = Context(operation, request, identity, self.take_in(operation, request, in_path))
        self.check_triggers(context)
        self.check_references(context)
        self.check_payment(context)
        self.check_rate(context)
        return self.act(context)

    def act(self, context: Context) -> Reply:
        """Carry out an operation: with its maker in the extras, or else with its action."""
        maker = self.extras.makers.get(context.operation.id)
        if maker:
            return self.succeed(context, maker(self, context))
        action: Callable[[Context], Reply] = getattr(self, f"act_{context.operation.action}")
        return action(context)

    # --- the wire ---

    def encode(self, reply: Reply) -> bytes:
        """The body of a response as bytes."""
        return json.dumps(reply.body, separators=(",", ":")).encode()

    def status_line(self, reply: Reply) -> str:
        """The status with its reason phrase."""
        try:
            return f"{reply.status} {HTTPStatus(reply.status).phrase}"
        except ValueError:
            return f"{reply.status} Unknown"

    # --- the journal ---

    def without_keys(self, text: str) -> str:
        """A part of a URL with ``{key}`` for anything that looks like a key, even percent-encoded.

        It is returned decoded if it contains a key, and unchanged otherwise. A key that is
        reversed, capitalized or lacks its prefix is recognized by its length.
        """
        plain = text
        for _ in range(DECODED):
            plain = unquote(plain)
        if not self._key_form.search(plain):
            return text
        return self._key_form.sub("{key}", plain)

    def record(self, request: Request, reply: Reply, milliseconds: float) -> None:
        """Write a journal line. It never contains a key, wherever the client sent one."""
        key = self.parse_key(request)
        identity = self.store.key(key) if key else None
        line = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "method": request.method,
            "path": self.without_keys(request.path),
            "query": self.without_keys(request.query_text),
            "status": reply.status,
            "address": request.address,
            "role": identity.name if identity else None,
            "ms": round(milliseconds, 3),
        }
        with self._journal_lock:
            assert self._journal is not None
            self._journal.write(json.dumps(line) + "\n")
            self._journal.flush()


def _key_form(prefixes: tuple[str, ...]) -> re.Pattern[str]:
    """Matches a prefix with what follows it, or any run as long as a key without its prefix."""
    forms = [rf"{re.escape(prefix)}[\w.~%-]*" for prefix in prefixes]
    return re.compile("|".join([*forms, rf"[\w-]{{{KEY_LENGTH},}}"]), re.IGNORECASE)


def application(
    contract: Contract,
    seed: int = 0,
    *,
    database: str = ":memory:",
    journal: TextIO | None = None,
    clock: Clock | None = None,
    extras: Extras = EXTRAS,
    kind: type[Application] = Application,
) -> Application:
    """A seeded application. ``kind`` may be a subclass that behaves differently.

    Raises UsageError if the database cannot be opened, or was made for another contract or seed.
    """
    try:
        store = Store(database)
    except sqlite3.Error as error:
        raise UsageError(f"Cannot use {database} as a database: {error}") from None
    made_with = store.note("seed")
    if made_with is None:
        fill(store, contract, extras, seed)
    elif (made_with, store.note("contract")) != (seed, contract.digest):
        store.close()
        raise UsageError(
            f"The database {database} belongs to another contract or seed (created with the seed "
            f"{made_with}, now {seed}). Use a new file."
        )
    return kind(contract, store, clock or Clock(), extras, seed, journal)


@dataclass(frozen=True)
class _Template:
    """A seeded store, and what it was seeded from."""

    contract: Contract
    extras: Extras
    seed: int
    store: Store

    def fits(self, contract: Contract, extras: Extras, seed: int) -> bool:
        """Whether the store was seeded from these very objects and this seed."""
        same_objects = self.contract is contract and self.extras is extras
        return same_objects and self.seed == seed


_TEMPLATES: list[_Template] = []  # the latest last
_TEMPLATES_KEPT = 4
_TEMPLATES_LOCK = threading.Lock()


def fill(store: Store, contract: Contract, extras: Extras, seed: int) -> None:
    """Seed an empty store by copying one that was seeded before.

    A self-test starts hundreds of servers, and copying takes a tenth of the time of seeding.
    """
    with _TEMPLATES_LOCK:
        store.copy_from(_template(contract, extras, seed).store)


def _template(contract: Contract, extras: Extras, seed: int) -> _Template:
    """The cached template for a contract and seed, or a new one, which may replace the oldest."""
    for template in _TEMPLATES:
        if template.fits(contract, extras, seed):
            return template
    if len(_TEMPLATES) == _TEMPLATES_KEPT:
        _TEMPLATES.pop(0).store.close()
    template = _Template(contract, extras, seed, Store(":memory:"))
    populate(template.store, contract, extras, seed)
    _TEMPLATES.append(template)
    return template


def populate(store: Store, contract: Contract, extras: Extras, seed: int) -> None:
    """Put the seeded objects and keys into an empty store."""
    store.put(seeding.rows(contract, extras, seed), lasting=True)
    for identity in seeding.identities(contract, seed).values():
        store.put_key(identity)
    for name in seeding.TENANTS:
        store.set_note(f"tenant:{name}", seeding.tenant_id(seed, name))
    store.set_note("contract", contract.digest)
    store.set_note("seed", seed)
