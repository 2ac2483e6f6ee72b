"""Stimuli of rate limits: as many requests as the contract allows, one more, another address, later."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import Effect, Exchange, Operation
from conformance.plan import Draft, Planning, operations, stimulus
from conformance.suite.client import Client

TIMED = ("rate.allowance", "rate.reset")


def limited(planning: Planning) -> Iterator[Draft]:
    """Each operation with a limit; what needs a fresh start or the end of time needs the clock."""
    for operation in operations(planning):
        if operation.rate:
            cost = 2 * operation.rate.requests + 5
            yield Draft(operation, effect=Effect.FLOOD, needs=("addresses",), cost=cost, rules=("rate.limit", "rate.address"))
            yield Draft(operation, "timed", effect=Effect.FLOOD, needs=("addresses", "clock"), cost=cost, rules=TIMED)


@stimulus(limited, rules=("rate.limit", "rate.address", *TIMED), phase=4)
def test_rate_limit(client: Client) -> None:
    """Fill the limit of a fresh address; where that is not refused, of a second one; then from elsewhere, then later."""
    operation = client.operation
    rate = operation.rate
    assert rate is not None
    timed = client.case.variant == "timed"
    if timed:
        client.tick(rate.seconds + 1)
    address = client.fresh_address()
    counted = _fill(client, operation, address, rate.requests + 1)
    if not _limited(counted[-1]) and all(exchange.response and exchange.response.ok for exchange in counted):
        _fill(client, operation, client.fresh_address(), rate.requests + 1)
    elif _limited(counted[-1]) and not timed:
        _one(client, operation, client.fresh_address(), "elsewhere")
    if timed:
        client.tick(rate.seconds + 1)
        _one(client, operation, address, "later")


def _fill(client: Client, operation: Operation, address: str | None, times: int) -> list[Exchange]:
    return [_one(client, operation, address, "count") for _ in range(times)]


def _one(client: Client, operation: Operation, address: str | None, step: str) -> Exchange:
    values = client.valid(operation) or {}
    return client.call(operation, values, address=address, patient=False, step=step)


def _limited(exchange: Exchange) -> bool:
    return exchange.response is not None and exchange.response.status == 429
