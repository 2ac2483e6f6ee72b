"""Prepares a message for the wire, sends it and returns what came back, before logging."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from conformance.base.clock import Clock, now
from conformance.model import NOTHING, Authentication, Case, Effect, Facts, Role
from conformance.target import Target
from conformance.transport.clients import Client
from conformance.transport.headers import all_headers
from conformance.transport.message import Message, encoded
from conformance.transport.near_misses import IN_OTHER_CASE
from conformance.transport.patience import RESTARTS_WITHIN, Allowance
from conformance.transport.redaction.secrets import SecretStore
from conformance.transport.wire import (
    BODY_LIMIT,
    UNSENT,
    Loss,
    Wire,
    WireFailure,
    WireRequest,
    WireResponse,
)


@dataclass(frozen=True)
class Label:
    """How the log labels a request: its case, its role, and facts for the judges."""

    case: Case
    attempt: int
    operation: str
    role: Role
    identity: str | None
    facts: Facts = NOTHING


@dataclass(frozen=True)
class Departure:
    """A request ready to be sent. ``headers`` have placeholders, ``wired`` has the secrets."""

    message: Message
    label: Label
    headers: tuple[tuple[str, str], ...]
    wired: WireRequest
    at: datetime

    @property
    def needs_own_connection(self) -> bool:
        """Whether the request must not use a kept connection.

        A request that costs money must not be sent twice, and a kept connection may be closing. A
        key in another letter case may be taken for an earlier key on the same connection: some
        servers, such as Jetty, ignore case when they compare header fields with earlier ones.
        """
        costs_money = self.label.case.effect is Effect.SPEND and self.message.method != "GET"
        is_in_other_case = (self.label.identity or "").endswith(f"~{IN_OTHER_CASE}")
        return costs_money or is_in_other_case


@dataclass(frozen=True)
class Arrival:
    """What came back, the time it took, and the seconds spent waiting for a connection."""

    answer: WireResponse | WireFailure
    elapsed_ms: float
    waited: float = 0.0

    @property
    def loss(self) -> Loss | None:
        """How the response was lost; None if there is a response."""
        return self.answer.loss if isinstance(self.answer, WireFailure) else None

    @property
    def broken(self) -> str | None:
        """What is malformed or incomplete in the HTTP of the response; None if nothing is."""
        return str(self.answer) if self.loss in (Loss.BROKEN, Loss.FOREIGN) else None


class Carrier:
    """Prepares requests to one target and sends them over a wire.

    Secrets are filled in at the last moment. The headers are those of a ``client``.
    """

    def __init__(
        self,
        target: Target,
        authentication: Authentication,
        wire: Wire,
        secrets: SecretStore,
        allowance: Allowance,
        client: Client,
        clock: Clock = now,
    ) -> None:
        self._target = target
        self._client = client
        self._clock = clock
        self._key_header = authentication.header.lower()
        self._wire = wire
        self._secrets = secrets
        self._allowance = allowance
        self._reached = False  # whether the target was reached in this run

    def prepare(self, message: Message, label: Label, address: str | None = None) -> Departure:
        """Prepare a request, after waiting until budget, pace and time allow it."""
        self._allowance.take()
        host = urlsplit(self._target.declaration.url).netloc
        headers = all_headers(message, self._client, host)
        wired = self._wire_request(message, headers, address)
        return Departure(message, label, headers, wired, self._clock())

    def send(
        self, departure: Departure, *, own_connection: bool = False, most: int = BODY_LIMIT
    ) -> Arrival:
        """Send a request, over a connection that no other request uses if ``own_connection``.

        At most ``most`` bytes of the response body are kept. If a target that was reached before
        no longer accepts connections, wait for it to restart.
        """
        request = replace(departure.wired, own_connection=own_connection, most=most)
        arrival = self._send_once(request)
        waited = 0.0
        pauses = RESTARTS_WITHIN if self._reached else ()
        for seconds in pauses:
            if arrival.loss is not Loss.UNREACHABLE or self._allowance.wait_left < seconds:
                break
            self._allowance.wait_for_target(seconds)
            waited += seconds
            arrival = self._send_once(request)
        self._reached = self._reached or arrival.loss not in UNSENT
        return replace(arrival, waited=waited)

    def _send_once(self, request: WireRequest) -> Arrival:
        """Send a request over the wire, and measure the time until a response or a failure."""
        start = time.monotonic()
        answer: WireResponse | WireFailure
        try:
            answer = self._wire.send(request)
        except WireFailure as failure:
            answer = failure
        return Arrival(answer, (time.monotonic() - start) * 1000)

    def _wire_request(
        self, message: Message, headers: tuple[tuple[str, str], ...], address: str | None
    ) -> WireRequest:
        """The request with its secrets: only in the key header, unless they are misplaced."""
        return WireRequest(
            message.method,
            self.url(message),
            self._with_secrets(headers, None if message.misplaced else self._key_header),
            message.body,
            address,
            verbatim=message.raw_target is not None,
        )

    def url(self, message: Message) -> str:
        """The full URL of a message, whose query has secrets only if they are misplaced."""
        target = self._target.declaration
        base = target.origin if message.outside_base_path else target.url
        if message.misplaced:
            message = replace(message, query=self._with_secrets(message.query))
        return base + encoded(message)

    def _with_secrets(
        self, pairs: tuple[tuple[str, str], ...], only: str | None = None
    ) -> tuple[tuple[str, str], ...]:
        """The pairs with secrets filled into the values: into all, or only under one name."""
        filled = []
        for name, value in pairs:
            may_have_secret = only is None or name.lower() == only
            filled.append((name, self._secrets.fill(value) if may_have_secret else value))
        return tuple(filled)
