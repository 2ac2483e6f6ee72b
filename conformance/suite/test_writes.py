"""Stimuli that create and change, and the triggers that make a target fail on purpose."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.checks.base import sought_in
from conformance.checks.success import differences
from conformance.model import Contract, Operation, Parameter
from conformance.plan import Draft, Planning, operations, stimulus
from conformance.suite.client import Client, Id


def creations(planning: Planning) -> Iterator[Draft]:
    """Each creation of something that can be read or listed."""
    for operation in operations(planning, "create"):
        kind = operation.kind
        if planning.contract.operations_by("read", kind) or planning.contract.operations_by("list", kind):
            yield Draft(operation, needs=("full",), cost=4)


@stimulus(creations, rules=("create.read-back",), phase=2)
def test_creation(client: Client) -> None:
    """Create with the members that are wanted, then with every member that takes any value, and read each back."""
    operation = client.operation
    for everything in (False, True):
        values = client.valid(operation)
        if values is None:
            return
        if everything:
            values |= _optional(client, operation)
        written = client.control(operation, values, step="write", sent=_kept(operation, values))
        _read_back(client, operation, client.created_id(written), values)


def _optional(client: Client, operation: Operation) -> dict[str, Any]:
    """Values for the optional members that take any: those with a sample, or a fresh text."""
    return {p.name: client.value(p) for p in operation.body if not p.required and (p.example is not None or p.fresh)}


def _kept(operation: Operation, values: dict[str, Any]) -> dict[str, Any]:
    """What of the values an object is made of: the body."""
    names = {p.name for p in operation.body}
    return {name: value for name, value in values.items() if name in names}


def _read_back(client: Client, operation: Operation, sought: Id | None, sent: dict[str, Any]) -> None:
    """Read what was written; again after a moment while it does not show, for a write may take time to."""
    if sought is None:
        return
    for pause in (0.5, 1.5, 0.0):
        read = client.look(operation.kind or "", sought, role="probe", step="read")
        got, goes_on = sought_in(client.contract, read) if read else (None, True)
        if goes_on or not pause or (got is not None and not any(differences(operation, sent, got))):
            break
        client.pause(pause)


def updates(planning: Planning) -> Iterator[Draft]:
    """Each change that can be seen: of a member that takes a fresh text and that a read or a list shows."""
    for operation in operations(planning, "update"):
        selector = operation.selector
        if selector is None or selector.refers != operation.kind or operation.when not in (None, selector.name):
            continue
        if _seen_change(planning.contract, operation):
            yield Draft(operation, needs=("full",), cost=4)


def _seen_change(contract: Contract, operation: Operation) -> Parameter | None:
    """The first member of a change that takes a fresh text and that the object shows, by its documented members."""
    readers = [o for o in contract.operations_by("read", operation.kind) if o.wrapper is None]
    shown: set[str] = {name for reader in readers for name in reader.schema.get("properties", {})}
    for listing in contract.operations_by("list", operation.kind):
        for member in listing.schema.get("properties", {}).values():
            shown |= set(member.get("items", {}).get("properties", {}))
    return next((p for p in operation.body if p.fresh and (p.shows_as or p.name) in shown), None)


@stimulus(updates, rules=("update.read-back",), phase=2)
def test_update(client: Client) -> None:
    """Change one member to a fresh value and read it back."""
    operation = client.operation
    values, member = client.valid(operation), _seen_change(client.contract, operation)
    assert operation.selector is not None
    if values is None or member is None:
        return
    sought = values[operation.selector.name]
    values |= {member.name: client.value(member)}
    sent = {member.name: values[member.name]}
    client.control(operation, values, step="write", sent=sent, sought=str(sought))
    _read_back(client, operation, sought, sent)


def deletions(planning: Planning) -> Iterator[Draft]:
    """Each deletion of something that can be made, and read or listed."""
    contract = planning.contract
    for operation in operations(planning, "delete"):
        seen = contract.operations_by("read", operation.kind) or contract.operations_by("list", operation.kind)
        if operation.selector and seen and contract.operations_by("create", operation.kind):
            yield Draft(operation, needs=("full",), cost=8)


@stimulus(deletions, rules=("delete.gone",), phase=2)
def test_deletion(client: Client) -> None:
    """Make two objects, look at both, delete one, and look at both again."""
    operation = client.operation
    kind, selector = operation.kind or "", operation.selector
    assert selector is not None
    values = client.valid(operation)
    other = client.own_id(operation)
    if values is None or other is None:
        return
    sought = values[selector.name]
    places = {}
    for step, one in (("before", sought), ("other-before", other)):
        places[one] = client.position(client.look(kind, one, role="control", step=step))
    client.control(operation, values, step="delete")
    for pause in (0.5, 1.5, 0.0):
        read = client.look(kind, sought, role="probe", step="after", position=places[sought])
        if read is None or sought_in(client.contract, read)[0] is None or not pause:
            break
        client.pause(pause)
    client.look(kind, other, role="probe", step="other-after", position=places[other])


def triggers(planning: Planning) -> Iterator[Draft]:
    """Each code that an operation may be made to answer, and each trigger of the target."""
    contract = planning.contract
    given = {(trigger.code, trigger.operation) for trigger in planning.target.triggers}
    wanted = {(code, operation.id) for operation in operations(planning) for code in operation.provokes}
    for code, operation_id in sorted(given | wanted):
        operation = contract.operations[operation_id]
        recipe = next((t for t in planning.target.triggers if (t.code, t.operation) == (code, operation_id)), None)
        gap = None if recipe else f"give a trigger for {code} at {operation_id} (triggers: in the target file)"
        rules = (
            ("trigger.answer", "payment.terms")
            if operation.payment and contract.errors[code].role == "payment_required"
            else ("trigger.answer",)
        )
        yield Draft(
            operation,
            code,
            needs=("full",) if operation.keyed else (),
            about=code,
            params={"input": dict(recipe.input) if recipe else {}},
            gap=gap,
            rules=rules,
        )
    named = {code for code, _ in given | wanted}
    for row in contract.errors.values():
        if row.role == "internal" and row.code not in named:
            yield Draft(
                None,
                row.code,
                about=row.code,
                gap=f"give a trigger for {row.code} (triggers: in the target file)",
                rules=("trigger.answer",),
            )


@stimulus(triggers, rules=("trigger.answer", "payment.terms"), phase=2)
def test_trigger(client: Client) -> None:
    """A request that the target answers with a certain code, by its own documentation."""
    given = client.case.params["input"]
    selector = client.operation.selector
    values = client.valid(client.operation)
    if values is None and selector is not None and selector.name in given:
        values = {}
    if values is not None:
        client.call(client.operation, {**values, **given})
