"""Scenarios of odd, drawn and unrouted requests. Whatever the server decides, it must not fail."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from conformance.model import (
    WHOLE_API,
    Contract,
    Effect,
    Exchange,
    Facts,
    Form,
    Operation,
    Params,
    Role,
)
from conformance.plan.registry import Depth, Draft, Planning, key_needs, operations, scenario
from conformance.scenarios.client.client import Client
from conformance.scenarios.odd.odd_ways import OddWay, Sort, odd_ways
from conformance.transport.message import Message

EACH = {Depth.FULL: 1, Depth.DEEP: 3}
"""Odd requests of each sort that an operation gets."""
MORE = {
    Sort.TEXTS: 2,
    Sort.FIGURE: 3,
    Sort.TAILS: 2,
    Sort.QUERY: 0,
}
"""Factors on ``EACH`` for some sorts. Sorts with 0 are represented by others."""
AT_ONCE = (Sort.TWICE, Sort.BRACKETS)
"""The sorts in which all query parameters are odd in the same way."""

FEW = {Sort.LARGE: 2, Sort.UNLABELLED: 3, Sort.ENCODING: 3}
"""Once operations have got this many requests of a sort, no more follow: a megabyte fills logs."""

INTERNAL_ERROR = 500
"""The lowest status of a server fault."""


@dataclass(frozen=True)
class OddWays(Params):
    """The names of the odd requests that an operation gets."""

    names: tuple[str, ...]


def odd_requests(planning: Planning) -> Iterator[Draft]:
    """Each operation that takes an input, with odd requests of each sort and some others.

    The others are paid for by half of the requests that are left in the budget.
    """
    turns: Counter[Sort] = Counter()
    tested = list(operations(planning))
    spare_per_operation = planning.spare // 2 // max(1, len(tested))
    for operation in tested:
        names = _names_for(operation, planning.depth, turns)
        if names:
            names += _others_for(operation, names, spare_per_operation)
            needs, params = key_needs(operation), OddWays(tuple(names))
            yield Draft(operation, needs=needs, cost=len(names) + 1, params=params)


def _names_for(operation: Operation, depth: Depth, turns: Counter[Sort]) -> list[str]:
    """The names of the odd requests that an operation gets.

    The odd requests of a sort take turns. ``turns`` counts those of each sort that operations have
    got so far, and is updated.
    """
    by_sort: dict[Sort, list[str]] = defaultdict(list)
    for way in odd_ways(operation):
        by_sort[way.sort].append(way.name)
    chosen = []
    for sort, names in by_sort.items():
        first = turns[sort]
        if sort in FEW and first >= FEW[sort]:
            continue
        count = min(EACH[depth] * MORE.get(sort, 1), len(names))
        chosen += [names[number % len(names)] for number in range(first, first + count)]
        turns[sort] += count
    return chosen


def _others_for(operation: Operation, names: list[str], count: int) -> list[str]:
    """Up to ``count`` further odd requests, but no large ones. The sorts take turns.

    ``names`` are those that the operation gets already.
    """
    by_sort: dict[Sort, list[str]] = defaultdict(list)
    for way in odd_ways(operation):
        if way.name not in names and way.sort is not Sort.LARGE:
            by_sort[way.sort].append(way.name)
    rounds = zip_longest(*by_sort.values())  # a sort that has no more yields None
    others = [name for turn in rounds for name in turn if name is not None]
    return others[:count]


@scenario(odd_requests, phase=3)
def test_odd_request(client: Client) -> None:
    """Send requests that are valid except for one oddity. After a write, its list must still work.

    If all parameters of a query are refused when they are repeated or in brackets at once, each is
    also sent so alone. A write that was not refused may have stored what is odd, so the next
    request gets a new object.
    """
    operation, names = client.operation, client.params(OddWays).names
    client.own.renew(operation)
    refused_at_once: set[str] = set()  # the flaws
    for way in odd_ways(operation):
        has_turn = way.name in names and client.shared.has_turn(way.name)
        is_now_sent_alone = way.follows and way.flaw in refused_at_once
        if not (has_turn or is_now_sent_alone):
            continue
        if _send_odd(client, way) and way.sort in AT_ONCE:
            refused_at_once.add(way.flaw)
    if operation.effect is Effect.READ:
        return
    ask = client.lister(operation.kind)
    if ask is not None:
        ask(role=Role.CONTROL)


def _send_odd(client: Client, way: OddWay) -> bool:
    """Send an odd request; returns whether the server refused it.

    If it was accepted or failed inside the server, the next request gets a new object.
    """
    values = client.valid(client.operation)
    if values is None:
        return False
    facts = Facts(mistake=True, odd=way.may_have_other_status, flaw=way.flaw)
    exchange = _send(client, way.make(values), facts)
    if exchange.ok or (exchange.status or 0) >= INTERNAL_ERROR:
        client.own.renew(client.operation)
        return False
    return exchange.status is not None


def _send(client: Client, request: Message, facts: Facts) -> Exchange:
    """Send a request of the operation, with the key if the operation takes one."""
    operation = client.operation
    if operation.takes_key:
        return client.raw(request, operation.id, facts=facts)
    return client.raw(request, operation.id, key=None, carried=(), facts=facts)


# --- paths and methods that no document names -----------------------------------------------------

IMPROPER = (
    "{path}/%zz",
    "{path}%",
    "{path}/%c3%28",
    "{path}/%00",
    "{path}?{limit}=%zz",
    "{path}?{after}=%e0%80",
    "{path}?&&=&%",
    "/x/..{path}",
    "{path}/",
)
"""Targets with broken percent-encoding, with dot segments, or with a trailing slash."""


def unknown_routes(planning: Planning) -> Iterator[Draft]:
    """Unknown paths, unknown methods and malformed targets."""
    paths = _plain_paths(planning.contract)
    yield Draft(None, "path", cost=4)
    yield Draft(None, "method", effect=Effect.WRITE, cost=1 + len(paths))
    yield Draft(None, "raw", cost=len(IMPROPER))


@scenario(unknown_routes, rules=("route.unknown",), phase=1)
def test_unknown_route(client: Client) -> None:
    """Request unknown paths, malformed targets, and known paths with an unsupported method."""
    if client.case.variant == "raw":
        _send_improper(client)
    elif client.case.variant == "path":
        _send_unknown_paths(client)
    else:
        _send_unknown_methods(client)


def _plain_paths(contract: Contract) -> list[str]:
    """The documented paths without parameters, sorted."""
    paths = {operation.path for operation in contract.operations.values()}
    return [path for path in sorted(paths) if "{" not in path]


def _send_unknown_paths(client: Client) -> None:
    """Request a path that is an invented word, and such a word below paths of the contract."""
    word = client.token()
    for path in (f"/{word}", f"/{word}/{word}"):
        _send_unknown(client, Message("GET", path), Form.INVENTED)
    for path in _plain_paths(client.contract)[:2]:
        _send_unknown(client, Message("GET", f"{path}/{word}"))


def _send_unknown_methods(client: Client) -> None:
    """Send DELETE to each path without parameters, and PUT to the first, unless documented."""
    documented = client.contract.operations.values()
    known = {(operation.method, operation.path) for operation in documented}
    for place, path in enumerate(_plain_paths(client.contract)):
        methods = ("DELETE", "PUT") if place == 0 else ("DELETE",)
        for method in methods:
            if (method, path) not in known:
                _send_unknown(client, Message(method, path))


def _send_unknown(client: Client, request: Message, form: Form | None = None) -> None:
    """Send a request that names no operation."""
    facts = Facts(mistake=True, odd=True, form=form)
    client.raw(request, facts=facts)


def _send_improper(client: Client) -> None:
    """Send malformed targets made from the path of a list. Servers may repair or reject them."""
    listing = _simple_list(client)
    if listing is None or listing.paging is None:
        return
    paging, facts = listing.paging, Facts(mistake=True, odd=True, mendable=True)
    for template in IMPROPER:
        target = template.format(path=listing.path, limit=paging.limit, after=paging.after)
        operation, role = WHOLE_API, Role.PROBE
        if template.startswith("{path}?"):
            # a malformed query still names an operation, which more rules judge
            operation, role = listing.id, Role.BYSTANDER
        client.raw(
            Message("GET", "", raw_target=target),
            operation,
            role=role,
            facts=facts,
        )


def _simple_list(client: Client) -> Operation | None:
    """The first list that requires no parameter."""
    for listing in client.contract.operations_by("list"):
        if not listing.required:
            return listing
    return None
