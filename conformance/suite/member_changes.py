"""Changes of one member each, in the ways that documents and answers suggest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from conformance.model import Exchange, Facts, Operation, Parameter, Role, Step
from conformance.reading import members_of, sought_in
from conformance.suite.client import Client
from conformance.suite.writing import read_back, takes_any_text
from conformance.values import ABSENT, without

SIGNS = "Zoë “O’Neil” & Söhne 🎉 100% \\ /"
"""Text that is no everyday ASCII. A server that accepts it has to give it back."""


BOOLEAN = "boolean"


def changeable(operation: Operation) -> list[Parameter]:
    """The members that a change need not send, and that name no object and no phone."""
    return list(filter(partial(_is_free, operation), operation.body))


def _is_free(operation: Operation, member: Parameter) -> bool:
    """Whether a member may be changed by itself."""
    selects = member.name == operation.when
    if any((member.required, member.references, member.phone, selects)):
        return False
    return any((member.has_value, member.schema.get("type") == BOOLEAN))


def change_each(client: Client) -> None:
    """Change one member after the other, the first one twice; read the object at the end.

    Each change may be refused. What was accepted must be there in the end: all of it, unless a
    change may replace what it does not send.
    """
    operation, values = client.operation, client.valid(client.operation)
    assert operation.selector is not None
    if values is None:
        return
    sought = values[operation.selector.name]
    before = client.settled(operation.kind, sought, Facts(step=Step.BEFORE))
    shown = members_of(_found(client, before))
    sent: dict[str, Any] = {}
    for name, value in _changes(client, shown):
        request = {**values, name: value}
        kept = sent if operation.method == "PATCH" else {}
        expected = {**kept, **without(operation.in_body(request), {operation.selector.name})}
        facts = Facts(step=Step.WRITE, sent=expected, sought=str(sought))
        if client.call(operation, request, role=Role.ARRANGE, facts=facts).ok:
            sent = expected
    if sent:
        read_back(client, operation, sought, sent)
    switched = {name: shown[name] for name in sent if isinstance(shown.get(name), bool)}
    if switched:  # others may need the object as it was
        client.call(operation, {**values, **switched}, role=Role.ARRANGE)


def _found(client: Client, look: Exchange | None) -> Any:
    """The object that a look shows; None without one."""
    return None if look is None else sought_in(client.contract, look)[0]


def _changes(client: Client, shown: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Names of members, each with a value that the object does not have as it is ``shown``."""
    members = changeable(client.operation)
    for member in (*members, *members[:1]):
        for value in _values(client, member, shown.get(member.shown_as)):
            yield member.name, value


def _values(client: Client, member: Parameter, present: Any) -> list[Any]:
    """What a member is changed to, one after the other: a switch is on before it goes off."""
    if member.schema.get("type") == BOOLEAN:
        return [False] if present is True else [True, False]
    if takes_any_text(member):
        return [f"{SIGNS} {client.token()}"]
    value = client.value(member)
    return [] if value is ABSENT else [value]
