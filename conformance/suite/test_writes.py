"""Stimuli that create and change, and the triggers that make a target fail on purpose."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.checks.success import differences
from conformance.model import Operation
from conformance.plan import Draft, Planning, operations, stimulus
from conformance.suite.client import Client, Id


def creations(planning: Planning) -> Iterator[Draft]:
    """Each creation of something that can be read."""
    for operation in operations(planning, "create"):
        if planning.contract.operations_by("read", operation.kind):
            yield Draft(operation, needs=("full",), cost=4)


@stimulus(creations, rules=("create.read-back",), phase=2)
def test_creation(client: Client) -> None:
    """Create with the required members, then with every member, and read each back."""
    operation = client.operation
    for everything in (False, True):
        values = client.valid(operation)
        if values is None:
            return
        if everything:
            values |= _optional(client, operation)
        written = client.control(operation, values, step="write", sent=values)
        created = client.created_id(written)
        _read_back(client, operation, created, values)


def _optional(client: Client, operation: Operation) -> dict[str, Any]:
    """Valid values for the optional members that refer to nothing."""
    return {p.name: client.value(p) for p in operation.body if not p.required and not p.refers and not p.phone}


def _read_back(client: Client, operation: Operation, sought: Id | None, sent: dict[str, Any]) -> None:
    """Read what was written; again after a moment while it does not show, for a write may take time to."""
    reader = next(iter(client.contract.operations_by("read", operation.kind)), None)
    if reader is None or reader.selector is None or sought is None:
        return
    for pause in (0.5, 1.5, 0.0):
        read = client.call(reader, {reader.selector.name: sought}, step="read", sought=str(sought))
        shows = read.response is not None and read.response.ok and not any(differences(operation, sent, read.response.json))
        if shows or not pause:
            break
        client.pause(pause)


def updates(planning: Planning) -> Iterator[Draft]:
    """Each change of something that can be read."""
    for operation in operations(planning, "update"):
        if operation.selector and planning.contract.operations_by("read", operation.kind):
            yield Draft(operation, needs=("full",), cost=4)


@stimulus(updates, rules=("update.read-back",), phase=2)
def test_update(client: Client) -> None:
    """Change one member to a fresh value and read it back."""
    operation = client.operation
    assert operation.selector is not None
    sought = client.own_id(operation)
    member = next((p for p in operation.body if p.fresh), None)
    if sought is not None and member is not None:
        sent = {member.name: client.value(member)}
        client.control(operation, {operation.selector.name: sought, **sent}, step="write", sent=sent, sought=str(sought))
        _read_back(client, operation, sought, sent)


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
