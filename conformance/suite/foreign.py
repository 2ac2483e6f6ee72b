"""What a request names of another business, to see whether the main one reaches it."""

from __future__ import annotations

from typing import Any

from conformance.model import Contract, Effect, Operation, Parameter
from conformance.suite.client import Client
from conformance.values import ABSENT


def foreign_filter(client: Client, parameter: Parameter) -> Any:
    """A value of a filter that only the other business has; ABSENT without one.

    Best is a value that its list shows, and the list of the main business does not.
    """
    kind, member = client.operation.kind or "", parameter.filters or ""
    own = _values(client.knowledge.listed(kind), member)
    foreign = _values(client.knowledge.listed(kind, "other"), member)
    if parameter.name != client.contract.tenant:
        for value in foreign:
            if isinstance(value, str) and value not in own:
                return value
    return client.value(parameter, "other")


def _values(items: list[Any], member: str) -> list[Any]:
    """What the items show of a member."""
    return [item.get(member) for item in items if isinstance(item, dict)]


def foreign_object(client: Client, operation: Operation, selector: Parameter) -> Any:
    """An object of the other business; ABSENT without one.

    Not every object may have what a read asks for. So a read gets an object that its owner can
    read, unless the target file names one.
    """
    declared = client.target.inputs.get(operation.id, {})
    if operation.effect is not Effect.READ or selector.name in declared:
        return client.value(selector, "other")
    values = client.valid(operation, "other") or {}
    return values.get(selector.name, ABSENT)


def owning_references(contract: Contract, operation: Operation) -> list[Parameter]:
    """The members of a body that name a business, or an object of one; a pool belongs to no one."""
    owned = {listing.kind for listing in contract.operations_by("list")}
    owned -= {other.kind for other in contract.operations.values() if other.pool}
    return [
        parameter
        for parameter in operation.body
        if parameter.name == contract.tenant or parameter.references in owned
    ]


def visible_change(client: Client, operation: Operation) -> dict[str, Any]:
    """A fresh value for the first member that takes one; empty without such a member.

    Empty as well for a mode of its own: it changes the member that selects it.
    """
    selector = operation.selector
    if operation.when is not None and (selector is None or operation.when != selector.name):
        return {}
    for parameter in operation.body:
        if parameter.fresh:
            return {parameter.name: client.value(parameter)}
    return {}


def named(value: Any) -> str:
    """The id in a value that is an id, or an array of them."""
    return str(value[0] if isinstance(value, list) else value)
