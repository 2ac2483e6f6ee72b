"""A write between reads of its kind's list, as its own business and another one see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.model import Facts, KeyName, Role, Step
from conformance.reading import Answer, missing_items, rows_of
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.knowledge import LARGE
from conformance.scenarios.tenants.pages_by_key import SIDES

Look = Callable[[Step], Answer]
"""Requests a page of the list, under a step."""


QUIET = 20
"""Additional reads of a list before a second attempt, because it may lose items by itself."""


def write_beside_others(client: Client) -> None:
    """Read the list with the key of each business, write, and read the lists again.

    A deletion is labelled as JSON, as some clients label every request. A creation may serve other
    cases as their control. An attempt that confirms a finding first reads the lists QUIET more
    times.
    """
    operation = client.operation
    client.own.isolate(operation)
    shared, served_cases = client.shared.due_early()
    values = shared or _valid_with_options(client)
    if values is None:
        return
    looks = _looks(client)
    reads = 1 + QUIET if client.confirming else 1
    for _ in range(reads):
        before = [look(Step.LISTED_BEFORE) for look in looks]
    sought = str(values[operation.selector.name]) if operation.selector else None
    sent = operation.in_body(values)
    facts = Facts(step=Step.WRITE, sent=sent, sought=sought, serves=served_cases)
    if operation.action == "delete":
        client.call(operation, values, role=Role.CONTROL, facts=facts, label=True)
    else:
        written = client.control(operation, values, facts=facts)
        if served_cases:
            client.shared.remember(values, client.created_id(written))
    for look, old in zip(looks, before, strict=True):
        _look_until_complete(client, look, old, sought)


def _valid_with_options(client: Client) -> dict[str, Any] | None:
    """Valid values, with optional ones for a change and for an operation that only previews.

    A faulty server may write the optional values to other objects, too.
    """
    operation, values = client.operation, client.valid(client.operation)
    if values is None:
        return None
    if operation.action == "update" or client.contract.only_plans(operation):
        return {**values, **client.optional(operation, switches=False)}
    return values


def _looks(client: Client) -> list[Look]:
    """The list reads, one with the key of each business that values are known for."""
    looks = [_look_with(client, key) for key in (KeyName.FULL, KeyName.OTHER)]
    return [look for look in looks if look is not None]


def _look_with(client: Client, key: str) -> Look | None:
    """A function that reads a large first page with a key; None without values for it."""
    listing = client.contract.list_of(client.operation.kind)
    assert listing is not None  # only a kind that is listed has such a case
    assert listing.paging is not None
    values = client.knowledge.listing(listing, key) if client.knowledge.has(key) else None
    if values is None:
        return None
    values[listing.paging.limit] = str(client.knowledge.within(listing, LARGE))

    def look(step: Step) -> Answer:
        facts = Facts(step=step, side=SIDES[key])
        exchange = client.call(listing, values, key=key, role=Role.ARRANGE, facts=facts)
        return Answer(client.contract, listing, exchange)

    return look


def _look_until_complete(client: Client, look: Look, old: Answer, sought: str | None) -> None:
    """Read until the list shows what it showed before, except for the object of the write.

    ``old`` is the page from before, and ``sought`` the id of that object, if the write names one.
    """
    name = old.contract.identifier_of(old.operation.kind)

    def is_complete(new: Answer) -> bool:
        missing = rows_of(missing_items(old, new))
        return all(str(row.get(name)) == sought for row in missing)

    client.until(lambda: look(Step.LISTED_AFTER), is_complete)
