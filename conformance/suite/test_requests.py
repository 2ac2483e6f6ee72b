"""Scenarios of requests that are wrong in one thing: an id, a parameter, a body, a path."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from conformance.model import Facts, Form, Open, Operation, Parameter, Params, Role
from conformance.scenarios import Depth, Draft, Planning, operations, scenario
from conformance.suite.client import Client
from conformance.suite.ids import MALFORMED
from conformance.suite.test_envelope import SHORT_ID

BROKEN = (b"{", b"")
OTHER_TYPES = (b"[1, 2]", b'"text"', b"null")
"""Bodies that are no JSON object; of those of another type each operation gets one, in turn."""


def plain_reads(planning: Planning) -> Iterator[Draft]:
    """Each operation that reads."""
    for operation in operations(planning, "read", "fetch"):
        yield Draft(
            operation,
            cost=4 if operation.selector else 1,
            needs=("full",) if operation.keyed else (),
            quick=True,
        )


@scenario(plain_reads)
def test_plain_read(client: Client) -> None:
    """A valid read, of an object that is not the newest where there are several."""
    values, selector = client.valid(client.operation), client.operation.selector
    if values is not None and selector is not None and Open.INPUT not in client.operation.open:
        known = client.knowledge.known_ids(selector.references or "", member=selector.by)
        given = client.target.inputs.get(client.operation.id, {})
        if (
            values[selector.name] in known
            and selector.name not in given
            and Open.ABSENT_OBJECT not in client.operation.open
        ):
            values[selector.name] = known[min(2, len(known) - 1)]
            _near(client, values)
    if values is not None:
        client.control(client.operation, values)


def _near(client: Client, values: dict[str, Any]) -> None:
    """Ids that are not quite one that is known: should there be such an object it must be shown, and no other."""
    operation, selector = client.operation, client.operation.selector
    known = str(values[selector.name]) if selector else ""
    if selector is not None and selector.references == operation.kind and len(known) > SHORT_ID:
        for near in (known[:-1], f"{known}x", f"{known[:-1]}%"):
            client.mistake(operation, {**values, selector.name: near})


def selecting(planning: Planning) -> Iterator[Draft]:
    """Each operation on one object."""
    for operation in operations(planning, "read", "update", "delete", "perform"):
        if operation.selector:
            yield Draft(operation, needs=("full",) if operation.keyed else (), cost=3)


@scenario(selecting, rules=("id.unknown",), phase=1)
def test_unknown_id(client: Client) -> None:
    """An id of the right form that names nothing, and one of no form that ids have."""
    values = client.valid(client.operation)
    selector = client.operation.selector
    assert selector is not None
    if values is not None:
        client.control(client.operation, values)
        known = values[selector.name]
        unknown = client.unknown_id(str(known[0] if isinstance(known, list) else known))
        for named, role in ((unknown, Role.PROBE), (MALFORMED, Role.BYSTANDER)):
            client.mistake(
                client.operation,
                {**values, selector.name: [named] if isinstance(known, list) else named},
                role=role,
            )


@dataclass(frozen=True)
class OneParameter(Params):
    """The parameter that the request has wrong."""

    name: str


def required_parameters(planning: Planning) -> Iterator[Draft]:
    """Each required parameter that can be left out without meaning another operation."""
    for operation in operations(planning):
        for parameter in operation.parameters:
            means_another = parameter.name == operation.when and not operation.only
            if (
                parameter.required
                and parameter.place != "path"
                and not means_another
                and Open.OMISSION not in parameter.open
            ):
                needs = ("full",) if operation.keyed else ()
                blank = parameter.place == "body" and (
                    parameter.references or operation.action != "update"
                )
                rules = (
                    ("parameter.missing", "parameter.blank") if blank else ("parameter.missing",)
                )
                yield Draft(
                    operation,
                    parameter.name,
                    needs=needs,
                    params=OneParameter(parameter.name),
                    rules=rules,
                    cost=3,
                )


@scenario(required_parameters, rules=("parameter.missing", "parameter.blank"), phase=1)
def test_missing_parameter(client: Client) -> None:
    """A valid request but for one required parameter, which is left out."""
    values = client.valid(client.operation)
    if values is not None:
        client.control(client.operation, values)
        again = client.valid(client.operation) or values
        omitted = client.params(OneParameter).name
        client.mistake(
            client.operation,
            {name: value for name, value in again.items() if name != omitted},
            facts=Facts(form=Form.OMITTED),
        )
        if "parameter.blank" in client.case.rules:
            client.mistake(client.operation, {**again, omitted: None}, facts=Facts(form=Form.NULL))


def refused_values(planning: Planning) -> Iterator[Draft]:
    """Each parameter of which the contract lists values that no reading can accept."""
    for operation in operations(planning):
        for parameter in operation.parameters:
            if parameter.refuse:
                needs = ("full",) if operation.keyed else ()
                yield Draft(
                    operation,
                    parameter.name,
                    needs=needs,
                    cost=1 + len(parameter.refuse),
                    params=OneParameter(parameter.name),
                )


@scenario(refused_values, rules=("parameter.invalid",), phase=1)
def test_invalid_parameter(client: Client) -> None:
    """A valid request but for one value."""
    values = client.valid(client.operation)
    parameter = client.operation.parameter(client.params(OneParameter).name)
    assert parameter is not None
    if values is not None:
        client.control(client.operation, values)
        for value in parameter.refuse:
            again = client.valid(client.operation) or values
            client.mistake(client.operation, {**again, parameter.name: value})


@dataclass(frozen=True)
class OtherTypes(Params):
    """Places of ``OTHER_TYPES`` that an operation gets as its body."""

    places: tuple[int, ...]


def bodies(planning: Planning) -> Iterator[Draft]:
    """Each operation with a body: where it has a required member it cannot be taken without one, else it may be overlooked."""
    for number, operation in enumerate(operations(planning)):
        if operation.body:
            types = len(OTHER_TYPES) if planning.depth is Depth.DEEP else 1
            params = OtherTypes(tuple((number + turn) % len(OTHER_TYPES) for turn in range(types)))
            wanted = any(parameter.required for parameter in operation.body) and (
                operation.only or not operation.when
            )
            needs, rules = ("full",) if operation.keyed else (), ("body.broken",) if wanted else ()
            yield Draft(
                operation, needs=needs, cost=2 + len(BROKEN) + types, params=params, rules=rules
            )


@scenario(bodies, rules=("body.broken",), phase=1)
def test_broken_body(client: Client) -> None:
    """Bodies that are cut off, of another JSON type, or empty."""
    values = client.valid(client.operation)
    if values is None:
        return
    client.control(client.operation, values)
    others = [OTHER_TYPES[place] for place in client.params(OtherTypes).places]
    for content in (*BROKEN, *others, json.dumps(values).encode()[:-1]):
        client.mistake(
            client.operation,
            values,
            content=content,
            role=Role.PROBE if client.case.rules else Role.BYSTANDER,
        )


ODD_LIMITS = ("abc", "-1")


ODD_POSITIONS = ("not-a-time", "2026-13-45T99:99:99Z")
"""Values that no limit and no cursor has."""


@dataclass(frozen=True)
class Bounds(Params):
    """The filters of a list that bound a member of its items."""

    names: tuple[str, ...]


def odd_positions(planning: Planning) -> Iterator[Draft]:
    """Each list with a limit, a cursor or a bound that cannot be parsed."""
    for operation in operations(planning, "list"):
        bounds = [p.name for p in operation.filters if p.compare]
        cost = 2 + len(ODD_LIMITS + ODD_POSITIONS) + len(bounds) + len(_windows(operation))
        yield Draft(
            operation,
            cost=cost,
            needs=("full",) if operation.keyed else (),
            params=Bounds(tuple(bounds)),
        )


@scenario(odd_positions, rules=("parameter.unparsable",), phase=1)
def test_unparsable_parameter(client: Client) -> None:
    """Values of limit, cursor and bounds that are no number and no timestamp, beside a request without them."""
    paging = client.operation.paging
    assert paging is not None
    values = client.knowledge.listing(client.operation)
    if values is None:
        return
    client.control(client.operation, values)
    for value in ODD_LIMITS:
        client.mistake(client.operation, {**values, paging.limit: value})
    for value in ODD_POSITIONS:
        client.mistake(client.operation, {**values, paging.after: value})
    client.mistake(
        client.operation, {**values, paging.limit: "0"}, role=Role.BYSTANDER
    )  # which may mean anything
    for bound in client.params(Bounds).names:
        client.mistake(client.operation, {**values, bound: "abc"})
    for least, most in _windows(client.operation):
        client.mistake(
            client.operation,
            {**values, least.name: _bound(least, 2), most.name: _bound(most, 1)},
            role=Role.BYSTANDER,
        )


def _windows(operation: Operation) -> list[tuple[Parameter, Parameter]]:
    """The bounds of one member of the items, from below and from above."""
    bounds = [p for p in operation.filters if p.compare and not p.required]
    pairs = [
        (p, q) for p in bounds for q in bounds if (p.compare, q.compare) == ("at-least", "at-most")
    ]
    return [(p, q) for p, q in pairs if p.filters == q.filters]


def _bound(parameter: Parameter, place: int) -> str:
    """A bound, the later or larger for a larger place."""
    return (
        str(place)
        if parameter.schema.get("type") in ("integer", "number")
        else f"2026-04-1{place}T00:00:00Z"
    )
