"""Requests with their optional parameters, in values that the target has accepted.

A server may check the input before the key. So a request that must be rejected for its key may
contain only what the target accepts from the main key. Otherwise it may be rejected for its input.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.base.values import as_text, without
from conformance.model import Effect, Facts, Operation, Parameter, Role
from conformance.reading import members_of
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.writing import other_values, usual_values
from conformance.scenarios.keys.key_forms import PAGE_SIZE

Values = dict[str, Any]
"""Values for the parameters of an operation, by name."""


def has_options(client: Client, values: Mapping[str, Any]) -> bool:
    """Whether the operation takes optional parameters that the values do not contain."""
    return bool(without(other_values(client, client.operation), values))


def valid_values(client: Client) -> Values | None:
    """Valid values for the operation of the case; None if one is not known.

    A list that shows the items of one object gets an object that has several.
    """
    if client.operation.paging is None:
        return client.valid(client.operation)
    return client.knowledge.listing(client.operation)


def widened_values(client: Client, values: Values) -> Values:
    """The values of a request, with as many optional parameters as the target accepts.

    The main key tries them in requests of its own. If it may not, the parameters get values from
    documents and lists. If no try is accepted, only the valid values are left. A write is tried on
    an object that no other case uses, and gets fresh texts afterwards, because those that were
    tried may be taken.
    """
    operation = client.operation
    if not _may_try(client):
        return {**_shown_values(client), **values, **later_page(client)}
    if operation.effect is Effect.READ:
        accepted: Values = client.once(
            ("widened", operation.id),
            lambda: _first_accepted(client, valid_values(client) or values),
        )
        return dict(accepted)
    if operation.selector is not None:
        client.own.isolate()
        values = client.valid_or(values, operation)
    tried = _try_widened_write(client, values)
    fresh = client.known(each for each in operation.parameters if each.fresh)
    renewed = {name: text for name, text in fresh.items() if name in tried}
    return {**tried, **client.valid_or(values, operation), **renewed}


def _try_widened_write(client: Client, values: Values) -> Values:
    """Send a write with more parameters until one is accepted; returns its values.

    If none is accepted, the unchanged values, which are not sent. If the API cannot delete what a
    write creates, only the first case of the run tries, with values of its own.
    """
    operation = client.operation
    if not client.shared.creates_undeletable:
        return _first_accepted(client, values)
    new = client.own.valid(operation) or values
    accepted: Values = client.once(("widened", operation.id), lambda: _first_accepted(client, new))
    return dict(accepted)


def _may_try(client: Client) -> bool:
    """Whether the main key may try values: it has the scope, and the request costs no money.

    If a write works on an object, the run must be able to create one. Creations of objects that
    cannot be deleted take turns over runs.
    """
    operation = client.operation
    if operation.effect is Effect.SPEND or not client.target.opens(operation):
        return False
    if not client.shared.has_turn("widened"):
        return False
    if operation.effect is Effect.READ or operation.selector is None:
        return True
    return client.own.can_make(operation.kind)


def _first_accepted(client: Client, values: Values) -> Values:
    """Send requests with more parameters until one is accepted; returns its values.

    If none is accepted, the unchanged values.
    """
    for request in _widened_requests(client, values):
        facts = Facts(mistake=True)
        if client.call(client.operation, request, role=Role.ARRANGE, facts=facts).ok:
            return request
    return values


def _widened_requests(client: Client, values: Values) -> Iterator[Values]:
    """The request with every optional parameter, then without those whose values are guesses."""
    page, shown = later_page(client), _shown_values(client)
    every = {**other_values(client, client.operation), **shown}
    yield {**every, **values, **page}
    if every.keys() != shown.keys():
        yield {**shown, **values, **page}


def _shown_values(client: Client) -> Values:
    """Values of optional parameters that documents give, or that lists show as members."""
    operation = client.operation
    documented = {}
    for name, value in other_values(client, operation).items():
        parameter = operation.parameter(name)
        if parameter is not None and _is_documented(client, parameter):
            documented[name] = value
    filters = dict(shown_filters(operation, _first_item(client)))
    return {**usual_values(client, operation), **documented, **filters}


def _is_documented(client: Client, parameter: Parameter) -> bool:
    """Whether the form of a parameter's value is known, so that it is not guessed from its type."""
    if client.contract.refers(parameter) or parameter.phone or parameter.is_switch:
        return True
    return parameter.has_value or "enum" in parameter.schema


# --- lists ----------------------------------------------------------------------------------------


def later_page(client: Client) -> dict[str, str]:
    """The cursor and limit of a page after the first item.

    Empty for an operation that is not a list, and for a list without a cursor or an item.
    """
    operation, paging = client.operation, client.operation.paging
    if paging is None:
        return {}
    cursor = as_text(_first_item(client).get(paging.position))
    if cursor is None:
        return {}
    return {
        paging.after: cursor,
        paging.limit: str(client.knowledge.within(operation, PAGE_SIZE)),
    }


def narrowed_page(client: Client) -> dict[str, str]:
    """The page after the first item, with the first filter that this item shows a value for.

    Without such a filter, it is that page alone. Empty if ``later_page`` is.
    """
    page = later_page(client)
    if not page:
        return {}
    for name, value in shown_filters(client.operation, _first_item(client)):  # only the first
        return {**page, name: value}
    return page


def _first_item(client: Client) -> dict[str, Any]:
    """The first item of the operation's list; empty if there is none or it is not a list."""
    if client.operation.paging is None:
        return {}
    listed = client.knowledge.listed(client.operation.kind)
    return members_of(listed[0]) if listed else {}


def shown_filters(operation: Operation, members: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each optional filter that an item shows a text for, with that text.

    Bounds are left out. Filters by an id of another object come last.
    """
    optional = [each for each in operation.filters if each.plain]
    for parameter in sorted(optional, key=lambda each: bool(each.references)):
        value = members.get(parameter.filters)
        if isinstance(value, str):
            yield parameter.name, value
