"""What the OpenAPI document of a target says otherwise than the contract.

Its routes, the names that a request must have, and the statuses of answers are compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial, reduce
from itertools import chain, repeat
from operator import attrgetter
from typing import Any

from conformance.contact.data import few
from conformance.model import Contract, Json
from conformance.reading import members_of
from conformance.values import texts_in

METHODS = frozenset({"get", "post", "put", "patch", "delete"})
"""The members of a path of such a document that are routes."""
JSON = "application/json"
OF_HTTP = frozenset({"Accept", "Content-Type", "Authorization"})
"""Headers that OpenAPI describes elsewhere: as parameters they say nothing."""
HOPS, LONGEST = 10, 200
"""References that are followed, one after another, and characters of each: it may be hostile."""

Routes = dict[str, dict[str, Any]]
"""What a document says of each of its routes."""


def contradictions(contract: Contract, document: Json, base: str) -> Iterator[str]:
    """A sentence for each way in which a document differs; ``base`` begins its paths, or none."""
    told = _routes(document, base)
    if not told:
        return
    known = {route: told[route] for route in contract.routes if route in told}
    yield from _of_routes(contract, told, known)
    required = _required(contract)
    more = (
        f"{name} at {route}"
        for route, operation in known.items()
        for name in sorted(_demanded(document, operation) - required[route])
    )
    yield from _listed("It requires {}, which the contract does not", more)
    statuses = (f"{status} at {route}" for route, status in _statuses(contract, known))
    yield from _listed("It has statuses that the contract lacks: {}", statuses)


def _of_routes(contract: Contract, told: Routes, known: Routes) -> Iterator[str]:
    """The routes that only one of the two has."""
    lacking = sorted(contract.routes - known.keys())
    if len(lacking) > len(known):
        yield f"Its OpenAPI document has {len(known)} of {len(contract.routes)} routes."
    elif lacking:
        yield "Its OpenAPI document lacks some routes. If the server lacks them too, declare them:"
        yield f"inapplicable: [{', '.join(lacking)}]"
    yield from _listed("Its OpenAPI document also has {}", sorted(told.keys() - known.keys()))


def _listed(sentence: str, found: Iterable[str]) -> Iterator[str]:
    """A sentence on what was found, if anything was."""
    names = list(found)
    if names:
        yield f"{sentence.format(few(names))}."


def _routes(document: Json, base: str) -> Routes:
    """The operations of a document by their routes."""
    routes: Routes = {}
    for path, item in members_of(members_of(document).get("paths")).items():
        for method in METHODS & members_of(item).keys():
            route = f"{method.upper()} {path.removeprefix(base)}"
            routes[route] = members_of(members_of(item)[method])
    return routes


def _required(contract: Contract) -> dict[str, set[str]]:
    """The names that some operation of a route requires, by the route."""
    required: dict[str, set[str]] = {}
    for operation in contract.operations.values():
        names = map(attrgetter("name"), operation.required)
        required.setdefault(operation.route, set()).update(names)
    return required


def _demanded(document: Json, operation: Mapping[str, Any]) -> set[str]:
    """The names that a document requires of a request: parameters, and members of a body."""
    parameters = map(partial(_resolved, document), _items(operation.get("parameters")))
    names = [each.get("name") for each in parameters if each.get("required") is True]
    body = _resolved(document, operation.get("requestBody"))
    schema = _resolved(
        document, members_of(members_of(body.get("content")).get(JSON)).get("schema")
    )
    return set(texts_in(chain(names, _items(schema.get("required"))))) - OF_HTTP


def _items(value: Any) -> list[Any]:
    """The items of a list; none of anything else."""
    return value if isinstance(value, list) else []


def _statuses(contract: Contract, known: Routes) -> Iterator[tuple[str, str]]:
    """The routes with each status that the contract does not have."""
    listed = set(map(str, contract.statuses))
    for route, operation in known.items():
        told = filter(str.isdecimal, members_of(operation.get("responses")))
        yield from zip(repeat(route), sorted(set(told) - listed))


def _resolved(document: Json, value: Any) -> dict[str, Any]:
    """The object that a value is, or refers to within the document."""
    for _ in range(HOPS):
        reference = members_of(value).get("$ref")
        if not isinstance(reference, str) or len(reference) > LONGEST:
            break
        names = reference.removeprefix("#/").split("/")
        value = reduce(lambda place, name: members_of(place).get(name), names, document)
    return members_of(value)
