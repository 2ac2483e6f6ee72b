"""Message -> what goes onto the wire -> what comes back, before anything is logged."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from conformance.model import NOTHING, Authentication, Case, Facts, Role
from conformance.target import Target
from conformance.transport.headers import all_headers
from conformance.transport.message import Message, encoded
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
    """What the log says of a request: its case and its part in it, and facts for the judges."""

    case: Case
    attempt: int
    operation: str
    role: Role
    identity: str | None
    facts: Facts = NOTHING


@dataclass(frozen=True)
class Departure:
    """A request about to go out. ``headers`` hold placeholders, ``wired`` holds the secrets."""

    message: Message
    label: Label
    headers: tuple[tuple[str, str], ...]
    wired: WireRequest
    at: datetime


@dataclass(frozen=True)
class Arrival:
    """What came back, after how long, and after how many seconds of waiting for a connection."""

    answer: WireResponse | WireFailure
    elapsed_ms: float
    waited: float = 0.0

    @property
    def loss(self) -> Loss | None:
        """How the response was lost; None if there is one."""
        return self.answer.loss if isinstance(self.answer, WireFailure) else None

    @property
    def broken(self) -> str | None:
        """Why the transfer of the response is no well-formed and complete HTTP; None if it is."""
        return str(self.answer) if self.loss in (Loss.BROKEN, Loss.FOREIGN) else None


class Carrier:
    """Makes requests ready for one target, and carries them over a wire.

    Secrets are put in at the last moment.
    """

    def __init__(
        self,
        target: Target,
        authentication: Authentication,
        wire: Wire,
        secrets: SecretStore,
        allowance: Allowance,
    ) -> None:
        self._target = target
        self._key_header = authentication.header.lower()
        self._wire = wire
        self._secrets = secrets
        self._allowance = allowance
        self._reached = False  # whether anything came back in this run

    def depart(self, message: Message, label: Label, address: str | None = None) -> Departure:
        """A request ready to go out, once budget, pace and time allow it."""
        self._allowance.take()
        headers = all_headers(message, self._target.declaration)
        wired = self._wired(message, headers, address)
        now = datetime.now(UTC)
        return Departure(message, label, headers, wired, now)

    def carry(
        self, departure: Departure, *, apart: bool = False, most: int = BODY_LIMIT
    ) -> Arrival:
        """Send a request, ``apart``: over a connection that no other request uses.

        ``most`` bytes of the body of its response are kept.
        If there is no connection any more, wait until the target has restarted.
        """
        request = replace(departure.wired, apart=apart, most=most)
        arrival = self._sent(request)
        waited = 0.0
        for seconds in RESTARTS_WITHIN if self._reached else ():
            if arrival.loss is not Loss.UNREACHABLE:
                break
            self._allowance.wait(seconds)
            waited += seconds
            arrival = self._sent(request)
        self._reached = self._reached or arrival.loss not in UNSENT
        return replace(arrival, waited=waited)

    def _sent(self, request: WireRequest) -> Arrival:
        start = time.monotonic()
        answer: WireResponse | WireFailure
        try:
            answer = self._wire.send(request)
        except WireFailure as failure:
            answer = failure
        return Arrival(answer, (time.monotonic() - start) * 1000)

    def _wired(
        self, message: Message, headers: tuple[tuple[str, str], ...], address: str | None
    ) -> WireRequest:
        """The request with its secrets in. They are in one header unless they are misplaced."""
        base = self._target.declaration.url
        if message.outside:
            base = base[: base.index("/", len("https://"))]
        key_header: str | None = self._key_header
        if message.misplaced:
            key_header = None
            message = replace(message, query=self._filled(message.query))
        return WireRequest(
            message.method,
            base + encoded(message),
            self._filled(headers, key_header),
            message.body,
            address,
            plain=message.plain is not None,
        )

    def _filled(
        self, pairs: tuple[tuple[str, str], ...], only: str | None = None
    ) -> tuple[tuple[str, str], ...]:
        """Names and values with secrets in the values: in all of them, or under one name only."""
        return tuple(
            (name, self._secrets.fill(value) if only in (None, name.lower()) else value)
            for name, value in pairs
        )
