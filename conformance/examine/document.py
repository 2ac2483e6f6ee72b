"""Compares the OpenAPI document of a target with the contract.

Routes, required names in requests, and statuses of responses are compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from conformance.base.values import texts_in
from conformance.model import Contract, Json
from conformance.model.routes import few
from conformance.reading import members_of

METHODS = frozenset({"get", "post", "put", "patch", "delete"})
"""The members of a path item that are methods."""
JSON = "application/json"
OF_HTTP = frozenset({"Accept", "Content-Type", "Authorization"})
"""Headers that OpenAPI describes elsewhere and ignores as parameters."""
HOPS, LONGEST = 10, 200
"""Maximum length of a chain of references, and of one reference: the document may be hostile."""

Routes = dict[str, dict[str, Any]]
"""The operation objects of a document, by route."""


def contradictions(contract: Contract, document: Json, base: str) -> Iterator[str]:
    """A sentence for each difference; the paths in the document may begin with ``base``."""
    described = _routes(document, base)
    if not described:
        return
    known = {route: described[route] for route in contract.routes if route in described}
    yield from _of_routes(contract, described, known)
    required = _required(contract)
    more = (
        f"{name} at {route}"
        for route, operation in known.items()
        for name in sorted(_demanded(document, operation) - required[route])
    )
    yield from _listed("It requires {}, which the contract does not", more)
    statuses = (f"{status} at {route}" for route, status in _statuses(contract, known))
    yield from _listed("It has statuses that are not in the contract: {}", statuses)


def _of_routes(contract: Contract, described: Routes, known: Routes) -> Iterator[str]:
    """Sentences about the routes that only the contract or only the document has."""
    lacking = sorted(contract.routes - known.keys())
    if len(lacking) > len(known):
        yield f"Its OpenAPI document has {len(known)} of {len(contract.routes)} routes."
    elif lacking:
        yield "Its OpenAPI document lacks some routes. If the server lacks them too, declare them:"
        yield f"inapplicable: [{', '.join(lacking)}]"
    yield from _listed("Its OpenAPI document also has {}", sorted(described.keys() - known.keys()))


def _listed(sentence: str, found: Iterable[str]) -> Iterator[str]:
    """The sentence filled in with what was found, if anything was."""
    names = list(found)
    if names:
        yield f"{sentence.format(few(names))}."


def _routes(document: Json, base: str) -> Routes:
    routes: Routes = {}
    for path, item in members_of(members_of(document).get("paths")).items():
        for method in METHODS & members_of(item).keys():
            route = f"{method.upper()} {path.removeprefix(base)}"
            routes[route] = members_of(members_of(item)[method])
    return routes


def _required(contract: Contract) -> dict[str, set[str]]:
    """The names that some operation of each route requires."""
    required: dict[str, set[str]] = {}
    for operation in contract.operations.values():
        names = {parameter.name for parameter in operation.required}
        required.setdefault(operation.route, set()).update(names)
    return required


def _demanded(document: Json, operation: Mapping[str, Any]) -> set[str]:
    """The names that a document requires in a request: parameters, and members of the body."""
    names = []
    for item in _items(operation.get("parameters")):
        parameter = _resolved(document, item)
        if parameter.get("required") is True:
            names.append(parameter.get("name"))
    body = _resolved(document, operation.get("requestBody"))
    content = members_of(members_of(body.get("content")).get(JSON))
    schema = _resolved(document, content.get("schema"))
    return set(texts_in([*names, *_items(schema.get("required"))])) - OF_HTTP


def _items(value: Any) -> list[Any]:
    """The items of a list; empty for any other value."""
    return value if isinstance(value, list) else []


def _statuses(contract: Contract, known: Routes) -> Iterator[tuple[str, str]]:
    """Pairs of a route and a status that is not in the contract."""
    listed = {str(status) for status in contract.statuses}
    for route, operation in known.items():
        documented = {text for text in members_of(operation.get("responses")) if text.isdecimal()}
        for status in sorted(documented - listed):
            yield route, status


def _resolved(document: Json, value: Any) -> dict[str, Any]:
    """The object itself, or the one within the document that it refers to."""
    for _ in range(HOPS):
        reference = members_of(value).get("$ref")
        if not isinstance(reference, str) or len(reference) > LONGEST:
            break
        value = document
        for name in reference.removeprefix("#/").split("/"):
            value = members_of(value).get(name)
    return members_of(value)
