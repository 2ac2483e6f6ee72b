"""A write between looks at the list of its kind, as its own business and another one see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from conformance.model import Exchange, Facts, Role, Step
from conformance.reading import answer_of, missing
from conformance.suite.client import Client
from conformance.suite.knowledge import LARGE
from conformance.suite.sides import SIDES

Look = Callable[[Step], Exchange]
"""Asks for a page of the list, under a step."""


def write_beside_others(client: Client) -> None:
    """Look at the lists twice, for they may change by themselves; write, and look again."""
    client.own.apart()
    operation, values = client.operation, client.valid(client.operation)
    looks = list(filter(None, (_look_with(client, key) for key in ("full", "other"))))
    if values is None:
        return
    if operation.action == "update":
        values |= client.optional(operation, switches=False)
    facts = Facts(step=Step.WRITE, sent=operation.in_body(values))
    if operation.selector is not None:
        facts = replace(facts, sought=str(values[operation.selector.name]))
    for look in looks:
        look(Step.LISTED_BEFORE)
    before = [look(Step.LISTED_BEFORE) for look in looks]
    if client.control(operation, values, facts=facts).ok:
        for look, old in zip(looks, before, strict=True):
            client.until(partial(look, Step.LISTED_AFTER), partial(_shows_all, client, old))


def _look_with(client: Client, key: str) -> Look | None:
    """Asks for a large first page of the list with a key; None without values for it."""
    listing = client.contract.list_of(client.operation.kind)
    if listing is None or listing.paging is None or not client.knowledge.has(key):
        return None
    values = client.knowledge.listing(listing, key)
    if values is None:
        return None
    page = values | {listing.paging.limit: str(client.knowledge.within(listing, LARGE))}
    facts = Facts(side=SIDES[key])
    return lambda step: client.call(
        listing, page, key=key, role=Role.ARRANGE, facts=replace(facts, step=step)
    )


def _shows_all(client: Client, before: Exchange, after: Exchange) -> bool:
    """Whether a list shows what it showed before, or cannot be compared."""
    old, new = (answer_of(client.contract, look) for look in (before, after))
    return not (old and new and missing(old, new))
