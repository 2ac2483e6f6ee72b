"""Scenarios of rate limits: as many requests as the contract allows, one more, another address, later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from conformance.model import WHOLE_API, Effect, Exchange, Facts, Operation, Rate, Role, Step
from conformance.reading import soon
from conformance.scenarios import Draft, Planning, operations, scenario
from conformance.suite.client import Client
from conformance.transport.message import header_of, message_for

ELSEWHERE = "198.51.100.7"
FURTHER = "203.0.113.9"
FORWARDED = (
    ("X-Forwarded-For", f"{FURTHER}, {ELSEWHERE}"),
    ("X-Real-IP", ELSEWHERE),
    ("Forwarded", f"for={ELSEWHERE}"),
)
OF_PROVIDERS = (
    *(
        "True-Client-IP",
        "CF-Connecting-IP",
        "X-Client-IP",
        "Fastly-Client-IP",
        "Fly-Client-IP",
        "X-Cluster-Client-IP",
    ),
    *(
        "X-Original-Forwarded-For",
        "X-Vercel-Forwarded-For",
        "X-Azure-ClientIP",
        "X-Appengine-User-IP",
        "X-Envoy-External-Address",
    ),
)
OF_CLIENTS = (
    *(
        ("User-Agent", "another client"),
        ("Accept-Language", "nl"),
        ("Origin", "https://example.com"),
        ("Cookie", "session=another"),
    ),
    ("X-Forwarded-Host", "example.com"),
)
EVASIONS: tuple[tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...], str], ...] = (
    (FORWARDED, (), ""),
    ((*((name, ELSEWHERE) for name in OF_PROVIDERS), ("Connection", "close")), (), ""),
    (OF_CLIENTS, (("again", "1"),), ""),
    ((), (), "/"),
)
"""Headers, query and end of the path of requests that pretend to come from elsewhere, or to be another one.

The second ends its connection; the last has a path that may be another one, or the same.
"""

TIMED = ("rate.limit", "rate.allowance", "rate.reset")


def limited(planning: Planning) -> Iterator[Draft]:
    """Each operation with a limit; what needs a fresh start or the end of time needs the clock."""
    for operation in operations(planning):
        if operation.rate:
            cost = 2 * operation.rate.requests + 5
            untimed = ("rate.limit", "rate.address", "rate.evasion")
            yield Draft(
                operation,
                effect=Effect.FLOOD,
                needs=("addresses",),
                cost=cost + len(EVASIONS),
                rules=untimed,
            )
            both = ("addresses", "clock")
            burst = 2 * (operation.rate.requests + 3)
            yield Draft(
                operation,
                "burst",
                effect=Effect.FLOOD,
                needs=("addresses",),
                cost=burst,
                rules=("rate.limit",),
                optional=True,
            )
            yield Draft(
                operation,
                "soon",
                effect=Effect.FLOOD,
                needs=both,
                cost=2 * cost,
                rules=("rate.window",),
                optional=True,
            )
            yield Draft(
                operation,
                "timed",
                effect=Effect.FLOOD,
                needs=("addresses", "clock"),
                cost=cost,
                rules=TIMED,
            )


@scenario(
    limited, rules=("rate.limit", "rate.address", "rate.evasion", "rate.window", *TIMED), phase=4
)
def test_rate_limit(client: Client) -> None:
    """Fill the limit of a fresh address, of a second one where that went otherwise than expected; then elsewhere, or later."""
    operation = client.operation
    rate = operation.rate
    assert rate is not None
    if client.case.variant in ("soon", "burst"):
        (_soon if client.case.variant == "soon" else _burst)(client, operation, rate)
        return
    timed = client.case.variant == "timed"
    if timed:
        client.tick(rate.seconds + 1)
    for _ in range(2):
        address = client.fresh_address()
        counted = _fill(client, operation, address, rate.requests + 1)
        if _limited(counted[-1]) and not any(_limited(exchange) for exchange in counted[:-1]):
            break
    if not timed and _limited(counted[-1]):
        others = [o for o in client.contract.operations.values() if o.path != operation.path]
        names = dict.fromkeys(p.name for o in others for p in o.parameters if p.place == "header")
        known = (
            *((name, "another") for name in names),
            *header_of(client.contract, "full" if "full" in client.target.keys else None),
        )
        for headers, query, end in EVASIONS:
            message = message_for(operation, client.valid(operation) or {})
            message = replace(
                message,
                path=message.path + end,
                headers=(*message.headers, *headers, *(known if query else ())),
                query=(*message.query, *query),
            )
            meant = WHOLE_API if end else operation.id  # it may be no path of the API
            client.raw(
                message,
                meant,
                carried=(),
                key=None,
                address=address,
                patient=False,
                facts=Facts(step=Step.EVASION, odd=bool(end)),
            )
        client.call(
            operation,
            {},
            address=address,
            patient=False,
            facts=Facts(mistake=True),
        )
        _one(
            client, operation, address, Step.EVASION
        )  # what is refused for what it lacks opens nothing
        _until_taken(
            client, operation, [client.fresh_address(), client.fresh_address()], Step.ELSEWHERE
        )
    if timed:
        client.tick(rate.seconds + 1)
        _until_taken(client, operation, [address, address], Step.LATER)
        for _ in range(rate.requests):  # one was taken just now
            _one(client, operation, address, Step.AGAIN)


def _soon(client: Client, operation: Operation, rate: Rate) -> None:
    """Fill the limit, and before half of the time ask for more than may have come free; twice, for a window may end then."""
    for _ in range(2):
        address = client.fresh_address()
        _fill(client, operation, address, rate.requests + 1)
        client.tick(soon(rate)[0])
        if any(_limited(_one(client, operation, address, Step.SOON)) for _ in range(soon(rate)[1])):
            break


def _burst(client: Client, operation: Operation, rate: Rate) -> None:
    """More requests than the limit allows, all at the same time; twice."""
    for _ in range(2):
        address = client.fresh_address()
        wanted = [
            (None, client.valid(operation) or {}, Facts(step=Step.COUNT))
            for _ in range(rate.requests + 3)
        ]
        answered = client.together(
            operation, wanted, role=Role.PROBE, address=address, patient=False
        )
        if sum(e.response is not None and e.response.ok for e in answered) <= rate.requests:
            break


def _until_taken(
    client: Client, operation: Operation, addresses: list[str | None], step: Step
) -> None:
    """One request, and another one if it is refused for its number, as a busy server may do once."""
    for address in addresses:
        if not _limited(_one(client, operation, address, step)):
            break


def _fill(client: Client, operation: Operation, address: str | None, times: int) -> list[Exchange]:
    return [_one(client, operation, address, Step.COUNT) for _ in range(times)]


def _one(client: Client, operation: Operation, address: str | None, step: Step) -> Exchange:
    values = client.valid(operation) or {}
    return client.call(operation, values, address=address, patient=False, facts=Facts(step=step))


def _limited(exchange: Exchange) -> bool:
    return exchange.response is not None and exchange.response.status == 429
