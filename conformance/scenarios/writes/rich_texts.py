"""Valid writes with every member, whose texts and numbers clients rarely send."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.base.drawing import one_of
from conformance.model import Effect, Facts, Operation, Parameter, Step
from conformance.plan.registry import Planning, operations
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.writing import (
    named_objects,
    read_back,
    takes_any_text,
)
from conformance.scenarios.generated.generate import Drawing
from conformance.scenarios.writes.filtered_lists import look_through_filters
from conformance.scenarios.writes.planned_writes import creations, updates

SIGNS = "signs"
THEMES = ("scripts", SIGNS, "values", "lengths")
"""What is rare about the texts of a write. A server may refuse any of them."""
JUDGED_BY = {"create": "create.read-back", "update": "update.read-back"}
"""By action, the rule that what was sent is shown."""


def richly_written(planning: Planning) -> Iterator[Operation]:
    """The creations and changes with a key and a free text that are read back and cost no money."""
    readable = [draft.operation for draft in (*creations(planning), *updates(planning))]
    for operation in operations(planning, *JUDGED_BY):
        is_free_of_charge = operation.effect is Effect.WRITE
        is_suitable = operation in readable and operation.keyed and is_free_of_charge
        if is_suitable and _free_texts(operation):
            yield operation


def _free_texts(operation: Operation) -> list[Parameter]:
    """The members of a body that take any text."""
    return [member for member in operation.body if takes_any_text(member) or _is_prose(member)]


def _is_prose(member: Parameter) -> bool:
    """Whether a member has a text as its example, and no format."""
    if member.phone or member.references or {"format", "pattern", "enum"} & set(member.schema):
        return False
    return isinstance(member.example, str)


RARE = "texts that clients rarely send"
"""What is odd about the writes."""


def create_richly(client: Client, drawing: Drawing) -> None:
    """Create an ordinary object, then some with every member and rare texts, and read them back.

    The ordinary object shows what the server returns for members that were not sent.
    """
    operation, values = client.operation, client.valid(client.operation)
    if values is None:
        return
    facts = Facts(step=Step.WRITE, sent=operation.in_body(values))
    client.control(operation, values, facts)
    for theme in THEMES:
        values = client.valid(operation)
        if values is None:
            return
        texts = _texts(client, drawing, theme)
        values = {**named_objects(client), **client.optional(client.operation), **values, **texts}
        if theme == SIGNS:
            values |= _tagged_addresses(operation, values)
        facts = Facts(step=Step.WRITE, sent=operation.in_body(values), flaw=RARE)
        sought = client.created_id(client.mistake(operation, values, facts))
        read_back(client, operation, sought, values)


def change_richly(client: Client, drawing: Drawing, theme: str) -> None:
    """Change every member of an object, to rare texts where it takes any, and read it back.

    Filters of its list must find it by an address with a plus sign.
    """
    operation, values = client.operation, client.valid(client.operation)
    selector = operation.selector
    if values is None or selector is None:
        return
    sent = {**client.optional(client.operation), **_texts(client, drawing, theme)}
    if theme == SIGNS:
        sent |= _tagged_addresses(operation, sent)
    sought = values[selector.name]
    facts = Facts(step=Step.WRITE, sent=sent, sought=str(sought), flaw=RARE)
    if client.mistake(operation, {**values, **sent}, facts).ok:
        after = read_back(client, operation, sought, sent)
        if theme == SIGNS:
            look_through_filters(client, sought, sent, None, after)


def _texts(client: Client, drawing: Drawing, theme: str) -> dict[str, Any]:
    """A drawn text for each member that takes any. The first ends with a mark of its own."""
    drawn = drawing.texts(theme)
    texts: dict[str, Any] = {}
    for member in _free_texts(client.operation):
        text = one_of(drawn, f"{client.operation.id} {member.name}")
        is_first = not texts
        texts[member.name] = f"{text} {client.token()}" if is_first else text
    return texts


def _tagged_addresses(operation: Operation, values: Mapping[str, Any]) -> dict[str, str]:
    """The mail addresses among some values, each with a tag after a plus sign if it has none."""
    tagged = {}
    for member in operation.body:
        name, at, domain = str(values.get(member.name)).partition("@")
        if member.schema.get("format") == "email" and at and "+" not in name:
            tagged[member.name] = f"{name}+{domain.partition('.')[0]}@{domain}"
    return tagged
