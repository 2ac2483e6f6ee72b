"""Requests that overlap: two businesses at once must not get, or leave, anything of each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.checks.objects import sought_in
from conformance.model import Effect
from conformance.plan import Depth, Draft, Planning, operations, scenario
from conformance.suite.client import Client

LISTS = {Depth.QUICK: 0, Depth.FULL: 4, Depth.DEEP: 100}
CREATIONS = {Depth.QUICK: 0, Depth.FULL: 3, Depth.DEEP: 100}
ROUNDS = 3
"""Requests of each business that are under way at the same time."""


def overlapping_lists(planning: Planning) -> Iterator[Draft]:
    """A few lists of what belongs to a business: what overlapping requests share is seldom of one operation alone."""
    wanted = [
        o
        for o in operations(planning, "list")
        if planning.contract.tenant and o.keyed and not o.pool
    ]
    for operation in wanted[: LISTS[planning.depth]]:
        yield Draft(operation, needs=("full", "other"), cost=2 * ROUNDS, optional=True)


@scenario(overlapping_lists, rules=("tenant.rows",))
def test_overlapping_lists(client: Client) -> None:
    """One list, asked for by two businesses at the same time."""
    given = {key: client.listing(client.operation, key) for key in ("full", "other")}
    sides = {"full": "own", "other": "foreign"}
    requests = [
        (key, values, {"side": sides[key]}) for key, values in given.items() if values is not None
    ]
    if len(requests) == len(given):
        client.together(client.operation, requests * ROUNDS, role="control")


def overlapping_creations(planning: Planning) -> Iterator[Draft]:
    """A few creations of what can be read."""
    wanted = [o for o in operations(planning, "create") if o.keyed and o.effect is Effect.WRITE]
    wanted = [o for o in wanted if planning.contract.operations_by("read", o.kind)]
    for operation in wanted[: CREATIONS[planning.depth]]:
        yield Draft(operation, needs=("full", "other"), cost=7, optional=True)


@scenario(overlapping_creations, rules=("create.read-back", "create.one"), phase=2)
def test_overlapping_creations(client: Client) -> None:
    """Objects made at the same time, two by one business and one by another; each is read back."""
    operation = client.operation
    names = {p.name for p in operation.body}
    requests: list[tuple[str, dict[str, Any], dict[str, Any]]] = []
    for key in ("full", "other", "full"):
        values = client.valid(operation, key)
        if values is None:
            return
        sent = {name: value for name, value in values.items() if name in names}
        requests.append((key, values, {"step": "write", "sent": sent}))
    written = client.together(operation, requests, role="control")
    for (key, _, _), exchange in zip(requests, written, strict=True):
        made = client.created_id(exchange)
        for pause in (0.5, 1.5, 0.0) if made is not None else ():
            read = client.look(operation.kind or "", made or "", role="probe", key=key, step="read")
            if not pause or read is None or sought_in(client.contract, read)[0] is not None:
                break
            client.pause(pause)
