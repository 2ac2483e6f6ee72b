"""Work on an object, such as to pause it, and read another one, which must stay unchanged."""

from __future__ import annotations

from conformance.model import Facts, Role, Step
from conformance.reading import Answer, ordered
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.ids import Id
from conformance.scenarios.client.member_changes import other_choices
from conformance.scenarios.client.writing import read_back


def work_on_one(client: Client) -> None:
    """Read two new objects, work on one, and read again; then work on it in the other ways.

    The objects are new, because other cases may spoil a shared one. An operation that issues a
    secret is called twice.
    """
    operation, selector = client.operation, client.operation.selector
    assert selector is not None
    client.own.apart(operation)
    older, values = client.own.twin(operation), client.valid(operation)
    if values is None:
        return
    kind, sought = selector.references, values[selector.name]
    other = None if older == sought else older
    _look_at_other(client, kind, other, Step.OLDER_BEFORE)
    client.settled(kind, sought, Facts(step=Step.BEFORE))
    facts = Facts(step=Step.WRITE, sent=operation.in_body(values), sought=str(sought))
    written = client.control(operation, values, facts=facts)
    if written.ok and operation.secrets:
        client.control(operation, values, facts=facts)
    announced = Answer(client.contract, operation, written).object
    read_back(client, operation, sought, ordered(operation, written, announced))
    _look_at_other(client, kind, other, Step.OLDER_AFTER)
    for choice in other_choices(operation, values):  # may be rejected if pointless by now
        request = {**values, **choice}
        if client.mistake(operation, request, role=Role.BYSTANDER).response is not None:
            client.mistake(operation, request, role=Role.BYSTANDER)


def _look_at_other(client: Client, kind: str, other: Id | None, step: Step) -> None:
    """Read an object other than the one that is worked on, if there is one."""
    if other is not None:
        client.settled(kind, other, Facts(step=step))
