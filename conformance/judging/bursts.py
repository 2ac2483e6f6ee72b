"""Bursts: counted requests from one address, until its limit refuses one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from conformance.judging.outcomes import Trial
from conformance.judging.responses import ids_of
from conformance.model import Exchange, Rate, Step


@dataclass(frozen=True)
class Burst:
    """Counted requests from one fresh address, in order."""

    exchanges: tuple[Exchange, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the requests."""
        return ids_of(self.exchanges)

    @property
    def accepted(self) -> list[Exchange]:
        """The requests that were accepted. One that failed need not count towards a limit."""
        return [exchange for exchange in self.exchanges if exchange.ok]

    @property
    def limited(self) -> Exchange | None:
        """The first request that was refused by the limit; None if none was."""
        for exchange in self.exchanges:
            if is_limited(exchange):
                return exchange
        return None

    @property
    def failed(self) -> Exchange | None:
        """The first request that failed for a different reason than the limit; None if none did."""
        for exchange in self.exchanges:
            if not exchange.ok and not is_limited(exchange):
                return exchange
        return None

    def first(self, count: int) -> Burst:
        """The first requests of the burst."""
        return Burst(self.exchanges[:count])


def bursts_of(trial: Trial, rate: Rate) -> list[Burst]:
    """The bursts of a trial, one for each address.

    If the exchanges name no address, all requests come from the same one. They are then cut into
    bursts of one request more than the limit allows.
    """
    bursts: dict[str | int, tuple[Exchange, ...]] = defaultdict(tuple)  # by address or number
    for place, exchange in enumerate(trial.at(Step.COUNT)):
        number_of_burst = place // (rate.requests + 1)
        bursts[exchange.facts.address or number_of_burst] += (exchange,)
    return [Burst(exchanges) for exchanges in bursts.values()]


def is_limited(exchange: Exchange) -> bool:
    """Whether a request was refused by a limit."""
    return exchange.status == 429
