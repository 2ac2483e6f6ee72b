"""Ends a run if the target is unavailable, so that the outage is not judged as behaviour."""

from __future__ import annotations

from collections.abc import Callable

from conformance.base.errors import Unjudgeable
from conformance.model import Contract, Exchange
from conformance.target import Target
from conformance.transport.carrier import Arrival, Departure
from conformance.transport.outage import Outage, OutageCause, Span
from conformance.transport.wire import Loss

Try = Callable[[Departure], tuple[Exchange, Arrival]]
"""Sends a read once more, without judging it."""


class Watch:
    """Sees every final exchange of a run and raises Unjudgeable if the target is unavailable."""

    def __init__(self, contract: Contract, target: Target, try_again: Try) -> None:
        self._url = target.declaration.url
        self._main_key = target.declaration.main_key
        self._outage = Outage(contract, self._main_key)
        self._try_again = try_again
        self._good: dict[str, Departure] = {}  # successful reads with the main key, latest last
        self._speaks_http = False  # whether any response of this run was HTTP
        self._retried: list[str] = []  # the exchanges that the next one repeats

    def note_retried(self, exchange: Exchange) -> None:
        """Remember an exchange that the next one repeats."""
        self._retried.append(exchange.id)

    def see(self, departure: Departure, exchange: Exchange, arrival: Arrival) -> None:
        """Take an exchange into account. Raises Unjudgeable if the target is unavailable."""
        retried = tuple(self._retried)
        self._retried.clear()
        self._check_reached(arrival, exchange.failure)
        begun = departure.at.timestamp()
        span = Span(begun, begun + arrival.waited + arrival.elapsed_ms / 1000)
        if self._outage.see(exchange, arrival.loss, span, retried):
            self._check()
        elif self._outage.cause is None and self._is_good(departure, exchange):
            self._good.pop(exchange.operation, None)  # so that it becomes the latest
            self._good[exchange.operation] = departure

    def settle(self) -> None:
        """Check the target once more if the last requests with the main key were refused.

        Raises Unjudgeable if the key is no longer valid, so that the refusals are not findings.
        """
        if self._outage.cause is OutageCause.KEY:
            self._check()

    def _check_reached(self, arrival: Arrival, failure: str | None) -> None:
        """Raise Unjudgeable if the target cannot be reached."""
        if arrival.loss is Loss.UNTRUSTED:
            raise Unjudgeable(
                f"No TLS connection to {self._url}: {failure}. For a private authority, set ca: "
                "in the target file. To accept any certificate, set verify: false."
            )
        if arrival.loss is Loss.MISMATCHED:
            raise Unjudgeable(f"{self._url}: {failure}. Try {_other_scheme(self._url)}")
        self._speaks_http = self._speaks_http or arrival.loss is None
        if arrival.loss is Loss.FOREIGN and not self._speaks_http:
            raise Unjudgeable(f"{self._url} does not speak HTTP: {failure}. Check the port.")
        if arrival.loss is not Loss.UNREACHABLE:
            return
        if arrival.waited:
            waited = f"for {arrival.waited:g} s: {failure}"
            raise Unjudgeable(f"The target is gone: no server has answered at {self._url} {waited}")
        raise Unjudgeable(
            f"No usable response from {self._url}: {failure}. "
            "Check that the server is up and that the address is right."
        )

    def _is_good(self, departure: Departure, exchange: Exchange) -> bool:
        """Whether a read with the main key succeeded, so that it can serve as a check later."""
        message = departure.message
        is_plain_read = message.method == "GET" and not message.misplaced
        return is_plain_read and exchange.ok and departure.label.identity == self._main_key

    def _check(self) -> None:
        """Repeat a read that succeeded before. Raises Unjudgeable if it fails for the same cause.

        Then the failed exchanges are void, except for broken responses: each was requested again,
        so they count as findings. If no read ever succeeded, only broken responses end the run.
        """
        cause, read = self._outage.cause, self._good_read()
        void = () if cause is OutageCause.BROKEN else self._outage.failed
        if read is None and cause is OutageCause.BROKEN:
            raise Unjudgeable(self._since(cause), void)
        if read is None or cause is None:
            return
        exchange, arrival = self._try_again(read)
        if self._outage.cause_of(exchange, arrival.loss) is cause:
            raise Unjudgeable(self._since(cause), void)
        self._outage.start_over()

    def _good_read(self) -> Departure | None:
        """The latest read that succeeded, preferably of an operation that is not failing now.

        If a single operation times out, only a read of another operation is conclusive. None if
        there is no usable read.
        """
        failing = self._outage.operations
        reads = [read for name, read in self._good.items() if name not in failing]
        is_single_timeout = len(failing) <= 1 and self._outage.cause is OutageCause.SILENT
        if not reads and not is_single_timeout:
            reads = list(self._good.values())
        return reads[-1] if reads else None

    def _since(self, cause: OutageCause) -> str:
        """The cause in words, and the exchange that it began with."""
        first = self._outage.failed[0]
        return f"The target {self._url} {cause.value} This began with exchange {first}."


def _other_scheme(url: str) -> str:
    """An address with https instead of http, or the other way round."""
    scheme, _, rest = url.partition("://")
    return f"{'http' if scheme == 'https' else 'https'}://{rest}"
