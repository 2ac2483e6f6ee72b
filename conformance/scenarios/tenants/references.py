"""Writes that name an object that does not exist, or one that they need not name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.model import Facts, Open, Operation, Parameter, Step
from conformance.plan.registry import Planning, operations
from conformance.scenarios.client.client import Client
from conformance.scenarios.tenants.foreign import owning_references, values_for_naming
from conformance.scenarios.tenants.foreign_creations import create_tied


def referring_writes(planning: Planning) -> Iterator[tuple[Operation, list[Parameter]]]:
    """Each write without an object of its own, with the members that name one.

    An action that takes any input may merely report what is wrong with it, so it is left out.
    """
    for operation in operations(planning, "create", "perform"):
        is_lenient = operation.action == "perform" and Open.INPUT in operation.open
        if operation.selector is not None or not operation.keyed or is_lenient:
            continue
        members = owning_references(planning.contract, operation)
        if members:
            yield operation, members


def name_nothing(client: Client) -> None:
    """Send the write once for each member that refers to an object, with a nonexistent id in it."""
    operation = client.operation
    for parameter in owning_references(client.contract, operation):
        values, known = values_for_naming(client, parameter), client.value(parameter)
        if values is None:
            continue
        if not isinstance(known, str | int):
            continue
        named = {parameter.name: _unknown_like(client, known)}
        if parameter.usual:
            client.mistake(operation, {**values, **named}, facts=Facts(step=Step.REFERENCE))
        else:
            create_tied(client, values, named)


def _unknown_like(client: Client, known: str | int) -> Any:
    """An id like a known one that does not exist; a number stays a number."""
    unknown = client.unknown_id(str(known), client.token())
    return int(unknown) if isinstance(known, int) and unknown.isdigit() else unknown
