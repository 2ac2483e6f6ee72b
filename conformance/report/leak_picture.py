"""A leak as a chain of three: the key that asked, the request, and whose object came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.base.values import ABSENT, cut
from conformance.model import Business, Exchange, Harm, Run, business_of, compact
from conformance.reading import members_of
from conformance.report import owners
from conformance.report.owners import Origin
from conformance.report.places import Place, identifier_in

VALUE = 60
"""Characters shown of a value."""


@dataclass(frozen=True)
class Link:
    """A part of the chain: what it is, and whose; for the request, ``whose`` is the status."""

    name: str
    whose: str


def chain_of(
    run: Run, harm: Harm, exchange: Exchange, places: Sequence[Place], known: Mapping[str, Origin]
) -> tuple[Link, ...]:
    """The chain of a leak that a response shows; empty if it shows no object of another business.

    ``places`` are those that the finding is about, and ``known`` the origins of objects by id.
    """
    if harm is not Harm.ISOLATION or not exchange.ok:
        return ()
    pointer = next((place.pointer for place in places if place.in_body), None)
    item = _object_at(exchange.json, pointer or "")
    owner = _owner(run, exchange, item, known)
    asking = business_of(exchange.identity or "")
    if owner is None or owner is asking:
        return ()
    operation = run.contract.operations.get(exchange.operation)
    route = f"{operation.method} {operation.path}" if operation else exchange.request.method
    return (
        Link(owners.key_words(exchange.identity), _business_words(run, asking)),
        Link(route, f"{exchange.status}"),
        Link(_object_words(run, exchange, item, pointer), _business_words(run, owner)),
    )


def _owner(
    run: Run, exchange: Exchange, item: Mapping[str, Any], known: Mapping[str, Origin]
) -> Business | None:
    """The business of an object: the one it names, or that of the key that first saw it.

    For an object without either, such as a figure, it is the business that the request names. None
    if the request names no business.
    """
    named = owners.business_with(run, item.get(run.contract.tenant or ""))
    if named is not None:
        return named
    origin = known.get(str(item.get(identifier_in(run, exchange))))
    if origin is not None:
        return business_of(origin.exchange.identity or "")
    for name, identifier in run.target.businesses.items():
        if identifier in exchange.request.url:
            return Business(name)
    return None


def _object_at(body: Any, pointer: str) -> Mapping[str, Any]:
    """The innermost object around the value at a pointer; empty if no object is around it."""
    names_of_parents = pointer.split("/")[1:-1]
    parents = list(_values_along(body, names_of_parents))
    objects = [parent for parent in parents if isinstance(parent, dict)]
    return objects[-1] if objects else {}


def _values_along(body: Any, names: Sequence[str]) -> Iterator[Any]:
    """The body, and the value at each step of a path into it; ABSENT where the path ends early."""
    yield body
    for name in names:
        if isinstance(body, list) and name.isdecimal() and int(name) < len(body):
            body = body[int(name)]
        else:
            body = members_of(body).get(name, ABSENT)
        yield body


def _object_words(
    run: Run, exchange: Exchange, item: Mapping[str, Any], pointer: str | None
) -> str:
    """An object in words: its kind and id, or else the pointer to a value in it, and the value.

    The value is left out if it is the id of a business. ``pointer`` is None if the finding is about
    no place in the body.
    """
    operation = run.contract.operations.get(exchange.operation)
    identifier = item.get(identifier_in(run, exchange))
    if operation is not None and isinstance(identifier, str | int):
        return f"{operation.kind or 'object'} {cut(str(identifier), VALUE)}"
    if pointer is None:
        return "a response"
    _, _, name = pointer.rpartition("/")
    value = item.get(name)
    if owners.business_with(run, value) is not None:
        return pointer
    return f"{pointer}: {compact(value, VALUE)}"


def _business_words(run: Run, business: Business | None) -> str:
    """A business in words, such as ``business other (c96e97ff…)``; empty for None."""
    if business is None:
        return ""
    identifier = run.target.businesses.get(business)
    if not identifier:
        return f"business {business}"
    return f"business {business} ({owners.short(identifier)})"
