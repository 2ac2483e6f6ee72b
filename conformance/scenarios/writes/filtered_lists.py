"""Looks for a changed object in the lists that a filter narrows to its new values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.model import Exchange, Facts, Open, Parameter, Step
from conformance.reading import as_shown, lacks_new_object, members_of, sought_in, takes
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.filter_values import text_of
from conformance.scenarios.client.ids import Id


def look_through_filters(
    client: Client,
    sought: Id,
    sent: Mapping[str, Any],
    before: Exchange | None,
    after: Exchange | None,
) -> None:
    """Look for a changed object through each filter of its list that its new values pass.

    ``sent`` are the members that changes have sent. ``before`` and ``after`` are the reads of the
    object before and after the last change.
    """
    kind, contract = client.operation.kind, client.contract
    listing = contract.list_of(kind)
    old = members_of(sought_in(contract, before)[0])
    new = members_of(sought_in(contract, after)[0])
    if listing is None or not new:
        return
    changed = as_shown(client.operation, sent)
    position = client.position(after)
    for name, value in _filters_passed(listing.filters, changed, old, new):
        facts = Facts(
            step=Step.FILTERED, sought=str(sought), position=position, filters={name: value}
        )
        _look(client, facts)


def _look(client: Client, facts: Facts) -> None:
    """Request the page of a filtered list where an object must be, again if it is not there yet."""
    ask = client.lister(client.operation.kind, facts.filters)
    if ask is not None:
        client.until(
            lambda: ask(facts=facts), lambda page: not lacks_new_object(client.contract, page)
        )


def _filters_passed(
    filters: tuple[Parameter, ...],
    changed: Mapping[str, Any],
    old: Mapping[str, Any],
    new: Mapping[str, Any],
) -> Iterator[tuple[str, str]]:
    """The filters that an object passes by its new values, each with the value to filter by.

    ``changed`` are the members that changes sent, ``old`` and ``new`` the object before and after.
    The value of a lower bound is the old one, if the new one is above it. Upper bounds are left
    out, and so are filters of members that were not sent.
    """
    for parameter in filters:
        member = parameter.filters
        before, now = text_of(old.get(member)), text_of(new.get(member))
        if parameter.compare == "at-least":
            if before and now and before != now and takes(parameter, new, before):
                yield parameter.name, before
        elif now and member in changed and _is_exact(parameter):
            yield parameter.name, now


def _is_exact(parameter: Parameter) -> bool:
    """Whether a filter by a value that an object shows must find the object."""
    return parameter.plain and Open.FILTER_IGNORED not in parameter.open
