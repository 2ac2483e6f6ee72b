"""Which routes a target has, by its responses, and how its target file declares the others."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable

from conformance.base.text import amount
from conformance.base.values import as_text, cut, pointed
from conformance.model.contract import Contract
from conformance.model.exchange import Exchange
from conformance.model.operation import Operation

NO_SUCH_ROUTE = (404, 405, 501)
"""Statuses that a server returns for a route that it does not have."""
NOWHERE = "/no-such-route"
"""A path that no contract has."""
NO_ID = "no-such-id"
"""Takes the place of an id in a path."""
FEW, LONGEST = 4, 60
"""Maximum number of routes in a sentence, and of characters shown of each."""


def bare_path(operation: Operation) -> str:
    """The path of an operation, naming no object."""
    return re.sub(r"\{[^{}]*\}", NO_ID, operation.path)


def has_route(contract: Contract, exchange: Exchange, nowhere: Exchange | None) -> bool | None:
    """Whether the route of a request that names no object exists; None if the response cannot tell.

    ``nowhere`` is a request to NOWHERE with the same key or without one. If the target does not
    reject that as unknown, it may respond alike whether a route exists or not.
    """
    if exchange.status in NO_SUCH_ROUTE:
        return False
    if nowhere is None or nowhere.status not in NO_SUCH_ROUTE:
        return None
    code = as_text(pointed(exchange.json, contract.code_pointer))
    return True if exchange.ok or code in contract.errors else None


def existence_shown(
    contract: Contract, excluded: Collection[str], url: str, exchanges: Iterable[Exchange]
) -> dict[str, set[bool]]:
    """What responses of the target at ``url`` show of each excluded route: whether it exists.

    ``excluded`` are ids of operations. The set of a route contains True if a response shows that
    the route exists, and False if one does not. It is empty if the route was not requested. A route
    of which other operations are offered counts only if the excluded operation is a plain read.
    """
    by_place = _by_place(url, exchanges)
    controls = {each.identity: each for each in by_place["GET", NOWHERE]}
    operations = contract.operations.values()
    offered = {each.route for each in operations if each.id not in excluded}
    shown: dict[str, set[bool]] = {}
    for operation in operations:
        if operation.id not in excluded:
            continue
        responses = by_place[operation.method, bare_path(operation)]
        if operation.plain_read:
            shown[operation.route] = {each.ok for each in responses}
        elif operation.route not in offered:
            shown[operation.route] = {
                has_route(contract, each, controls.get(each.identity)) is True for each in responses
            }
    return shown


def _by_place(
    url: str, exchanges: Iterable[Exchange]
) -> defaultdict[tuple[str, str], list[Exchange]]:
    """The exchanges that have a response, by method and by path and query."""
    places: defaultdict[tuple[str, str], list[Exchange]] = defaultdict(list)
    for exchange in exchanges:
        if exchange.response is not None:
            request = exchange.request
            places[request.method, request.url.removeprefix(url)].append(exchange)
    return places


def lacked(routes: Collection[str], of: int) -> str:
    """How many routes a target lacks, and the first few; ``of`` is the number of all routes."""
    return counted(routes, of, "do not exist on the target")


def advice_on(routes: Iterable[str]) -> str:
    """What to do about routes or operations that a target lacks: the line for its target file."""
    line = f"inapplicable: [{', '.join(routes)}]"
    return f"if the target is meant to lack them, add to the target file: {line}"


def counted(routes: Collection[str], of: int, what: str) -> str:
    """A sentence such as ``2 of 61 routes could not be checked (GET /calls, GET /usage)``.

    ``of`` is the number of all routes, and ``what`` follows the routes.
    """
    shown = f" ({few(routes)})" if routes else ""
    return f"{len(routes)} of {amount(of, 'route')} {what}{shown}"


def few(routes: Iterable[str]) -> str:
    """The first few routes, each truncated because the target may have chosen them."""
    routes = list(routes)
    shown = [cut(route, LONGEST) for route in routes[:FEW]]
    if len(routes) > FEW:
        shown.append("...")
    return ", ".join(shown)
