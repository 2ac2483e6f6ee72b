"""Numbers, logs and watches what was sent, in order."""

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
    "or run less with --depth or --area."
)


@dataclass(frozen=True)
class Sent:
    """A request that was sent, and what came back. Its exchange has no number yet.

    In ``exchange``, the first ``known`` secrets of the run are redacted. ``redacted`` returns the
    exchange again, also without the secrets learnt since.
    """

    departure: Departure
    exchange: Exchange
    arrival: Arrival
    known: int
    redacted: Callable[[], Exchange]


class Sink(Protocol):
    """Receives what a case has sent."""

    def admit(self) -> None:
        """Wait until the next request may be sent."""

    def log(self, sent: Sent) -> Exchange:
        """Take what was sent; return the exchange as the scenario sees it."""

    def part(self) -> Sink:
        """A sink for requests on behalf of several cases. The first case to use it logs them."""

    def uses(self, part: Sink) -> None:
        """Record that the case depends on such a part."""


class Journal:
    """Logs exchanges immediately, and numbers them in log order.

    The numbers start with ``prefix``.
    """

    def __init__(
        self, recorder: Recorder, watch: Watch, secrets: SecretStore, prefix: str = ""
    ) -> None:
        self._recorder = recorder
        self._watch = watch
        self._secrets = secrets
        self._prefix = prefix
        self._count = 0
        self._full = False  # whether it was reported that the log is full
        self._broken: set[str] = set()  # operations whose last response was broken

    def admit(self) -> None:
        """Return at once, because nothing else is in flight."""

    def log(self, sent: Sent) -> Exchange:
        """Log an exchange and return it as logged. Raises Unjudgeable; see Watch.

        If two responses of an operation in a row are broken, the facts of the second say so.
        """
        exchange = self._clean(sent)
        broken = self._broken_again(sent.exchange.operation, sent.arrival.broken)
        if broken is not None:
            exchange = replace(exchange, facts=replace(exchange.facts, broken=broken))
        logged = self.enter(exchange)
        if logged.role is Role.RETRY:
            self._watch.note_retried(logged)
        else:
            self._watch.see(sent.departure, logged, sent.arrival)
        self._check_room()
        return logged

    def _check_room(self) -> None:
        """Raise Unjudgeable once if the log is full. Requests that clean up are still logged."""
        if self._recorder.is_full and not self._full:
            self._full = True
            raise Unjudgeable(FULL)

    def enter(self, exchange: Exchange) -> Exchange:
        """Number and log an exchange, without watching the target."""
        self._count += 1
        return self._recorder.exchange(replace(exchange, id=f"{self._prefix}{self._count}"))

    def keep(self, sent: Sent) -> Exchange:
        """Log an exchange after the run has ended, without watching the target."""
        return self.enter(self._clean(sent))

    def _clean(self, sent: Sent) -> Exchange:
        """The exchange without the secrets that were issued since it was sent.

        Few exchanges show any. A plain search tells which, because redaction takes much longer.
        """
        if sent.known == self._secrets.count or not self._may_show_later(sent):
            return sent.exchange
        again = sent.redacted()
        return replace(sent.exchange, request=again.request, response=again.response)

    def _may_show_later(self, sent: Sent) -> bool:
        """Whether an exchange may show a secret that was issued since it was sent.

        A body that is not text always may, because no plain search finds a secret in it.
        """
        for message in (sent.exchange.request, sent.exchange.response):
            if message is None:
                continue
            texts = [value for _, value in message.headers]
            if message.body is not None and message.body.base64 is not None:
                return True
            if message.body is not None and message.body.text is not None:
                texts.append(message.body.text)
            if any(self._secrets.shows_later(text, sent.known) for text in texts):
                return True
        return self._secrets.shows_later(sent.exchange.request.url, sent.known)

    def part(self) -> Sink:
        """The journal itself, which logs shared requests where they were sent."""
        return self

    def uses(self, part: Sink) -> None:
        """Do nothing, because the part is in the log already."""

    def _broken_again(self, operation: str, broken: str | None) -> str | None:
        """What is malformed in a response, if the operation's previous response was, too; or None.

        This covers reads, which are repeated, as well as writes, which are not.
        """
        was_broken = operation in self._broken
        if broken is None:
            self._broken.discard(operation)
            return None
        self._broken.add(operation)
        return self._secrets.redact(broken) if was_broken else None
