"""Reads of an object that is not the newest, and of ids that differ little from its own."""

from __future__ import annotations

from typing import Any

from conformance.model import Open, Parameter
from conformance.reading import is_hexadecimal
from conformance.suite.client import Client

SHORT_ID = 7
"""Characters of an id so short that a piece of it may well be another id."""


def choose_older(client: Client, values: dict[str, Any], selector: Parameter) -> None:
    """Read the third known object, or the last of fewer; before it, ask for similar ids.

    The values stay as they are where the sources or the target file limit what can be read.
    """
    operation = client.operation
    given = client.target.inputs.get(operation.id, {})
    limited = operation.open & {Open.INPUT, Open.ABSENT_OBJECT}
    if limited:
        return
    if selector.name in given:
        return
    known = client.knowledge.known_ids(selector.references, member=selector.by)
    if values[selector.name] in known:
        third = min(2, len(known) - 1)
        values[selector.name] = known[third]
        _send_similar_ids(client, values, selector)


def _send_similar_ids(client: Client, values: dict[str, Any], selector: Parameter) -> None:
    """Ask for ids that differ little from a known one: only that object itself may be shown."""
    known = str(values[selector.name])
    if selector.references != client.operation.kind:
        return
    similar = [f"{known}x"] if known.isdecimal() else []
    if len(known) > SHORT_ID:
        similar = [known[:-1], f"{known}x", f"{known[:-1]}%"]
        if not is_hexadecimal(known):
            similar.append(known.swapcase())
    for identifier in similar:
        client.mistake(client.operation, {**values, selector.name: identifier})
