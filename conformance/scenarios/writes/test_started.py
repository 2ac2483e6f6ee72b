"""The scenario of what an operation starts, such as a run of a test, and that can be read then."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import KeyName
from conformance.plan.registry import Draft, Planning, operations, scenario
from conformance.scenarios.client.client import Client
from conformance.scenarios.writes.creating import create


def starts(planning: Planning) -> Iterator[Draft]:
    """Each operation that is no creation, and returns the id of something that can be read."""
    contract = planning.contract
    for operation in operations(planning, "perform"):
        shows_id = contract.identifier_of(operation.kind) in operation.schema.get("properties", {})
        is_read = contract.operations_by("read", operation.kind)
        if operation.selector is None and shows_id and is_read:
            yield Draft(operation, needs=(KeyName.FULL,), cost=2)


@scenario(starts, rules=("create.read-back",), phase=2)
def test_start(client: Client) -> None:
    """Start something, and read it by the id in the response."""
    values = client.valid(client.operation)
    if values is not None:
        create(client, values)
