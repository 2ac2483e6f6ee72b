"""Work on an object, such as to pause it, and read another one, which must stay unchanged."""

from __future__ import annotations

from typing import Any

from conformance.model import Exchange, Facts, Role, Step
from conformance.reading import Answer, members_in_state
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.ids import Id
from conformance.scenarios.client.member_changes import other_choices
from conformance.scenarios.client.writing import read_back, visible_change


def work_on_one(client: Client) -> None:
    """Read two new objects, work on one, and read again; then work on it in the other ways.

    The objects are new, because other cases may spoil a shared one. An operation that issues a
    secret is called twice. At the end, the first request is repeated, although the state of the
    object may rule it out.
    """
    operation, selector = client.operation, client.operation.selector
    assert selector is not None
    client.own.isolate(operation)
    older, values = client.own.twin(operation), client.valid(operation)
    if values is None:
        return
    kind, sought = selector.references, values[selector.name]
    other = None if older == sought else older  # the target may refuse a second, equal object
    _look_at_other(client, kind, other, Step.OLDER_BEFORE)
    _change_all(client, kind, sought)
    client.settled(kind, sought, Facts(step=Step.BEFORE))
    facts = Facts(step=Step.WRITE, sent=operation.in_body(values), sought=str(sought))
    written = client.control(operation, values, facts=facts)
    if written.ok and operation.secrets:
        client.control(operation, values, facts=facts)
    _read_announced(client, sought, written)
    _look_at_other(client, kind, other, Step.OLDER_AFTER)
    choices = list(other_choices(operation, values))
    for choice in choices:
        _work_otherwise(client, kind, sought, {**values, **choice})
    if choices:
        client.mistake(operation, values, role=Role.BYSTANDER)


def _change_all(client: Client, kind: str, sought: Id) -> None:
    """Change the optional members but switches in every visible way that the target file allows.

    The work must leave them alone. Changes that select one mode of a request are left out.
    """
    for operation in client.contract.operations_by("update", kind):
        selector, sent = operation.selector, client.optional(operation, switches=False)
        if selector is None or not visible_change(client.contract, operation):
            continue
        if operation.when in (None, selector.name) and operation.effect in client.target.allow:
            client.call(operation, {selector.name: sought, **sent}, role=Role.ARRANGE)


def _work_otherwise(client: Client, kind: str, sought: Id, values: dict[str, Any]) -> None:
    """Work on the object in another way, twice; both requests may be rejected."""
    operation = client.operation
    client.settled(kind, sought, Facts(step=Step.BEFORE))
    facts = Facts(step=Step.WRITE, sent=operation.in_body(values), sought=str(sought))
    written = client.mistake(operation, values, facts, role=Role.BYSTANDER)
    if written.ok:
        _read_announced(client, sought, written)
    if written.response is not None:
        client.mistake(operation, values, role=Role.BYSTANDER)


def _read_announced(client: Client, sought: Id, written: Exchange) -> None:
    """Read the object until it shows the state that the response to the work shows."""
    announced = Answer(client.contract, client.operation, written).object
    read_back(
        client, client.operation, sought, members_in_state(client.operation, written, announced)
    )


def _look_at_other(client: Client, kind: str, other: Id | None, step: Step) -> None:
    """Read an object other than the one that is worked on, if there is one."""
    if other is not None:
        client.settled(kind, other, Facts(step=step))
