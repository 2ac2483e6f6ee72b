"""Compares the OpenAPI document of a target with the contract.

Clients are written to the contract. A change breaks them if the target no longer takes a request
that the contract allows, or may send a response that the contract does not. Optional parameters and
members that a target adds are no drift: no client has to know them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.drift.change import Change, Drift, Kind, Side, drift_of, named
from conformance.drift.description import JSON, Body, Description, Operation, Parameter, Way
from conformance.drift.schemas import Schemas, Spot
from conformance.drift.view import TooMuchError
from conformance.model import Contract

ANY_MEDIA = "*/*"
OPERATION, SECURITY = "operation", "security"
"""The subjects of changes that are about an operation as a whole, and about access to it."""
NO_KEY = frozenset[str]()
"""The schemes of a way to authenticate that needs no key: an empty set."""
NO_PATHS = "it describes no operation"


def drift(contract: Contract, document: Any, base: str = "") -> Drift:
    """How a document differs from the contract.

    The paths in the document may begin with ``base``, or with the base path of the contract. Raises
    ValueError, with the reason, for a document that cannot be compared.
    """
    ours, theirs = Description(contract.document), Description(document, base, contract.base_path)
    if not theirs.operations:
        raise ValueError(NO_PATHS)
    comparison = _Comparison(contract, ours, theirs)
    try:
        return drift_of(comparison.changes())
    except TooMuchError as error:
        raise ValueError(str(error)) from None


class _Comparison:
    def __init__(self, contract: Contract, ours: Description, theirs: Description) -> None:
        self._ours = ours
        self._theirs = theirs
        self._codes = "".join(f".{name}" for name in contract.code_pointer)
        codes = frozenset(json.dumps(code) for code in contract.errors)
        self._schemas = Schemas(ours.views, theirs.views, codes)

    def changes(self) -> Iterator[Change]:
        """Every change, operation by operation."""
        for route, operation in self._ours.operations.items():
            shown = self._ours.shown[route]
            if route in self._theirs.operations:
                yield from self._operation(shown, operation, self._theirs.operations[route])
            else:
                yield Change(shown, Kind.GONE, True, OPERATION, "is gone")
        for route in self._theirs.operations.keys() - self._ours.operations.keys():
            shown = named(self._theirs.shown[route])
            yield Change(shown, Kind.NEW, False, OPERATION, "is new")

    def _operation(self, route: str, ours: Operation, theirs: Operation) -> Iterator[Change]:
        yield from _security(route, ours.ways, theirs.ways)
        yield from self._parameters(route, ours.parameters, theirs.parameters)
        yield from self._body(route, ours.body, theirs.body)
        yield from self._responses(route, ours.responses, theirs.responses)

    # --- requests ---

    def _parameters(
        self,
        route: str,
        ours: Mapping[tuple[str, str], Parameter],
        theirs: Mapping[tuple[str, str], Parameter],
    ) -> Iterator[Change]:
        """What differs between the parameters of an operation, by place and name.

        A parameter that the target adds matters only if it is required.
        """
        for key, parameter in ours.items():
            spot = _spot(route, parameter)
            other = theirs.get(key)
            if other is None:
                yield spot.change(Kind.GONE, "is gone", breaks=True)
                continue
            yield from _required_or_not(spot, parameter.required, other.required)
            yield from self._schemas.compare(parameter.schema, other.schema, spot)
        for key, parameter in theirs.items():
            if key not in ours and parameter.required:
                yield _spot(route, parameter).change(Kind.NEW, "is required", breaks=True)

    def _body(self, route: str, ours: Body | None, theirs: Body | None) -> Iterator[Change]:
        """What differs between two request bodies; None stands for no body."""
        spot = Spot(route, Side.REQUEST, "request body")
        if ours is None:
            if theirs is not None and theirs.required:
                yield spot.change(Kind.NEW, "is required", breaks=True)
            return
        if theirs is None:
            yield spot.change(Kind.GONE, "is gone", breaks=True)
            return
        yield from _required_or_not(spot, ours.required, theirs.required)
        yield from self._content(ours.content, theirs.content, spot)

    # --- responses ---

    def _responses(
        self,
        route: str,
        ours: Mapping[str, Mapping[str, Any]],
        theirs: Mapping[str, Mapping[str, Any]],
    ) -> Iterator[Change]:
        """What differs between the responses of an operation, by status and then media type.

        A status of the contract may be covered by ``4XX`` or ``default`` in the document. A success
        that is gone breaks clients, but an error that is gone does not.
        """
        for status, content in ours.items():
            is_error = status.startswith(("4", "5"))
            codes = self._codes if is_error else None
            spot = Spot(route, Side.RESPONSE, f"response {status}", codes=codes)
            covering = [name for name in (status, f"{status[0]}XX", "default") if name in theirs]
            if covering:
                closest = covering[0]
                yield from self._content(content, theirs[closest], spot)
            else:
                yield spot.change(Kind.GONE, "is gone", breaks=not is_error)
        for status in theirs:
            if status not in ours and status.isdecimal():
                spot = Spot(route, Side.RESPONSE, f"response {status}")
                yield spot.change(Kind.NEW, "is new", breaks=True)

    def _content(
        self, ours: Mapping[str, Any], theirs: Mapping[str, Any], spot: Spot
    ) -> Iterator[Change]:
        """What differs between the contents of two bodies, by media type; schemas only for JSON.

        If the target describes no content at all, only that is reported.
        """
        if ours and not theirs:
            yield spot.change(Kind.WIDER, "is not described", breaks=False)
            return
        for media, schema in ours.items():
            if media not in theirs and ANY_MEDIA not in theirs:
                yield spot.change(Kind.GONE, f"is not available as {media}", breaks=True)
            elif media == JSON and schema is not None:
                other = theirs.get(media, theirs.get(ANY_MEDIA))
                yield from self._schemas.compare(schema, other, spot)


def _required_or_not(spot: Spot, ours: bool, theirs: bool) -> Iterator[Change]:
    """A change if only one side, ``ours`` or ``theirs``, requires a part of a request."""
    if theirs and not ours:
        yield spot.change(Kind.NARROWER, "must be sent")
    elif ours and not theirs:
        yield spot.change(Kind.WIDER, "may be left out")


def _spot(route: str, parameter: Parameter) -> Spot:
    """The spot of a parameter. A text in a URL or a header cannot be null."""
    subject = f"{parameter.place} parameter {parameter.name}"
    return Spot(route, Side.REQUEST, subject, impossible=frozenset({"null"}))


def _security(route: str, ours: frozenset[Way], theirs: frozenset[Way]) -> Iterator[Change]:
    """What differs in the ways to authenticate: the schemes, or the scopes that these need."""
    known_to_clients = {way.schemes for way in ours}
    accepted = {way.schemes for way in theirs}
    # clients of the contract know none of the ways, and each way needs a key
    if known_to_clients.isdisjoint(accepted) and NO_KEY not in accepted:
        alternatives = sorted(" and ".join(sorted(schemes)) for schemes in accepted)
        words = f"takes only {named(' or '.join(alternatives))}"
        yield Change(route, Kind.NARROWER, True, SECURITY, words)
        return
    if NO_KEY in known_to_clients - accepted:
        yield Change(route, Kind.NARROWER, True, SECURITY, "is required")
    if NO_KEY in accepted - known_to_clients:
        yield Change(route, Kind.WIDER, False, SECURITY, "is not required")
    for scope in _more_scopes(ours, theirs):
        words = f"requires the scope {named(scope)}"
        yield Change(route, Kind.NARROWER, True, SECURITY, words)


def _more_scopes(ours: frozenset[Way], theirs: frozenset[Way]) -> list[str]:
    """The scopes that every way of the target needs, but no way of the contract, sorted.

    Only ways with schemes that the contract and the target share are compared. Many documents list
    no scopes; then nothing is returned.
    """
    both = {way.schemes for way in ours} & {way.schemes for way in theirs}
    if not both:
        return []
    in_contract = frozenset.union(*(way.scopes for way in ours if way.schemes in both))
    needed = frozenset.intersection(*(way.scopes for way in theirs if way.schemes in both))
    return sorted(needed - in_contract)
