"""Scenarios of rate limits: use up a limit, then exceed it, change address or move the clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from conformance.model import WHOLE_API, Effect, Exchange, Facts, Rate, Role, Step
from conformance.plan.registry import Draft, Planning, operations, scenario
from conformance.reading import shortly, soon
from conformance.scenarios.client.client import Client
from conformance.transport.clients import other_agent
from conformance.transport.message import message_for

ELSEWHERE = "198.51.100.7"
FURTHER = "203.0.113.9"
FORWARDED = (
    ("X-Forwarded-For", f"{FURTHER}, {ELSEWHERE}"),
    ("X-Real-IP", ELSEWHERE),
    ("Forwarded", f"for={ELSEWHERE}"),
)
OF_PROVIDERS = (
    "True-Client-IP",
    "CF-Connecting-IP",
    "X-Client-IP",
    "Client-IP",
    "X-Forwarded",
    "Forwarded-For",
    "X-Remote-IP",
    "X-Remote-Addr",
    "X-Originating-IP",
    "X-Coming-From",
    "Fastly-Client-IP",
    "Fly-Client-IP",
    "X-Cluster-Client-IP",
    "X-Original-Forwarded-For",
    "X-Vercel-Forwarded-For",
    "X-Azure-ClientIP",
    "X-Appengine-User-IP",
    "X-Envoy-External-Address",
)
OF_CLIENTS = (
    ("X-Forwarded-For", ELSEWHERE),
    ("Accept-Language", "nl"),
    ("Origin", "https://example.com"),
    ("Cookie", "session=another"),
    ("X-Forwarded-Host", "example.com"),
    ("Referer", "https://example.com/"),
    ("Accept", "application/json, */*"),
)


PROOF = "e30="
"""A proof of payment that proves nothing: an empty object in base64."""


@dataclass(frozen=True)
class Evasion:
    """How a request pretends to come from elsewhere, or to be a different request."""

    headers: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    end: str = ""  # appended to the path; yields another path, or an equivalent one
    as_other: bool = False  # as another client, with the headers of other operations, and a key
    full: bool = False  # with every optional member, and with proofs of payment


EVASIONS = (
    Evasion(FORWARDED),
    Evasion((*((name, ELSEWHERE) for name in OF_PROVIDERS), ("Connection", "close"))),
    Evasion(OF_CLIENTS, query=(("again", "1"),), as_other=True),
    Evasion((("X-Forwarded-For", "127.0.0.1"), ("X-Real-IP", "127.0.0.1"))),
    Evasion(end="/"),
    Evasion(full=True),
)

BASE = ("rate.limit", "rate.allowance", "rate.evasion")
BURST = ("rate.limit", "rate.address")
TIMED = ("rate.limit", "rate.allowance", "rate.reset")


def limited_operations(planning: Planning) -> Iterator[Draft]:
    """Four cases for each operation with a limit. The first needs neither addresses nor a clock."""
    for operation in operations(planning):
        if operation.rate is None:
            continue
        two_limits = 2 * operation.rate.requests + 5  # those of two addresses, and a few requests
        flood = Draft(operation, effect=Effect.FLOOD, cost=two_limits)
        clocked = replace(flood, needs=("addresses", "clock"))
        yield replace(flood, wants=("addresses",), cost=two_limits + len(EVASIONS), rules=BASE)
        yield replace(flood, variant="burst", needs=("addresses",), rules=BURST)
        needs = ("addresses", "clock") if planning.target.clock else ("addresses",)
        yield replace(
            flood,
            variant="soon",
            needs=needs,
            cost=2 * two_limits,
            rules=("rate.window",),
            optional=True,
        )
        # without a clock, the first case shows the limit
        timed = TIMED if planning.target.clock else ("rate.allowance", "rate.reset")
        yield replace(clocked, variant="timed", rules=timed)


@scenario(
    limited_operations,
    rules=("rate.limit", "rate.address", "rate.evasion", "rate.window", *TIMED),
    phase=4,
    alone=True,
)
def test_rate_limit(client: Client) -> None:
    """Use up the limit of a fresh address, then try to evade the limit or wait until it resets."""
    rate = client.operation.rate
    assert rate is not None
    by_variant = {"burst": _burst, "soon": _ask_soon, "timed": _wait}
    by_variant.get(client.case.variant, _evade)(client, rate)


# --- the variants ---------------------------------------------------------------------------------


def _evade(client: Client, rate: Rate) -> None:
    """Reach the limit, then pretend to come from elsewhere; then send an empty request."""
    address, limited = _reach_limit(client, rate)
    if not limited:
        return
    for evasion in EVASIONS:
        _pretend(client, evasion, address)
    client.call(client.operation, {}, address=address, patient=False, facts=Facts(mistake=True))
    _ask(client, address, Step.EVASION)  # the empty request must not have reset the limit


def _wait(client: Client, rate: Rate) -> None:
    """Reach the limit at the start of a window, then use up the limit of the next window."""
    client.advance_clock(rate.seconds + 1)
    address, _ = _reach_limit(client, rate)
    client.advance_clock(rate.seconds + 1)
    _ask_until_accepted(client, (address, address), Step.LATER)  # once again if need be
    for _ in range(rate.requests):  # one more was accepted just now
        _ask(client, address, Step.AGAIN)


def _ask_soon(client: Client, rate: Rate) -> None:
    """Use up a limit, and soon after send one request more than a sliding window frees by then.

    These requests follow before half of the window is over, after advancing the clock, or without
    a clock after a pause of some seconds. They stop at the first rejection. If none is rejected, a
    window may have ended in between, so everything is repeated once from another address.
    """
    has_clock = client.target.clock is not None
    step = Step.SOON if has_clock else Step.SHORTLY
    seconds, requests = soon(rate) if has_clock else shortly(rate)
    for _ in range(2):
        address = client.fresh_address()
        _use_up(client, rate, address)
        if has_clock:
            client.advance_clock(seconds)
        else:
            client.pause(seconds)
        for _ in range(requests):
            if _is_limited(_ask(client, address, step)):
                return


def _burst(client: Client, rate: Rate) -> None:
    """Send more requests at the same time than the limit allows. Repeat if too many are accepted.

    Then send from two other local addresses. Before the burst, the first of these sends one request
    and the second two, so that judges can tell which of them had an allowance left.
    """
    operation = client.operation
    client.advance_clock(rate.seconds + 1)
    others = (client.fresh_address(), client.fresh_address())
    for times, other in enumerate(others, 1):
        for _ in range(times):
            _ask(client, other, Step.EARLIER)
    for _ in range(2):
        address = client.fresh_address()
        requests = [_counted_request(client) for _ in range(rate.requests + 3)]
        exchanges = client.together(
            operation, requests, role=Role.PROBE, address=address, patient=False
        )
        accepted = sum(exchange.ok for exchange in exchanges)
        if accepted <= rate.requests:
            break
    _ask_until_accepted(client, others, Step.ELSEWHERE)


def _counted_request(client: Client) -> tuple[None, dict[str, Any], Facts]:
    """The key, values and facts of one request among many sent at the same time."""
    return None, client.valid_or({}, client.operation), Facts(step=Step.COUNT)


# --- requests -------------------------------------------------------------------------------------


def _reach_limit(client: Client, rate: Rate) -> tuple[str | None, bool]:
    """Use up the limit of a fresh address, and of a second one if the first was inconclusive.

    It is conclusive if the limit rejects the last request alone. Returns the last address, and
    whether the limit rejected the last request from it.
    """
    address, limited = None, False
    for _ in range(2):
        fresh = client.fresh_address()
        if fresh is None and len(client.target.addresses) > 1:
            break  # the remaining addresses have been used already
        address = fresh
        *within, last = _use_up(client, rate, address)
        limited = _is_limited(last)
        limited_early = any(_is_limited(exchange) for exchange in within)
        if limited and not limited_early:
            break
    return address, limited


def _use_up(client: Client, rate: Rate, address: str | None) -> list[Exchange]:
    """Send as many requests from an address as the limit allows, and one more."""
    return [_ask(client, address, Step.COUNT) for _ in range(rate.requests + 1)]


def _pretend(client: Client, evasion: Evasion, address: str | None) -> None:
    """Send a request that pretends to come from another client."""
    operation = client.operation
    more = client.optional(operation) if evasion.full else {}
    message = message_for(operation, {**more, **client.valid_or({}, operation)})
    headers = (*message.headers, *evasion.headers)
    if evasion.full and operation.payment:
        headers += tuple((name, PROOF) for name in operation.payment.proof_headers)
    if evasion.as_other:
        agent = other_agent(client.sender.client)
        headers += (("User-Agent", agent), *_known_headers(client))
    message = replace(
        message,
        path=message.path + evasion.end,
        headers=headers,
        query=(*message.query, *evasion.query),
    )
    other_path = bool(evasion.end)  # the result may not be a path of the API
    client.raw(
        message,
        WHOLE_API if other_path else operation.id,
        carried=(),
        key=None,
        address=address,
        patient=False,
        facts=Facts(step=Step.EVASION, odd=other_path),
    )


def _known_headers(client: Client) -> tuple[tuple[str, str], ...]:
    """Headers that other operations take, and a key if there is one."""
    names: list[str] = []
    for other in client.contract.operations.values():
        if other.path != client.operation.path:
            names += [parameter.name for parameter in other.parameters_in("header")]
    pretended = [(name, "another") for name in dict.fromkeys(names)]
    return (*pretended, *client.key_header())


def _ask_until_accepted(
    client: Client, addresses: tuple[str | None, str | None], step: Step
) -> None:
    """Send a request from the first address; if it is not accepted, send one from the second.

    A busy server may reject the first request for another reason than the limit.
    """
    for address in addresses:
        if _ask(client, address, step).ok:
            break


def _ask(client: Client, address: str | None, step: Step) -> Exchange:
    """Send one valid request from an address."""
    operation = client.operation
    values = client.valid_or({}, operation)
    return client.call(operation, values, address=address, patient=False, facts=Facts(step=step))


def _is_limited(exchange: Exchange) -> bool:
    """Whether a request was rejected by a rate limit."""
    return exchange.status == 429
