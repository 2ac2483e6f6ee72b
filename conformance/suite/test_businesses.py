"""Stimuli of tenancy: what belongs to another business is neither shown nor changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.model import Effect, Operation
from conformance.plan import Draft, Planning, operations, stimulus
from conformance.suite.client import Client
from conformance.values import ABSENT


def lists_of_two(planning: Planning) -> Iterator[Draft]:
    """Each list, seen by the keys of two businesses."""
    if planning.contract.tenant:
        for operation in operations(planning, "list"):
            if operation.keyed:
                yield Draft(operation, needs=("full", "other"), cost=4)


@stimulus(lists_of_two, rules=("tenant.rows",))
def test_rows_of_two_businesses(client: Client) -> None:
    """The first pages of a list as two businesses see it, in two sizes."""
    paging = client.operation.paging
    assert paging is not None
    for values in ({}, {paging.limit: "5"}):
        client.call(client.operation, values, role="control", key="full", side="own")
        client.call(client.operation, values, role="control", key="other", side="foreign")


def foreign_filters(planning: Planning) -> Iterator[Draft]:
    """Each list with a filter that names another business, or an object of it."""
    for operation in operations(planning, "list"):
        for parameter in operation.filters:
            if parameter.refers:
                yield Draft(operation, parameter.name, needs=("full", "other"), params={"filter": parameter.name}, cost=3)


@stimulus(foreign_filters, rules=("tenant.filter",), phase=1)
def test_foreign_filter(client: Client) -> None:
    """A list that is narrowed to something of another business."""
    parameter = client.operation.parameter(client.case.params["filter"])
    assert parameter is not None
    assert client.operation.paging is not None
    value = client.value(parameter, "other")
    if value is not ABSENT and value != client.value(parameter, "full"):
        client.call(client.operation, {parameter.name: value})
        client.call(client.operation, {parameter.name: value, client.operation.paging.limit: "5"})


def foreign_objects(planning: Planning) -> Iterator[Draft]:
    """Each operation on one object, with an object of another business; and each creation inside another business."""
    for operation in operations(planning, "read", "update", "delete"):
        if operation.selector and operation.keyed and operation.kind:
            yield Draft(operation, needs=("full", "other"), cost=5)
    for operation in operations(planning, "create"):
        tenant = operation.parameter(planning.contract.tenant or "")
        if operation.keyed and tenant is not None and tenant.place == "body":
            yield Draft(operation, needs=("full", "other"), cost=4)


@stimulus(foreign_objects, rules=("tenant.object",), phase=1)
def test_foreign_object(client: Client) -> None:
    """The request of the owner succeeds; the same request with the key of another business must not."""
    operation = client.operation
    if operation.action == "create":
        _create_inside(client, operation)
        return
    assert operation.selector is not None
    assert operation.kind is not None
    foreign = client.known_id(operation.kind, "other")
    values = client.valid(operation)
    if foreign is None or values is None:
        return
    reader = next(iter(client.contract.operations_by("read", operation.kind)), None)
    change = _change(client, operation)
    if operation.effect is Effect.READ or reader is None:
        client.call(operation, {**values, operation.selector.name: foreign}, role="control", key="other", step="owner")
        client.mistake(operation, {**values, operation.selector.name: foreign}, step="foreign")
        return
    assert reader.selector is not None
    client.call(reader, {reader.selector.name: foreign}, role="control", key="other", step="before")
    client.mistake(operation, {**values, **change, operation.selector.name: foreign}, step="foreign")
    client.call(reader, {reader.selector.name: foreign}, key="other", step="after", sent=change)


def _create_inside(client: Client, operation: Operation) -> None:
    tenant = client.contract.tenant or ""
    foreign, values = client.business("other"), client.valid(operation)
    if foreign is not None and values is not None and foreign != values.get(tenant):
        client.control(operation, values)
        again = client.valid(operation) or values
        client.mistake(operation, {**again, tenant: foreign}, step="foreign")


def _change(client: Client, operation: Operation) -> dict[str, Any]:
    """A change that would be seen: a fresh value for the first member that takes one."""
    member = next((p for p in operation.body if p.fresh), None)
    return {member.name: client.value(member)} if member else {}
