"""Message -> Exchange: the one door to the target.

Budget, pace, safety classes, redaction and repeats are enforced here, so that no scenario can
forget them. ``patience`` decides what is sent again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from conformance import __version__, extent
from conformance.errors import Unjudgeable
from conformance.evidence import Recorder
from conformance.model import NOTHING, Case, Contract, Effect, Exchange, Facts, Request, Role
from conformance.target import Target
from conformance.transport.addresses import Addresses
from conformance.transport.message import Message, encoded
from conformance.transport.patience import (
    AFTER_BREAK,
    LONGEST_WAIT,
    SHOWN_WITHIN,
    USUAL_WAIT,
    Allowance,
    Patience,
    Reason,
    told_to_wait,
)
from conformance.transport.redaction.log import LogRedactor
from conformance.transport.redaction.secrets import SecretStore
from conformance.transport.wire import Wire, WireFailure, WireRequest, WireResponse

DEAD_AFTER = 3
"""Requests in a row without a connection, after which the target is given up."""

REPEATS = 2
"""How often a request is sent again because of a limit, or because an object was not found."""

USUAL_HEADERS = (
    ("User-Agent", f"conformance-suite/{__version__}"),
    ("Accept", "application/json"),
    ("Accept-Encoding", "identity"),
)
"""Headers of every message that does not set them itself."""


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
class _Departure:
    """A request about to go out. ``headers`` hold placeholders, ``wired`` holds the secrets."""

    id: str
    message: Message
    label: Label
    headers: tuple[tuple[str, str], ...]
    wired: WireRequest
    at: datetime


@dataclass(frozen=True)
class _Arrival:
    """What came back, and after how long."""

    answer: WireResponse | WireFailure
    elapsed_ms: float


class Sender:
    """Sends messages to one target and logs each.

    ``offered`` is what scenarios may use of the contract. Secrets are taken out by all of it, for a
    target may show what an operation hands out that it is declared not to have.
    """

    def __init__(
        self,
        contract: Contract,
        target: Target,
        wire: Wire,
        recorder: Recorder,
        *,
        seed: int,
        prefix: str = "",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.contract = contract
        self.offered = extent.offered(contract, target.declaration)
        self.target = target
        self._wire = wire
        self._recorder = recorder
        self._secrets = SecretStore(target.keys, contract.authentication.prefixes, seed)
        self._redactor = LogRedactor(contract, self._secrets)
        self._prefix = prefix
        self._sleep = sleep
        self._allowance = Allowance(target, sleep)
        self._addresses = Addresses(target.declaration.addresses)
        self._dead = 0

    def send(
        self,
        message: Message,
        label: Label,
        address: str | None = None,
        *,
        patient: bool = True,
        rotate: bool = False,
        again: Callable[[], Message] | None = None,
    ) -> Exchange:
        """Send a message and log it; returns the last exchange.

        What a proxy or a broken connection spoils is repeated once. A 429 is waited out if
        ``patient``. ``rotate`` sends from addresses that take turns. ``again`` makes the message
        anew if its object was not found. An exchange that is repeated gets the role retry.
        Raises OverBudget, or Unjudgeable if the target is gone.
        """
        self._permit(label)
        patience = Patience(patient, bool(self.target.declaration.addresses), again is not None)
        for _ in range(REPEATS):
            source = self._addresses.current() if rotate else address
            exchange, reason = self._once(message, label, source, patience)
            if reason is None:
                return exchange
            if reason is Reason.BROKEN:
                self._sleep(AFTER_BREAK)
                return self._once(message, label, source)[0]
            if again and reason is Reason.MISSING:
                self._sleep(SHOWN_WITHIN)
                message = again()
            elif not (rotate and self._addresses.advance()):
                self.wait_as_told(exchange)
        source = self._addresses.current() if rotate else address
        return self._once(message, label, source)[0]

    def together(
        self,
        sends: Iterable[tuple[Message, Label]],
        address: str | None = None,
        *,
        patient: bool = True,
    ) -> list[Exchange]:
        """Send messages at the same time; returns their exchanges in the same order.

        Each goes over its own connection. What a limit, a proxy or a broken connection spoils is
        sent again by itself. Raises OverBudget, or Unjudgeable if the target is gone.
        """
        departures = []
        for message, label in sends:
            self._permit(label)
            departures.append(self._depart(message, label, address))
        with ThreadPoolExecutor(max(1, len(departures))) as pool:
            arrivals = list(pool.map(self._travel_apart, departures))
        # learn from all before the first is logged, for one may show what another hands out
        for arrival in arrivals:
            self._learn(arrival)
        patience = Patience(limits=patient)
        return [
            self._logged_or_repeated(departure, arrival, patience)
            for departure, arrival in zip(departures, arrivals, strict=True)
        ]

    def fresh_address(self) -> str | None:
        """A local address that no request of this run came from; None if there is none left."""
        return self._addresses.fresh()

    def redact(self, text: str) -> str:
        """The text without the secrets of the run."""
        return self._secrets.redact(text)

    def pause(self, seconds: float) -> None:
        """Wait; in self-tests no time passes."""
        self._sleep(seconds)

    def wait_as_told(self, exchange: Exchange) -> None:
        """Wait as the Retry-After of a response says, but at most LONGEST_WAIT seconds."""
        response = exchange.response
        seconds = told_to_wait(response.headers) if response else USUAL_WAIT
        self._sleep(min(seconds, LONGEST_WAIT))

    def _permit(self, label: Label) -> None:
        """Refuse what the target file does not allow; only a bug in a scenario gets here."""
        allowed = self.target.declaration.allow
        if label.case.effect not in allowed:
            raise AssertionError(f"{label.case.id} may not run: {label.case.effect} is not allowed")
        operation = self.contract.operations.get(label.operation)
        if operation and operation.effect not in (*allowed, Effect.READ):
            raise AssertionError(f"{label.case.id} may not send {label.operation}")

    def _once(
        self,
        message: Message,
        label: Label,
        address: str | None,
        patience: Patience | None = None,
    ) -> tuple[Exchange, Reason | None]:
        """Send a message once; returns the exchange and why to send it again.

        Without ``patience`` the answer is final.
        """
        departure = self._depart(message, label, address)
        # what costs money must not be sent twice, so it may not meet the end of a kept connection
        costly = label.case.effect is Effect.SPEND and message.method != "GET"
        arrival = self._travel_apart(departure) if costly else self._travel(departure.wired)
        self._learn(arrival)
        reason = None
        if patience is not None:
            reason = patience.reason(message.method, arrival.answer)
        return self._log(departure, arrival, repeated=reason is not None), reason

    def _logged_or_repeated(
        self, departure: _Departure, arrival: _Arrival, patience: Patience
    ) -> Exchange:
        """Log one of several overlapping requests, and send it again by itself if it was spoilt."""
        reason = patience.reason(departure.message.method, arrival.answer)
        exchange = self._log(departure, arrival, repeated=reason is not None)
        if reason is None:
            return exchange
        self.wait_as_told(exchange)
        return self.send(departure.message, departure.label, departure.wired.address)

    def _depart(self, message: Message, label: Label, address: str | None) -> _Departure:
        """A request ready to go out, once budget and pace allow it."""
        number = self._allowance.take()
        headers = self._all_headers(message)
        wired = self._wired(message, headers, address)
        now = datetime.now(UTC)
        return _Departure(f"{self._prefix}{number}", message, label, headers, wired, now)

    def _all_headers(self, message: Message) -> tuple[tuple[str, str], ...]:
        """Every header that goes out. The wire adds none, so the log shows what was sent."""
        added = [("Host", urlsplit(self.target.declaration.url).netloc), *USUAL_HEADERS]
        if message.method not in ("GET", "HEAD") or message.body:
            added.append(("Content-Length", str(len(message.body or b""))))
        set_already = {name.lower() for name, _ in message.headers}
        usual = [pair for pair in added if pair[0].lower() not in set_already]
        return (*usual, *message.headers)

    def _wired(
        self, message: Message, headers: tuple[tuple[str, str], ...], address: str | None
    ) -> WireRequest:
        """The request with its secrets in. They stand in one header unless they are misplaced."""
        base = self.target.declaration.url
        if message.outside:
            base = base[: base.index("/", len("https://"))]
        key_header: str | None = self.contract.authentication.header.lower()
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

    def _travel(self, request: WireRequest) -> _Arrival:
        start = time.monotonic()
        answer: WireResponse | WireFailure
        try:
            answer = self._wire.send(request)
        except WireFailure as failure:
            answer = failure
        return _Arrival(answer, (time.monotonic() - start) * 1000)

    def _travel_apart(self, departure: _Departure) -> _Arrival:
        """Send over a connection that no other request uses."""
        return self._travel(replace(departure.wired, apart=True))

    def _learn(self, arrival: _Arrival) -> None:
        """Learn the secrets that a response hands out."""
        if isinstance(arrival.answer, WireResponse):
            self._redactor.learn(arrival.answer)

    def _log(self, departure: _Departure, arrival: _Arrival, *, repeated: bool) -> Exchange:
        """Log an exchange without secrets; returns it as the log holds it."""
        role = Role.RETRY if repeated else departure.label.role
        exchange = self._exchange(departure, arrival, role)
        logged = self._recorder.exchange(exchange)
        self._count_dead(arrival.answer, exchange.failure)
        return logged

    def _exchange(self, departure: _Departure, arrival: _Arrival, role: Role) -> Exchange:
        label, message, wired = departure.label, departure.message, departure.wired
        operation = self.contract.operations.get(label.operation)
        response = failure = None
        if isinstance(arrival.answer, WireResponse):
            response = self._redactor.response(arrival.answer, operation)
        else:
            failure = self._secrets.redact(str(arrival.answer))
        return Exchange(
            id=departure.id,
            case=label.case.id,
            scenario=label.case.scenario,
            attempt=label.attempt,
            operation=label.operation,
            role=role,
            identity=label.identity,
            facts=replace(label.facts, address=wired.address),
            request=Request(
                message.method,
                self._secrets.redact(wired.url),
                departure.headers,
                self._redactor.body(message.body),
            ),
            response=response,
            failure=failure,
            started=departure.at.isoformat(timespec="milliseconds"),
            elapsed_ms=arrival.elapsed_ms,
        )

    def _count_dead(self, answer: WireResponse | WireFailure, failure: str | None) -> None:
        """Count requests in a row that found no server. Raises Unjudgeable at DEAD_AFTER."""
        unreachable = isinstance(answer, WireFailure) and answer.unreachable
        self._dead = self._dead + 1 if unreachable else 0
        if self._dead >= DEAD_AFTER:
            raise Unjudgeable(
                f"The target is gone: {DEAD_AFTER} requests in a row found no server at "
                f"{self.target.declaration.url}: {failure}"
            )
