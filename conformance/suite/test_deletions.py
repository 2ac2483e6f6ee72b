"""Scenarios that delete."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.objects import sought_in
from conformance.model import Exchange
from conformance.plan import Draft, Planning, operations, scenario
from conformance.suite.client import Client
from conformance.suite.sending import Id


def deletions(planning: Planning) -> Iterator[Draft]:
    """Each deletion of something that can be made, and read or listed."""
    contract = planning.contract
    for operation in operations(planning, "delete"):
        seen = contract.operations_by("read", operation.kind) or contract.operations_by(
            "list", operation.kind
        )
        if operation.selector and seen and contract.operations_by("create", operation.kind):
            yield Draft(operation, needs=("full",), cost=8)


@scenario(deletions, rules=("delete.gone",), phase=2)
def test_deletion(client: Client) -> None:
    """Make three objects, look at each, delete the second, and look again, also in the list where they can be read, too."""
    operation = client.operation
    kind, selector = operation.kind or "", operation.selector
    assert selector is not None
    older, values, newer = (
        client.own_id(operation),
        client.valid(operation),
        client.own_id(operation),
    )
    if values is None or older is None or newer is None:
        return
    sought = values[selector.name]
    places = {}
    for step, one in (("before", sought), ("older-before", older), ("newer-before", newer)):
        places[one] = client.position(client.settled(kind, one, step=step))
    _listed(client, kind, sought, "listed-before")
    client.control(operation, values, step="delete")
    for pause in (0.5, 1.5, 0.0):
        read = client.look(kind, sought, role="probe", step="after", position=places[sought])
        if read is None or sought_in(client.contract, read)[0] is None or not pause:
            break
        client.pause(pause)
    for step, other in (("older-after", older), ("newer-after", newer)):
        client.look(kind, other, role="probe", step=step, position=places[other])
    for pause in (0.5, 1.5, 0.0):
        listed = _listed(client, kind, sought, "listed-after")
        if listed is None or sought_in(client.contract, listed)[0] is None or not pause:
            break
        client.pause(pause)


def _listed(client: Client, kind: str, sought: Id, step: str) -> Exchange | None:
    """The first page of the list of a kind that can be read by its id, too."""
    ask = client.lister(kind) if client.contract.operations_by("read", kind) else None
    return ask(role="probe", step=step, sought=str(sought)) if ask else None
