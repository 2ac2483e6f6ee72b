"""Tells an unavailable target from a faulty one: everything fails for the same external cause.

A single failing operation is a finding. When several operations in a row fail for the same external
cause, a read that succeeded before is tried once more. If it fails in the same way, the run ends.
Timeouts take long, so several requests without a response are enough to trigger that check.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from conformance.base.values import NOT_JSON
from conformance.model import PREFLIGHT, UNAVAILABLE, Contract, Exchange, Response
from conformance.transport.patience import LIMITED
from conformance.transport.wire import Loss

OPERATIONS = 3
"""Consecutive operations that fail for one cause before the target is checked.

That many requests without a response are also enough. Each check that finds the target available
raises the number by the same amount.
"""

UNAUTHORIZED = 401


class OutageCause(Enum):
    """Why every request fails. The value completes a sentence about the target, with advice."""

    SILENT = "no longer responds. Is it overloaded?"
    CLOSED = "closes every connection without a response."
    FOREIGN = "responds with something that is not HTTP."
    BROKEN = "sends malformed or incomplete HTTP responses."
    LIMITED = "returns 429 for every request. Set rate: in the target file, or run again later."
    GATEWAY = "is not available: a proxy in front of it responds instead. Is it up?"
    KEY = "refuses the main key, which it accepted before. Was the key revoked, or has it expired?"
    PAGES = "returns an HTML page for every request. Is it down for maintenance?"


_OF_LOSS: Mapping[Loss | None, OutageCause] = {
    Loss.SILENT: OutageCause.SILENT,
    Loss.CLOSED: OutageCause.CLOSED,
    Loss.FOREIGN: OutageCause.FOREIGN,
    Loss.BROKEN: OutageCause.BROKEN,
}


@dataclass(frozen=True)
class Span:
    """When a request was sent and when it ended, in seconds."""

    begun: float
    ended: float


@dataclass(frozen=True)
class Failure:
    """An exchange that failed for an external cause, and the time when it failed.

    ``retried`` holds the ids of the exchanges that it repeats.
    """

    cause: OutageCause
    exchange: Exchange
    ended: float
    retried: tuple[str, ...]


class Outage:
    """The consecutive exchanges that failed for one cause.

    Exchanges may overlap, and may be seen in a different order from that of their responses. So a
    failure counts only if it ended after the start of the latest request that the target served.
    """

    def __init__(self, contract: Contract, main_key: str | None) -> None:
        self._contract = contract
        self._main_key = main_key
        self._needed = OPERATIONS
        self._served = -math.inf  # start of the latest request that the target served
        self._streak: list[Failure] = []

    def see(
        self, exchange: Exchange, loss: Loss | None, span: Span, retried: tuple[str, ...] = ()
    ) -> bool:
        """Take an exchange into account; return whether the target should be checked.

        ``retried`` holds the ids of the exchanges that it repeats. The requests before the first
        case do not count, because they are handled separately.
        """
        if exchange.scenario == PREFLIGHT:
            return False
        cause = self.cause_of(exchange, loss)
        if cause is None:
            if not self._is_neutral(exchange):
                self._note_served(span)
            return False
        if span.ended < self._served:  # the target has served a later request
            return False
        if cause is not self.cause:
            self._streak = []
        self._streak.append(Failure(cause, exchange, span.ended, retried))
        # timeouts take long, so their requests count instead of their operations
        counted = self._streak if cause is OutageCause.SILENT else self.operations
        return len(counted) >= self._needed

    def _note_served(self, span: Span) -> None:
        """Forget failures before a request that the target served."""
        self._served = max(self._served, span.begun)
        self._streak = [each for each in self._streak if each.ended >= self._served]

    @property
    def cause(self) -> OutageCause | None:
        """Why the latest exchanges failed; None if they did not."""
        return self._streak[-1].cause if self._streak else None

    @property
    def failed(self) -> tuple[str, ...]:
        """The ids of the consecutive failed exchanges, and of those that they repeat."""
        ids: list[str] = []
        for failure in self._streak:
            ids += [*failure.retried, failure.exchange.id]
        return tuple(ids)

    @property
    def operations(self) -> set[str]:
        """The operations of the consecutive failed exchanges."""
        return {failure.exchange.operation for failure in self._streak}

    def start_over(self) -> None:
        """Forget all failures and check less often, because the target is available."""
        self._needed += OPERATIONS
        self._streak = []

    def cause_of(self, exchange: Exchange, loss: Loss | None) -> OutageCause | None:
        """The external cause of a failed exchange; None if it may be a finding, or did not fail.

        None, too, if the contract does not have its operation.
        """
        if exchange.operation not in self._contract.operations:
            return None
        if exchange.response is None:
            return _OF_LOSS.get(loss)
        if exchange.status == LIMITED:
            return OutageCause.LIMITED
        if exchange.status in UNAVAILABLE:
            return OutageCause.GATEWAY
        if exchange.status == UNAUTHORIZED and self._presents_main_key(exchange):
            return OutageCause.KEY
        return OutageCause.PAGES if _is_page(exchange.response) else None

    def _is_neutral(self, exchange: Exchange) -> bool:
        """Whether an exchange neither continues nor ends the streak."""
        if exchange.operation not in self._contract.operations:
            return True
        return self.cause is OutageCause.KEY and not self._presents_main_key(exchange)

    def _presents_main_key(self, exchange: Exchange) -> bool:
        """Whether a request had a well-formed main key and its operation requires a key."""
        if not self._contract.operations[exchange.operation].keyed:
            return False
        return exchange.identity == self._main_key and exchange.facts.form is None


def _is_page(response: Response) -> bool:
    """Whether a response is an HTML page instead of JSON."""
    return "html" in response.header("Content-Type").lower() and response.json is NOT_JSON
