"""Message -> Exchange: the one door to the target.

Here budget, rate cap, safety classes, time, redaction and the first-aid of a flaky network are
enforced, so that no scenario can forget them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from conformance import __version__
from conformance.errors import Unjudgeable
from conformance.evidence import Recorder
from conformance.model import (
    NOTHING,
    Case,
    Contract,
    Effect,
    Exchange,
    Facts,
    Request,
    Response,
    Role,
)
from conformance.target import Target
from conformance.transport.logged import LogRedactor
from conformance.transport.message import Message, encoded
from conformance.transport.redact import SecretStore
from conformance.transport.wire import Wire, WireFailure, WireRequest, WireResponse

DEAD_AFTER = 3
"""Requests in a row without a connection, after which the target is given up."""
PATIENCE = 8.0
"""Seconds that one 429 is waited for, at most."""
PROXY_STATUSES = (502, 503, 504)
LIMITED = 429
NOT_FOUND = 404
SHOWN_WITHIN = 1.0
"""Seconds after which a request about something that should be there is repeated where it was not found; twice at most."""
USES_PER_ADDRESS = 4
"""Requests to a limited operation from one local address, before the next is taken."""


@dataclass(frozen=True)
class _Start:
    """A request under way: its id, what goes on the wire, its headers without secrets, and when it began."""

    id: str
    wired: WireRequest
    headers: tuple[tuple[str, str], ...]
    at: datetime


@dataclass(frozen=True)
class _End:
    """What came of a request: a response, or why there is none."""

    received: WireResponse | None
    failure: WireFailure | None
    elapsed_ms: float


@dataclass(frozen=True)
class Label:
    """What the log says of a request: its case and part in it, and what a judge must know."""

    case: Case
    attempt: int
    operation: str
    role: Role
    identity: str | None
    facts: Facts = NOTHING


class OverBudget(Exception):  # noqa: N818 - it is no error of anyone
    """The request budget of the run is used up."""


class Sender:
    """Sends messages to one target and logs each."""

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
        self.target = target
        self._wire = wire
        self._recorder = recorder
        self._vault = SecretStore(dict(target.keys), contract.authentication.prefixes, seed)
        self._desk = LogRedactor(contract, self._vault)
        self._prefix = prefix
        self._sleep = sleep
        self._dead = 0
        self._last_sent = 0.0
        self._address = self._uses = self._fresh = 0
        self.sent = 0

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
        """Send a message and log it.

        What a proxy or a broken connection spoils is repeated once, and a 429 is waited out unless
        not ``patient``; such an exchange is logged with the role retry. ``rotate`` sends from a
        local address that the limit of the operation has not used up. ``again`` makes the message anew
        where what it is about was not found, as what was just made, or has gone meanwhile.
        Raises OverBudget, or Unjudgeable when the target is gone.
        """
        self._permit(label)
        for last in (False, False, True):
            source = self._current_address() if rotate else address
            exchange = self._once(
                message,
                label,
                source,
                repeatable=not last,
                patient=patient,
                doubtful=again is not None,
            )
            if exchange.role is not Role.RETRY:
                return exchange
            if again and exchange.response is not None and exchange.response.status == NOT_FOUND:
                self._sleep(SHOWN_WITHIN)
                message = again()
                continue
            if exchange.response is None or exchange.response.status != LIMITED:
                self._sleep(0.2)
                return self._once(message, label, source)
            if not (rotate and self._next_address()):
                self.wait_as_told(exchange)
        raise AssertionError("unreachable")

    def _current_address(self) -> str | None:
        pool = self.target.declaration.addresses
        if not pool:
            return None
        self._uses += 1
        if self._uses % USES_PER_ADDRESS == 0:
            self._next_address()
        return pool[self._address % len(pool)]

    def _next_address(self) -> bool:
        self._address += 1
        return bool(self.target.declaration.addresses)

    def fresh_address(self) -> str | None:
        """A local address that this run has not sent from yet, the last of the pool first."""
        pool = self.target.declaration.addresses
        self._fresh += 1
        return pool[-self._fresh] if self._fresh <= len(pool) else None

    def redact(self, text: str) -> str:
        """A text without the secrets of the run."""
        return self._vault.redact(text)

    def pause(self, seconds: float) -> None:
        """Wait; in self-tests no time passes."""
        self._sleep(seconds)

    def wait_as_told(self, exchange: Exchange) -> None:
        """Wait as a 429 says, within PATIENCE."""
        self._sleep(min(told_to_wait(exchange.response) if exchange.response else 1.0, PATIENCE))

    def _permit(self, label: Label) -> None:
        if label.case.effect not in self.target.declaration.allow:
            raise AssertionError(f"{label.case.id} may not run: {label.case.effect} is not allowed")
        operation = self.contract.operations.get(label.operation)
        if operation and operation.effect not in (*self.target.declaration.allow, Effect.READ):
            raise AssertionError(f"{label.case.id} may not send {label.operation}")

    def together(
        self,
        sends: Iterable[tuple[Message, Label]],
        address: str | None = None,
        *,
        patient: bool = True,
    ) -> list[Exchange]:
        """Send some messages at the same time, each over a connection of its own, and log them in their order.

        What a limit, a proxy or a broken connection spoils is sent again by itself. Raises OverBudget, or
        Unjudgeable when the target is gone.
        """
        begun = []
        for message, label in sends:
            self._permit(label)
            begun.append((message, label, self._begun(message, address)))
        with ThreadPoolExecutor(max(1, len(begun))) as pool:
            ended = list(pool.map(lambda one: self._sent(one[2], apart=True), begun))
        for received in (end.received for end in ended if end.received is not None):
            self._desk.learn(
                received
            )  # of all, before the first is logged: one may show what another hands out
        logged = []
        for (message, label, start), end in zip(begun, ended, strict=True):
            spoilt = _spoilt(end, message, patient)
            exchange = self._logged(
                message, replace(label, role=Role.RETRY) if spoilt else label, start, end
            )
            if spoilt:
                self.wait_as_told(exchange)
                exchange = self.send(message, label, address)
            logged.append(exchange)
        return logged

    def _once(
        self,
        message: Message,
        label: Label,
        address: str | None,
        *,
        repeatable: bool = False,
        patient: bool = False,
        doubtful: bool = False,
    ) -> Exchange:
        start = self._begun(message, address)
        # what costs money must not be sent twice, so it may not meet the end of a connection that was kept
        end = self._sent(start, apart=label.case.effect is Effect.SPEND and message.method != "GET")
        patient = patient and not (
            not self.target.declaration.addresses and _too_long(end.received)
        )
        early = doubtful and end.received is not None and end.received.status == NOT_FOUND
        role = (
            Role.RETRY if repeatable and (early or _spoilt(end, message, patient)) else label.role
        )
        return self._logged(message, replace(label, role=role), start, end)

    def _begun(self, message: Message, address: str | None) -> _Start:
        """A request as it goes on the wire, once budget and rate let it."""
        if self.sent >= self.target.budget:
            raise OverBudget
        self._pace()
        self.sent += 1
        base = self.target.declaration.url
        base = base[: base.index("/", 8)] if message.outside else base
        usual = (("User-Agent", f"conformance-suite/{__version__}"), ("Accept", "application/json"))
        told = {name.lower() for name, _ in message.headers}
        headers = (*(pair for pair in usual if pair[0].lower() not in told), *message.headers)
        held = (
            self.contract.authentication.header.lower(),
            *([n.lower() for n, _ in headers] if message.misplaced else ()),
        )
        filled = tuple(
            (n, self._vault.fill(value) if n.lower() in held else value) for n, value in headers
        )
        if message.misplaced:
            message = replace(
                message, query=tuple((n, self._vault.fill(value)) for n, value in message.query)
            )
        url = base + (encoded(message) if message.plain is None else message.plain)
        wired = WireRequest(
            message.method, url, filled, message.body, address, plain=message.plain is not None
        )
        return _Start(f"{self._prefix}{self.sent}", wired, headers, datetime.now(UTC))

    def _sent(self, start: _Start, *, apart: bool = False) -> _End:
        """What came of a request; ``apart``: over a connection that no other request uses."""
        clock = time.monotonic()
        try:
            received = self._wire.send(replace(start.wired, apart=apart))
            return _End(received, None, (time.monotonic() - clock) * 1000)
        except WireFailure as error:
            return _End(None, error, (time.monotonic() - clock) * 1000)

    def _logged(self, message: Message, label: Label, start: _Start, end: _End) -> Exchange:
        """Log an exchange without secrets; gives it as the log holds it."""
        self._dead = self._dead + 1 if end.failure and end.failure.unreachable else 0
        failure = None if end.failure is None else self._vault.redact(str(end.failure))
        if end.received is not None:
            self._desk.learn(end.received)
        address = start.wired.address
        operation = self.contract.operations.get(label.operation)
        exchange = Exchange(
            id=start.id,
            case=label.case.id,
            scenario=label.case.scenario,
            attempt=label.attempt,
            operation=label.operation,
            role=label.role,
            identity=label.identity,
            facts=replace(label.facts, address=address),
            request=Request(
                message.method,
                self._vault.redact(start.wired.url),
                start.headers,
                self._desk.body(message.body),
            ),
            response=None if end.received is None else self._desk.response(end.received, operation),
            failure=failure,
            started=start.at.isoformat(timespec="milliseconds"),
            elapsed_ms=end.elapsed_ms,
        )
        logged = self._recorder.exchange(exchange)
        if self._dead >= DEAD_AFTER:
            raise Unjudgeable(
                f"The target is gone: {DEAD_AFTER} requests in a row found no server at {self.target.declaration.url}: {failure}"
            )
        return logged

    def _pace(self) -> None:
        if self.target.rate:
            wait = self._last_sent + 1 / self.target.rate - time.monotonic()
            if wait > 0:
                self._sleep(wait)
            self._last_sent = time.monotonic()


def told_to_wait(response: Response) -> float:
    """The seconds of Retry-After: a number, or a date by the clock of the target; 1 where it says nothing that can be read."""
    told = response.header("Retry-After") or ""
    if told.isascii() and told.isdigit() and len(told) < 6:
        return float(told)
    try:
        until, now = (
            parsedate_to_datetime(text).replace(tzinfo=UTC)
            for text in (told, response.header("Date") or "")
        )
        return max(0.0, (until - now).total_seconds())  # HTTP knows no other zone
    except (ValueError, OverflowError):
        return 1.0


def _spoilt(end: _End, message: Message, patient: bool) -> bool:
    """Whether a limit, or something between us and the target, may have spoilt the exchange."""
    response = end.received
    if response is None:
        return message.method in ("GET", "HEAD") or (end.failure is not None and end.failure.stale)
    return response.status in PROXY_STATUSES or (patient and response.status == LIMITED)


def _too_long(response: WireResponse | None) -> bool:
    """Whether a limit tells to wait for longer than anyone here will."""
    told = (
        next((value for name, value in response.headers if name.lower() == "retry-after"), "")
        if response
        else ""
    )
    return told.isascii() and told.isdigit() and (len(told) > 5 or int(told) > 10 * PATIENCE)
