"""Sends messages and returns exchanges: the only way to reach the target.

Budget, pace, allowed effects, redaction and repeats are enforced here, so that no scenario can
forget them. ``patience`` decides what is sent again.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

from conformance.base.clock import Clock, now
from conformance.log.evidence import Recorder
from conformance.model import PREFLIGHT, WHOLE_API, Case, Contract, Effect, Exchange, Request, Role
from conformance.target import Target, scope
from conformance.transport.addresses import Addresses
from conformance.transport.carrier import Arrival, Carrier, Departure, Label
from conformance.transport.clients import client_of
from conformance.transport.granting import Granting
from conformance.transport.journal import Journal, Sent, Sink
from conformance.transport.message import Message
from conformance.transport.patience import (
    DEFAULT_WAIT,
    LONGEST_WAIT,
    UNSERVED,
    Allowance,
    Patience,
    Reason,
    pause_after,
    retry_after_seconds,
)
from conformance.transport.redaction.log import LogRedactor
from conformance.transport.redaction.secrets import SecretStore
from conformance.transport.watch import Watch
from conformance.transport.wire import BODY_LIMIT, Loss, Wire, WireResponse

LOOK = Case("look[api]", PREFLIGHT, WHOLE_API, "", (), Effect.READ)
"""The case of the read that checks whether the target is available. It is not judged."""

OVERLAPPING_LIMIT = 16 * 1024 * 1024
"""Maximum total bytes kept of the bodies of overlapping responses."""
REPEATS = 2
"""How often a request is repeated because of a limit, or because an object was not found."""


class Sender:
    """Sends messages to one target and logs each of them.

    ``offered`` is the part of the contract that scenarios may use. Redaction uses the whole
    contract, because a target may show secrets of an operation that it is declared to lack.
    ``planned`` is the number of requests that the run will need.
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
        max_seconds: float = math.inf,
        planned: int = 0,
        sleep: Callable[[float], None] = time.sleep,
        clock: Clock = now,
    ) -> None:
        self.contract = contract
        self.offered = scope.offered(contract, target.declaration)
        self.target = target
        businesses = target.declaration.businesses.values()
        self._secrets = SecretStore(target.keys, contract.authentication.prefixes, seed, businesses)
        self._redactor = LogRedactor(contract, self._secrets)
        self._allowance = Allowance(target, max_seconds, sleep, planned)
        self.client = client_of(target.declaration, seed)
        scheme, allowance = contract.authentication, self._allowance
        self._carrier = Carrier(target, scheme, wire, self._secrets, allowance, self.client, clock)
        self._watch = Watch(contract, target, self._try_again)
        self._addresses = Addresses(target.declaration.addresses)
        self.journal = Journal(recorder, self._watch, self._secrets, prefix)
        self._sink: Sink = self.journal
        self._granting = Granting()
        self.part: str | None = None  # the name of a request sent for several cases at once
        self.sent: list[Exchange] = []  # what a case has sent only for itself
        self._silent = False  # whether the last request of this sender timed out

    def of_case(self, sink: Sink) -> Sender:
        """A sender for one case, with a sink of its own. It shares everything else."""
        sender = copy.copy(self)
        sender._sink, sender.sent = sink, []
        return sender

    @contextmanager
    def aside(self, name: str) -> Iterator[Sink]:
        """Send for several cases at once: within the context, requests go into a separate part."""
        before = self._sink, self.sent, self.part
        part = self._sink.part()
        self._sink, self.sent, self.part = part, [], name
        try:
            yield part
        finally:
            self._sink, self.sent, self.part = before

    def uses(self, part: Sink) -> None:
        """Record that what is sent from now on depends on a part."""
        self._sink.uses(part)

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
        """Send a message from a local ``address``, log it, and return the final exchange.

        A read spoilt by a proxy or a broken connection is repeated once, and so is any request
        refused with 503. A 429 is waited out if ``patient``. With ``rotate``, the addresses of the
        target file take turns, and the next one is used instead of waiting. ``again`` makes another
        message if the object of the first was not found. An exchange that is repeated gets the role
        retry. Raises OverBudget, or Unjudgeable if the target is unavailable or the time is up.
        """
        self._permit(label)
        for _ in range(REPEATS):
            source = self._addresses.current() if rotate else address
            patience = self._patience(patient, rotate, again is not None)
            departure = self._prepare(message, label, source)
            exchange, arrival, reason = self._once(departure, patience)
            if reason is None:
                return exchange
            if reason is Reason.BROKEN:
                return self._repeat_spoilt(departure, arrival)
            if again and reason is Reason.MISSING:
                message = again()
                continue
            has_other_address = rotate and self._addresses.advance()
            if not has_other_address:
                self.wait_as_told(exchange)
        source = self._addresses.current() if rotate else address
        # the last attempt is final
        exchange, _, _ = self._once(self._prepare(message, label, source))
        return exchange

    def together(
        self,
        sends: Iterable[tuple[Message, Label]],
        address: str | None = None,
        *,
        patient: bool = True,
    ) -> list[Exchange]:
        """Send messages at the same time, and return their exchanges in the same order.

        Each uses its own connection. If a rate limit rejects one, and ``patient``, it is sent again
        alone; so is a read that a proxy or the connection spoilt. Raises OverBudget, or Unjudgeable
        if the target is gone.
        """
        departures = []
        for message, label in sends:
            self._permit(label)
            departures.append(self._prepare(message, label, address))
        count = max(1, len(departures))
        most_bytes = min(BODY_LIMIT, OVERLAPPING_LIMIT // count)

        def send(departure: Departure) -> Arrival:
            return self._carrier.send(departure, own_connection=True, most=most_bytes)

        may_issue = any(self._may_issue(departure) for departure in departures)
        with self._granting.in_flight(may_issue):
            with ThreadPoolExecutor(count) as pool:
                arrivals = list(pool.map(send, departures))
            self._allowance.sent_together(count)
            # learn the secrets in all before logging any: one may show what another issues
            for arrival in arrivals:
                self._learn(arrival)
        patience = self._patience(patient)
        return [
            self._log_or_repeat(departure, arrival, patience)
            for departure, arrival in zip(departures, arrivals, strict=True)
        ]

    def lift_budget(self) -> None:
        """Ignore the budget from now on, so that everything the run made can be removed."""
        self._allowance.budget = math.inf

    def end_within(self, seconds: float) -> None:
        """Send nothing once this many seconds have passed, even if objects of the run remain."""
        self._allowance.end_within(seconds)

    def fresh_address(self) -> str | None:
        """A local address that no request of this run used; None if there is none left."""
        return self._addresses.fresh()

    def redact(self, text: str) -> str:
        """The text without the secrets of the run."""
        return self._secrets.redact(text)

    def pause(self, seconds: float) -> None:
        """Wait (self-tests skip the wait). Raises Unjudgeable if the time of the run is up."""
        self._allowance.wait(seconds)

    def wait_as_told(self, exchange: Exchange) -> None:
        """Wait as long as Retry-After says, but at most LONGEST_WAIT seconds."""
        response = exchange.response
        seconds = retry_after_seconds(response.headers) if response else DEFAULT_WAIT
        self._allowance.wait_for_target(min(seconds, LONGEST_WAIT))

    def settle(self) -> None:
        """Check why the last requests were refused; see Watch."""
        self._watch.settle()

    def _patience(self, patient: bool, rotate: bool = False, missing: bool = False) -> Patience:
        """What to send again. If addresses rotate, no wait after a 429 counts as too long.

        After a timeout, the next timeout is final, because timeouts take long.
        """
        longest = min(LONGEST_WAIT, self._allowance.wait_left)
        if rotate and self.target.declaration.addresses:
            longest = math.inf
        return Patience(longest if patient else -1, not self._silent, missing)

    def _permit(self, label: Label) -> None:
        """Raise AssertionError for what the target file does not allow: a bug in a scenario."""
        allowed = self.target.declaration.allow
        if label.case.effect not in allowed:
            raise AssertionError(f"{label.case.id} may not run: {label.case.effect} is not allowed")
        operation = self.contract.operations.get(label.operation)
        if operation and operation.effect not in allowed:
            raise AssertionError(f"{label.case.id} may not send {label.operation}")

    def _prepare(self, message: Message, label: Label, address: str | None = None) -> Departure:
        """Prepare a request, after waiting until it may be sent."""
        self._sink.admit()
        return self._carrier.prepare(message, label, address)

    def _once(
        self, departure: Departure, patience: Patience | None = None
    ) -> tuple[Exchange, Arrival, Reason | None]:
        """Send a message once; return the exchange, what came back, and why to send it again.

        The reason is None if the response is final, as it always is without ``patience``.
        """
        with self._granting.in_flight(self._may_issue(departure)):
            arrival = self._carrier.send(departure, own_connection=departure.needs_own_connection)
            self._learn(arrival)
        method = departure.message.method
        reason = None if patience is None else patience.reason(method, arrival.answer)
        return self._log(departure, arrival, repeated=reason is not None), arrival, reason

    def _repeat_spoilt(self, departure: Departure, spoilt: Arrival) -> Exchange:
        """Repeat a spoilt exchange over a new connection."""
        self._allowance.wait_for_target(min(pause_after(spoilt.answer), self._allowance.wait_left))
        again = self._prepare(departure.message, departure.label, departure.wired.address)
        arrival = self._carrier.send(again, own_connection=True)
        self._learn(arrival)
        return self._log(again, arrival, repeated=False)

    def _log_or_repeat(
        self, departure: Departure, arrival: Arrival, patience: Patience
    ) -> Exchange:
        """Log one of several overlapping requests; repeat it alone if its response is not final."""
        reason = patience.reason(departure.message.method, arrival.answer)
        exchange = self._log(departure, arrival, repeated=reason is not None)
        if reason is None:
            return exchange
        if reason is Reason.BROKEN:
            return self._repeat_spoilt(departure, arrival)
        self.wait_as_told(exchange)
        return self.send(departure.message, departure.label, departure.wired.address)

    def _may_issue(self, departure: Departure) -> bool:
        """Whether the response to a request may issue secrets."""
        operation = self.contract.operations.get(departure.label.operation)
        return operation is not None and bool(operation.secrets)

    def _learn(self, arrival: Arrival) -> None:
        """Learn the secrets that a response issues."""
        if isinstance(arrival.answer, WireResponse):
            self._redactor.learn(arrival.answer)

    def _log(self, departure: Departure, arrival: Arrival, *, repeated: bool) -> Exchange:
        """Log an exchange without secrets, and return it as logged."""
        role = Role.RETRY if repeated else departure.label.role
        self._granting.wait()  # until the secrets that others are receiving are known

        def redacted() -> Exchange:
            return self._exchange(departure, arrival, role)

        known = self._secrets.count  # before redaction, because other threads may learn more
        exchange = redacted()
        if exchange.status not in UNSERVED:
            self._allowance.waited = 0.0
        if role is not Role.RETRY:
            self._silent = arrival.loss is Loss.SILENT
        logged = self._sink.log(Sent(departure, exchange, arrival, known, redacted))
        self.sent.append(logged)
        return logged

    def _try_again(self, before: Departure) -> tuple[Exchange, Arrival]:
        """Send a read once more, only to see whether the target is available."""
        label = replace(before.label, case=LOOK, role=Role.BYSTANDER)
        departure = self._carrier.prepare(before.message, label)
        arrival = self._carrier.send(departure, own_connection=True)
        self._learn(arrival)
        return self.journal.enter(self._exchange(departure, arrival, label.role)), arrival

    def _exchange(self, departure: Departure, arrival: Arrival, role: Role) -> Exchange:
        """What was sent and what came back as an exchange without secrets and without an id."""
        label, message, wired = departure.label, departure.message, departure.wired
        operation = self.contract.operations.get(label.operation)
        response = failure = None
        if isinstance(arrival.answer, WireResponse):
            response = self._redactor.response(arrival.answer, operation)
        else:
            failure = self._secrets.redact(str(arrival.answer))
        facts = label.facts
        if wired.address is not None:
            facts = replace(facts, address=wired.address)
        return Exchange(
            id="",
            case=label.case.id,
            scenario=label.case.scenario,
            attempt=label.attempt,
            operation=label.operation,
            role=role,
            identity=label.identity,
            facts=facts,
            request=Request(
                message.method,
                self._secrets.redact(wired.url),
                departure.headers,
                self._redactor.body(message.body),
            ),
            response=response,
            failure=failure,
            started=departure.at.isoformat(timespec="microseconds"),
            elapsed_ms=arrival.elapsed_ms,
            part=self.part,
        )
