"""Creations: with every member, with an id that is taken, and under names that are known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.model import Exchange, Facts, KeyName, Role, Step
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.ids import Id
from conformance.scenarios.client.writing import (
    borrowed_values,
    named_objects,
    read_back,
    usual_values,
)


def create_with_options(client: Client) -> None:
    """Create with all members, including those that name an object.

    Values that other objects show may have to be unique, and a named object may not fit the other
    values. If a creation with such values is rejected, a control without them follows.
    """
    named = named_objects(client)
    from_target = {
        **usual_values(client, client.operation),
        **borrowed_values(client, client.operation),
        **named,
    }
    tries: list[tuple[Mapping[str, Any], Role]] = []
    if from_target:
        tries.append((from_target, Role.PROBE))
    tries.append(({}, Role.CONTROL))
    for additional, role in tries:
        values = client.valid(client.operation)
        if values is None:
            return
        optional = {**additional, **client.optional(client.operation)}
        written, _, _ = create(client, {**values, **optional}, role)
        if written.ok:
            return


def create(
    client: Client,
    values: Mapping[str, Any],
    role: Role = Role.CONTROL,
    *,
    serves: tuple[str, ...] = (),
) -> tuple[Exchange, Id | None, Exchange | None]:
    """Create an object and read it back; returns the creation, the id, and the last read."""
    operation = client.operation
    facts = Facts(step=Step.WRITE, sent=operation.in_body(values), serves=serves)
    written = client.call(operation, values, role=role, facts=facts)
    sought = client.created_id(written)
    return written, sought, read_back(client, operation, sought, values)


def create_with_id(client: Client, taken: Id) -> None:
    """Create with the id of another object, unless some operation of the same route takes an id."""
    operation, values = client.operation, client.valid(client.operation)
    name = client.contract.identifier_of(operation.kind)
    for mode in client.contract.operations.values():
        same_route = (mode.method, mode.path) == (operation.method, operation.path)
        if same_route and mode.parameter(name):
            return
    if values is not None:
        client.mistake(operation, {**values, name: taken}, facts=Facts(step=Step.WRITE))


AT_ONCE = 3
"""Creations that are sent at the same time under one name."""


def create_under_names(client: Client) -> None:
    """Create under one name at the same time, and under names that differ a little.

    The names differ in the case of letters, or at the end. A server may refuse a creation while it
    works on another of the same name, or because it wants names of another form. Last comes a
    repeated creation with the required members alone.
    """
    operation, header = client.operation, client.operation.naming_header
    required = client.valid(operation)
    if required is None or header is None:
        return
    facts, values = Facts(mistake=True), {**client.known(operation.fresh_members), **required}
    requests = [(KeyName.FULL, values, facts)] * AT_ONCE
    client.together(operation, requests, role=Role.BYSTANDER)
    name = f"Order-{client.token()}"
    for similar_name in (name, name.swapcase(), f"{name}-2"):
        values = {**client.optional(operation), **client.valid_or(required, operation)}
        client.mistake(operation, {**values, header: similar_name}, role=Role.BYSTANDER)
    for _ in range(2):
        client.reuse_names()  # otherwise the header would get a new name
        client.mistake(operation, {**required, header: f"{name}-3"}, role=Role.BYSTANDER)
