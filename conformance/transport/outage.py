"""Distinguishes a target that is out from a faulty one: it fails for one outward cause throughout.

A single operation that fails is a finding. When several operations in a row fail for the same
outward cause, a read that went well before is tried once more. If it fails alike, the run ends.
Silence takes long, so several requests without a response are enough for that look.
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
"""Operations in a row that fail for one cause, after which the target is looked at.

That many requests without a response are enough, too. Each look that finds the
target well raises the number by as many.
"""

UNAUTHORIZED = 401


class Cause(Enum):
    """Why every request fails. The value says it of the target, and what to do."""

    SILENT = "gives no response any more. Is it overloaded?"
    CLOSED = "closes every connection without a response."
    FOREIGN = "answers with something that is not HTTP."
    BROKEN = "sends responses that are not proper HTTP, or not complete."
    LIMITED = "answers 429 to everything. Set rate: in the target file, or run again later."
    GATEWAY = "is not there: something in front of it responds in its place. Is it up?"
    KEY = "refuses the main key, which it accepted before. Was the key revoked, or has it expired?"
    PAGES = "answers everything with an HTML page. Is it down for maintenance?"


_OF_LOSS: Mapping[Loss | None, Cause] = {
    Loss.SILENT: Cause.SILENT,
    Loss.CLOSED: Cause.CLOSED,
    Loss.FOREIGN: Cause.FOREIGN,
    Loss.BROKEN: Cause.BROKEN,
}


@dataclass(frozen=True)
class Span:
    """From when to when a request was under way, in seconds."""

    begun: float
    ended: float


@dataclass(frozen=True)
class Failure:
    """An exchange that failed for an outward cause, and when it had failed."""

    cause: Cause
    exchange: Exchange
    ended: float


class Outage:
    """The exchanges in a row that failed for one cause.

    They may have overlapped, and may be seen in another order than their responses came in. So only
    those count that ended after the beginning of the last request that the target served.
    """

    def __init__(self, contract: Contract, main_key: str | None) -> None:
        self._contract = contract
        self._main_key = main_key
        self._needed = OPERATIONS
        self._served = -math.inf  # when the latest request began that the target served
        self._streak: list[Failure] = []

    def see(self, exchange: Exchange, loss: Loss | None, span: Span) -> bool:
        """Take an exchange into account. Returns whether the target should be looked at.

        The requests before the first case are judged separately.
        """
        if exchange.scenario == PREFLIGHT:
            return False
        cause = self.cause_of(exchange, loss)
        if cause is None:
            if not self._says_nothing(exchange):
                self._serve(span)
            return False
        if span.ended < self._served:
            return False
        if cause is not self.cause:
            self._streak = []
        self._streak.append(Failure(cause, exchange, span.ended))
        tried = self._streak if cause is Cause.SILENT else self.operations
        return len(tried) >= self._needed

    def _serve(self, span: Span) -> None:
        """Forget what had failed before the target served a request."""
        self._served = max(self._served, span.begun)
        self._streak = [each for each in self._streak if each.ended >= self._served]

    @property
    def cause(self) -> Cause | None:
        """For what the last exchanges failed; None if they did not."""
        return self._streak[-1].cause if self._streak else None

    @property
    def failed(self) -> tuple[str, ...]:
        """The ids of the exchanges that failed in a row."""
        return tuple(failure.exchange.id for failure in self._streak)

    @property
    def operations(self) -> set[str]:
        """The operations that failed in a row."""
        return {failure.exchange.operation for failure in self._streak}

    def refuted(self) -> None:
        """The target responds well: start over, and look less often."""
        self._needed += OPERATIONS
        self._streak = []

    def cause_of(self, exchange: Exchange, loss: Loss | None) -> Cause | None:
        """The outward cause for which an exchange failed; None if it may say something else."""
        if exchange.operation not in self._contract.operations:
            return None
        if exchange.response is None:
            return _OF_LOSS.get(loss)
        if exchange.status == LIMITED:
            return Cause.LIMITED
        if exchange.status in UNAVAILABLE:
            return Cause.GATEWAY
        if exchange.status == UNAUTHORIZED and self._shows_key(exchange):
            return Cause.KEY
        return Cause.PAGES if _is_page(exchange.response) else None

    def _says_nothing(self, exchange: Exchange) -> bool:
        """Whether an exchange neither continues nor ends the streak."""
        if exchange.operation not in self._contract.operations:
            return True
        return self.cause is Cause.KEY and not self._shows_key(exchange)

    def _shows_key(self, exchange: Exchange) -> bool:
        """Whether a request carried the main key, in the right form, to where one is asked for."""
        if not self._contract.operations[exchange.operation].keyed:
            return False
        return exchange.identity == self._main_key and exchange.facts.form is None


def _is_page(response: Response) -> bool:
    """Whether a response is a page for people."""
    return "html" in response.header("Content-Type").lower() and response.json is NOT_JSON
