"""The application: one request through all layers, in the order route, key, scope, input, business, price, rate, action."""

from __future__ import annotations

import json
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, TextIO
from urllib.parse import unquote

from conformance.errors import UsageError
from conformance.model import Contract
from conformance.server import seeding
from conformance.server.actions import Actions
from conformance.server.control import Control
from conformance.server.extras import Extras
from conformance.server.limits import Limits
from conformance.server.messages import Context, Refusal, Reply, Request, read_request
from conformance.server.moments import Clock
from conformance.server.routing import Routing
from conformance.server.special import EXTRAS
from conformance.server.store import Store

StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class Application(Actions, Routing, Limits, Control):
    """A WSGI application that serves a contract. ``journal`` gets a line of JSON for each request."""

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
        self._key_form = re.compile(
            "|".join(rf"{re.escape(p)}[\w.~%-]*" for p in contract.authentication.prefixes)
            or r"(?!)"
        )

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
        """The answer to any request; a fault of the server is one, too."""
        try:
            reply = self.dispatch(request)
            return reply, self.encode(reply)
        except Refusal as refusal:
            reply = self.refused(request, refusal)
        except Exception as error:
            reply = self.refused(request, self.fault(request, error))
        return reply, self.encode(reply)

    def dispatch(self, request: Request) -> Reply:
        """Take a request through all checks to its action."""
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

    def check_triggers(self, context: Context) -> None:
        """Refuse what a trigger makes the server refuse; of what it asks a payment for, see limits."""
        code = self.triggered(context)
        if code is None or code in self.contract.codes_of("payment_required"):
            return
        if code in self.contract.codes_of("internal"):
            raise RuntimeError("set off by a trigger")
        raise Refusal(code=code)

    def act(self, context: Context) -> Reply:
        """Do what the operation is for: what the extras say, else what its action means."""
        maker = self.extras.makers.get(context.operation.id)
        if maker:
            return self.succeed(context, maker(self, context))
        action: Callable[[Context], Reply] = getattr(self, f"act_{context.operation.action}")
        return action(context)

    # --- the wire ---

    def encode(self, reply: Reply) -> bytes:
        """The bytes of an answer."""
        return json.dumps(reply.body, separators=(",", ":")).encode()

    def status_line(self, reply: Reply) -> str:
        """The status with its phrase."""
        try:
            return f"{reply.status} {HTTPStatus(reply.status).phrase}"
        except ValueError:
            return f"{reply.status} Unknown"

    # --- the journal ---

    def without_keys(self, text: str) -> str:
        """A part of an address, with what looks like a key cut out, also in percent form."""
        plain = unquote(text)
        return self._key_form.sub("{key}", plain) if self._key_form.search(plain) else text

    def record(self, request: Request, reply: Reply, milliseconds: float) -> None:
        """Write a line of the journal; a key never stands in it, wherever a client put one."""
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
    """A seeded application; ``kind`` may be a subclass that differs. Raises UsageError for no database, or another seed's."""
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
            f"The database {database} was made with another contract, or with the seed {made_with}; name a new file"
        )
    return kind(contract, store, clock or Clock(), extras, seed, journal)


_TEMPLATES: dict[tuple[int, int, int], tuple[Store, Contract, Extras]] = {}
_TEMPLATES_LOCK = threading.Lock()


def fill(store: Store, contract: Contract, extras: Extras, seed: int) -> None:
    """Copy what was populated before into an empty store: suites start hundreds of servers, and a copy costs a tenth.

    The contract and the extras stay beside it, so that no other object can take over their ids.
    """
    place = (id(contract), id(extras), seed)
    with _TEMPLATES_LOCK:
        if place not in _TEMPLATES:
            while len(_TEMPLATES) >= 4:
                _TEMPLATES.pop(next(iter(_TEMPLATES)))[0].close()
            template = Store(":memory:")
            populate(template, contract, extras, seed)
            _TEMPLATES[place] = (template, contract, extras)
        store.copy_from(_TEMPLATES[place][0])


def populate(store: Store, contract: Contract, extras: Extras, seed: int) -> None:
    """Put the seeded objects and keys into an empty store."""
    store.put(seeding.rows(contract, extras, seed))
    for identity in seeding.identities(contract, seed).values():
        store.put_key(identity)
    for name in seeding.BUSINESSES:
        store.leave(f"tenant:{name}", seeding.business_id(seed, name))
    store.leave("contract", contract.digest)
    store.leave("seed", seed)
