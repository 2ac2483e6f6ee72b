"""Which secrets responses show, and which operation issued them."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.model import Contract, Exchange, Placeholder
from conformance.model.placeholder import ISSUED


def issued_secrets(exchange: Exchange) -> set[Placeholder]:
    """The placeholders of the issued secrets that a response shows."""
    if exchange.response is None:
        return set()
    placeholders = Placeholder.all_in(exchange.response.body.written)
    return {each for each in placeholders if each.kind in ISSUED}


def issuing(contract: Contract, exchanges: Iterable[Exchange]) -> dict[Placeholder, Exchange]:
    """For each secret's placeholder, the first exchange that shows it.

    Only operations that issue secrets count. The first one is found by time, because the log may
    have the cases of several workers in any order.
    """
    first: dict[Placeholder, Exchange] = {}
    for exchange in sorted(exchanges, key=lambda each: each.started):
        operation = contract.operations.get(exchange.operation)
        if operation is not None and operation.secrets:
            for secret in issued_secrets(exchange):
                first.setdefault(secret, exchange)
    return first
