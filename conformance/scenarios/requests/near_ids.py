"""Reads of an object that is not the newest, and of ids that differ little from its own."""

from __future__ import annotations

import sys
from typing import Any

from conformance.model import Open, Parameter
from conformance.plan.registry import Depth
from conformance.reading import is_hexadecimal, rows_of
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.ids import PROTOTYPE, Id, identifier

SIMILAR = {Depth.FULL: 5, Depth.DEEP: 5}
"""How many similar ids are requested at most."""
SHORT_ID = 7
"""Characters of an id so short that a piece of it may well be another id."""


def choose_older(client: Client, values: dict[str, Any], selector: Parameter) -> None:
    """Put the id of an object that is not the newest into the values, and request similar ids.

    The values stay as they are if the sources or the target file limit what can be read, or if they
    do not name an object that a list shows.
    """
    operation = client.operation
    is_given = selector.name in client.target.inputs.get(operation.id, {})
    if is_given or operation.open & {Open.INPUT, Open.ABSENT_OBJECT}:
        return
    known = client.knowledge.known_ids(selector.references, member=selector.by)
    if values[selector.name] in known:
        values[selector.name] = _barest(client, selector, known)
        _send_similar_ids(client, values, selector, {str(name) for name in known})


def _barest(client: Client, selector: Parameter, known: list[Id]) -> Id:
    """The id of the object that shows the fewest members, other than the newest.

    Of equal ones, the third is preferred. If the operation reads something else of the object, the
    third is always chosen, because a bare object may lack what is to be read.
    """
    kind, third = client.operation.kind, known[min(2, len(known) - 1)]
    if selector.references != kind:
        return third
    rows = rows_of(client.knowledge.listed(kind))
    shown = {}
    for row in rows:
        name = identifier(client.contract, row, kind, selector.by)
        shown[name] = sum(value is not None for value in row.values())

    def preference(name: Id) -> tuple[int, bool]:
        return shown.get(name, sys.maxsize), name != third

    return min(known[1:], key=preference, default=third)


def _send_similar_ids(
    client: Client, values: dict[str, Any], selector: Parameter, existing: set[str]
) -> None:
    """Request ids that differ little from the one in the values, and that name nothing.

    A beginning of the id is avoided if it is itself one of the ``existing`` ids. Nothing is sent if
    the operation reads something else of the object.
    """
    own = str(values[selector.name])
    if selector.references != client.operation.kind:
        return
    similar = [f"{own}x"] if own.isdecimal() else []
    if len(own) > SHORT_ID:
        starts = [own[:end] for end in range(len(own) - 1, 1, -1)]  # the longest first
        start = next((each for each in starts if each not in existing), own[:-1])
        similar = [start, f"{own}x", f"{start}%"]
        if not is_hexadecimal(own):
            similar.append(own.swapcase())
        similar.append(PROTOTYPE)
    for name in similar[: SIMILAR[client.depth]]:
        client.mistake(client.operation, {**values, selector.name: name})
