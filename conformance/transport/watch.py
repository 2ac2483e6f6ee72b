"""Ends a run whose target is out, so that its silence is not judged as its behaviour."""

from __future__ import annotations

from collections.abc import Callable

from conformance.base.errors import Unjudgeable
from conformance.model import Contract, Exchange
from conformance.target import Target
from conformance.transport.carrier import Arrival, Departure
from conformance.transport.outage import Cause, Outage, Span
from conformance.transport.wire import Loss

Try = Callable[[Departure], tuple[Exchange, Arrival]]
"""Sends a read once more, which nothing is judged by."""


class Watch:
    """Sees every final exchange of a run, and raises Unjudgeable if the target is out."""

    def __init__(self, contract: Contract, target: Target, try_again: Try) -> None:
        self._url = target.declaration.url
        self._main_key = target.declaration.main_key
        self._outage = Outage(contract, self._main_key)
        self._try_again = try_again
        self._good: dict[str, Departure] = {}  # reads with the main key that went well, latest last
        self._speaks_http = False  # whether any response of this run was HTTP

    def see(self, departure: Departure, exchange: Exchange, arrival: Arrival) -> None:
        """Take an exchange into account. Raises Unjudgeable if the target is out."""
        self._check_reached(arrival, exchange.failure)
        if self._outage.see(exchange, arrival.loss, _span(departure, arrival)):
            self._look()
        elif self._outage.cause is None and self._is_good(departure, exchange):
            self._good.pop(exchange.operation, None)
            self._good[exchange.operation] = departure

    def settle(self) -> None:
        """Look at the target a last time if the last requests were refused for the main key.

        Raises Unjudgeable if it is dead: what it was refused for is no finding.
        """
        if self._outage.cause is Cause.KEY:
            self._look()

    def _check_reached(self, arrival: Arrival, failure: str | None) -> None:
        """Raise Unjudgeable if there is no way to the target."""
        if arrival.loss is Loss.UNTRUSTED:
            raise Unjudgeable(
                f"No TLS connection to {self._url}: {failure}. "
                "ca: in the target file names a private authority, verify: false accepts any."
            )
        self._speaks_http = self._speaks_http or arrival.loss is None
        if arrival.loss is Loss.FOREIGN and not self._speaks_http:
            raise Unjudgeable(f"{self._url} does not speak HTTP: {failure}. Is the port right?")
        if arrival.loss is not Loss.UNREACHABLE:
            return
        if arrival.waited:
            since = f"for {arrival.waited:g} s: {failure}"
            raise Unjudgeable(f"The target is gone: no server at {self._url} {since}")
        raise Unjudgeable(
            f"No usable answer from {self._url}: {failure}. "
            "Is the server up, and is the address right?"
        )

    def _is_good(self, departure: Departure, exchange: Exchange) -> bool:
        """Whether a read with the main key went well, so that it may be tried again."""
        message = departure.message
        plain = message.method == "GET" and not message.misplaced
        return plain and exchange.ok and departure.label.identity == self._main_key

    def _look(self) -> None:
        """Try a read that went well before. Raises Unjudgeable if it fails as the others did.

        Broken responses need no look, for each read was repeated. They are findings, so they count.
        """
        cause, read = self._outage.cause, self._good_read()
        if cause is Cause.BROKEN:
            raise Unjudgeable(self._since(cause))
        if read is None or cause is None:
            return
        exchange, arrival = self._try_again(read)
        if self._outage.cause_of(exchange, arrival.loss) is cause:
            raise Unjudgeable(self._since(cause), self._outage.failed)
        self._outage.refuted()

    def _good_read(self) -> Departure | None:
        """A read that went well before: of an operation that does not fail now, if there is one.

        The silence of a single operation says nothing of the others, so it needs one of these.
        """
        failing = self._outage.operations
        others = [read for name, read in self._good.items() if name not in failing]
        if not others and (len(failing) > 1 or self._outage.cause is not Cause.SILENT):
            others = list(self._good.values())
        return others[-1] if others else None

    def _since(self, cause: Cause) -> str:
        """The cause in words, and since when."""
        first = self._outage.failed[0]
        return f"The target {self._url} {cause.value} It has been so since exchange {first}."


def _span(departure: Departure, arrival: Arrival) -> Span:
    """From when to when a request was under way."""
    begun = departure.at.timestamp()
    return Span(begun, begun + arrival.waited + arrival.elapsed_ms / 1000)
