"""What was sent, on its way into the log: numbered, logged and watched, one after another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from conformance.base.errors import Unjudgeable
from conformance.log.evidence import Recorder
from conformance.model import Exchange, Role
from conformance.transport.carrier import Arrival, Departure
from conformance.transport.redaction.secrets import SecretStore
from conformance.transport.watch import Watch

FULL = (
    "The log of the run is full. Raise disk: in the target file (to 1,000 at most), "
    "or choose less with --depth or --area."
)


@dataclass(frozen=True)
class Sent:
    """A request that was sent, and what came back. Its exchange has no number yet.

    ``exchange`` lacks the first ``known`` secrets of the run; ``anew`` makes it without those that
    were learnt since.
    """

    departure: Departure
    exchange: Exchange
    arrival: Arrival
    known: int
    anew: Callable[[], Exchange]


class Sink(Protocol):
    """Where a case puts what it has sent."""

    def admit(self) -> None:
        """Wait until the next request may be sent."""

    def log(self, sent: Sent) -> Exchange:
        """Take what was sent. Returns the exchange as the scenario sees it."""

    def part(self) -> Sink:
        """Where to put what serves several cases; whichever comes first shows it."""

    def uses(self, part: Sink) -> None:
        """The case rests on such a part."""


class Journal:
    """Logs at once what it is given. Exchanges get numbers in the order of the log.

    ``prefix`` begins these.
    """

    def __init__(
        self, recorder: Recorder, watch: Watch, secrets: SecretStore, prefix: str = ""
    ) -> None:
        self._recorder = recorder
        self._watch = watch
        self._secrets = secrets
        self._prefix = prefix
        self._count = 0
        self._full = False  # whether it was said that the log is full
        self._broken: set[str] = set()  # operations of which the last answer was broken

    def admit(self) -> None:
        """Nothing else is under way."""

    def log(self, sent: Sent) -> Exchange:
        """Log an exchange; returns it as the log holds it. Raises Unjudgeable; see Watch."""
        broken = self._broken_again(sent.exchange.operation, sent.arrival.broken)
        facts = replace(sent.exchange.facts, broken=broken)
        logged = self.enter(replace(self._clean(sent), facts=facts))
        if logged.role is not Role.RETRY:
            self._watch.see(sent.departure, logged, sent.arrival)
        self._check_room()
        return logged

    def _check_room(self) -> None:
        """Raise Unjudgeable, once, if the log is full. What removes objects is still logged."""
        if self._recorder.is_full and not self._full:
            self._full = True
            raise Unjudgeable(FULL)

    def enter(self, exchange: Exchange) -> Exchange:
        """Log an exchange that says nothing of the state of the target."""
        self._count += 1
        return self._recorder.exchange(replace(exchange, id=f"{self._prefix}{self._count}"))

    def keep(self, sent: Sent) -> Exchange:
        """Log an exchange of a run that is over. Nobody looks at the target any more."""
        return self.enter(self._clean(sent))

    def _clean(self, sent: Sent) -> Exchange:
        """The exchange without the secrets that others have handed out since it was sent."""
        if sent.known == self._secrets.count:
            return sent.exchange
        anew = sent.anew()
        return replace(sent.exchange, request=anew.request, response=anew.response)

    def part(self) -> Sink:
        """What serves several cases stands in the log where it was sent."""
        return self

    def uses(self, part: Sink) -> None:
        """It is in the log already."""

    def _broken_again(self, operation: str, broken: str | None) -> str | None:
        """What was wrong with an answer, if the one before it of the same operation broke, too.

        So a read that is repeated tells it, and writes do, which are not.
        """
        again = operation in self._broken
        if broken is None:
            self._broken.discard(operation)
            return None
        self._broken.add(operation)
        return self._secrets.redact(broken) if again else None
