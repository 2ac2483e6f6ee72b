"""Reports of figures that are requested in the name of another business."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from conformance.base.values import ABSENT, without
from conformance.model import (
    Business,
    Declaration,
    Effect,
    Exchange,
    Facts,
    KeyName,
    Operation,
    Params,
    Role,
    Step,
)
from conformance.plan.registry import Draft, Planning, operations, other_business
from conformance.scenarios.client.client import Client
from conformance.scenarios.tenants.cross_tenant import with_query
from conformance.scenarios.tenants.foreign import value_of_other
from conformance.transport.message import Message, message_for

TENANT_HEADERS = ("X-Business-Id", "X-Tenant-Id", "X-Account-Id", "X-Organization-Id")
"""Headers that a server may take the business from, instead of from the key."""
MADE = 4
"""Objects created between reports. A figure that grows by exactly as many counts them."""


def reports(planning: Planning) -> Iterator[Draft]:
    """Each report of figures."""
    if not planning.contract.tenant:
        return
    for operation in _keyed(planning, "fetch"):
        yield Draft(operation, needs=(KeyName.FULL, other_business(planning)), cost=5)


def _keyed(planning: Planning, action: str) -> list[Operation]:
    """The operations of an action that require a key."""
    return [operation for operation in operations(planning, action) if operation.keyed]


def compare_figures(client: Client) -> None:
    """Request the main business's report, then the same while naming the other business.

    The query and headers name the other business, and each parameter that takes an object names one
    of the other business. The key of the other business requests its own report for comparison. If
    a response differs from the first, the report is requested again: with an object of the main
    business in each such parameter, and then as at first.
    """
    operation, business = client.operation, client.knowledge.business(KeyName.OTHER)
    values = client.valid(operation)
    has_key = client.knowledge.has(KeyName.OTHER)
    other_values = client.valid(operation, KeyName.OTHER) if has_key else None
    if values is None or business is None:
        return
    before = client.control(operation, values, facts=Facts(step=Step.BEFORE))
    if other_values is not None:
        _ask_with_other_key(client, values, other_values, business, before)
    exchanges = list(_ask_naming_other(client, values, other_values or values, business))
    if any(exchange.ok and exchange.json != before.json for exchange in exchanges):
        _ask_again(client, values)


def _ask_with_other_key(
    client: Client,
    values: dict[str, Any],
    other_values: dict[str, Any],
    business: str,
    before: Exchange,
) -> None:
    """Request the other business's report with its own key and ``other_values``.

    If both the request and the report equal those of the main business (``values``, ``before``),
    a cache may have answered, so the report is requested again past any cache.
    """
    own_report = _ask_as_owner(client, other_values, business)
    is_same_request = other_values == values
    if own_report.ok and is_same_request and own_report.json == before.json:
        _ask_past_a_cache(client, values)


def _ask_naming_other(
    client: Client, values: dict[str, Any], other_values: dict[str, Any], business: str
) -> Iterator[Exchange]:
    """Request the report of the main business, naming the other business or one of its objects.

    Yields these requests. Around the one for an object, its owner first requests its own report
    with it, and then the main business names an object that does not exist, for comparison.
    """
    operation = client.operation
    for message in _requests_naming(client, values, business):
        facts = Facts(mistake=True, step=Step.FOREIGN, sought=business)
        yield client.raw(message, operation.id, facts=facts)
    for name, value in _objects_of_other(client).items():
        _ask_as_owner(client, {**other_values, name: value}, value)
        facts = Facts(step=Step.FOREIGN, sought=str(value))
        yield client.mistake(operation, {**values, name: value}, facts=facts)
        unknown = client.unknown_id(value)
        facts = Facts(step=Step.NOBODY, sought=str(unknown))
        client.mistake(operation, {**values, name: unknown}, facts=facts)


def _ask_again(client: Client, values: dict[str, Any]) -> None:
    """Request the main report again, first with the main business's object for each parameter."""
    operation = client.operation
    for name in _objects_of_other(client):
        parameter = operation.parameter(name)
        own = ABSENT if parameter is None else client.value(parameter)
        if own is not ABSENT:
            narrowed, facts = {**values, name: own}, Facts(step=Step.AFTER, sought=str(own))
            client.call(operation, narrowed, role=Role.ARRANGE, facts=facts)
    client.call(operation, values, role=Role.ARRANGE, facts=Facts(step=Step.AFTER))


def _ask_as_owner(client: Client, values: dict[str, Any], sought: Any) -> Exchange:
    """Request the other business's report, with its own key."""
    facts = Facts(step=Step.OWNER, sought=str(sought))
    return client.call(client.operation, values, role=Role.ARRANGE, key=KeyName.OTHER, facts=facts)


def _ask_past_a_cache(client: Client, values: dict[str, Any]) -> None:
    """Request the other business's report under a unique URL, then as before, for comparison.

    A server may cache responses by URL, regardless of the caller.
    """
    operation = client.operation
    message = with_query(message_for(operation, values), "_", client.token())
    facts = Facts(mistake=True, step=Step.UNCACHED)
    client.raw(message, operation.id, key=KeyName.OTHER, facts=facts, role=Role.BYSTANDER)
    facts = Facts(step=Step.CACHED)
    client.call(operation, values, role=Role.ARRANGE, key=KeyName.OTHER, facts=facts)


@dataclass(frozen=True)
class Growth(Params):
    """What is created, and the reports that must not count it, by their operations."""

    creation: str
    reports: tuple[str, ...]


def reports_beside_creations(planning: Planning) -> Iterator[Draft]:
    """All reports of figures that need no parameter, before and after creations of one kind.

    One case creates objects that cost nothing, another those that cost money; each takes the kind
    whose list has the most filters.
    """
    names = tuple(report.id for report in _keyed(planning, "fetch") if not report.required)
    if not names:
        return
    creations = _keyed(planning, "create")
    creations.sort(key=lambda creation: _filter_count(planning, creation), reverse=True)
    for effect in (Effect.WRITE, Effect.SPEND):
        of_effect = [creation for creation in creations if creation.effect is effect]
        if of_effect:
            yield Draft(
                None,
                of_effect[0].kind,
                effect=effect,
                needs=(KeyName.FULL, KeyName.OTHER),
                cost=3 * len(names) + MADE,
                params=Growth(of_effect[0].id, names),
                optional=True,
            )


def _filter_count(planning: Planning, creation: Operation) -> int:
    """The number of filters that the list of the created kind has."""
    listing = planning.contract.list_of(creation.kind)
    return len(listing.filters) if listing else 0


def watch_figures(client: Client) -> None:
    """Request the other business's reports twice, and again after the main one creates objects.

    Twice, because figures that change by themselves prove nothing. Creations that cost money take
    turns over runs.
    """
    params = client.params(Growth)
    creation = client.contract.operations[params.creation]
    if creation.effect is Effect.SPEND and not client.shared.has_turn(operation=creation):
        return
    _all_reports(client, params, Step.BEFORE)
    _all_reports(client, params, Step.BEFORE)
    for _ in range(MADE):
        values = client.valid_or({}, creation)
        client.call(creation, values, role=Role.ARRANGE, facts=Facts(step=Step.WRITE))
    _all_reports(client, params, Step.AFTER)


def _all_reports(client: Client, params: Growth, step: Step) -> None:
    """Request each report of the other business with that business's key."""
    for name in params.reports:
        report = client.contract.operations[name]
        values = client.valid_or({}, report, KeyName.OTHER)
        client.call(report, values, role=Role.ARRANGE, key=KeyName.OTHER, facts=Facts(step=step))


def reports_for_the_empty(planning: Planning) -> Iterator[Draft]:
    """Each report of figures, with the key of a business without data."""
    for operation in _keyed(planning, "fetch"):
        narrowed = list(_narrowings(operation))
        rules = None if narrowed else ()  # only the rules for every response judge a plain report
        cost = 1 + len(narrowed)
        yield Draft(operation, needs=(KeyName.EMPTY,), cost=cost, optional=True, rules=rules)


def narrow_empty_figures(client: Client) -> None:
    """Request the report of a business without data, then with each parameter that narrows it."""
    operation = client.operation
    values = client.valid(operation, KeyName.EMPTY)
    if values is None:
        return
    facts = Facts(step=Step.BEFORE)
    client.call(operation, values, key=KeyName.EMPTY, role=Role.CONTROL, facts=facts)
    for narrowing in _narrowings(operation):
        facts = Facts(step=Step.NARROWED)
        client.mistake(operation, {**values, **narrowing}, key=KeyName.EMPTY, facts=facts)


def untried_narrowings(target: Declaration, operation: Operation) -> list[dict[str, Any]]:
    """The values that narrow a report, unless the key of an empty business tries them."""
    return [] if Business.EMPTY in target.keys else list(_narrowings(operation))


def _narrowings(operation: Operation) -> Iterator[dict[str, Any]]:
    """The values that the contract gives for a report's optional parameters, one at a time.

    Those are the choices, or else the example and the maximum. Empty values are left out.
    """
    for parameter in operation.parameters_in("query"):
        if parameter.required or parameter.references:
            continue
        examples = [parameter.example, parameter.schema.get("maximum")]
        for value in parameter.schema.get("enum", examples):
            if value:
                yield {parameter.name: value}


def _requests_naming(client: Client, values: dict[str, Any], business: str) -> Iterator[Message]:
    """The request with another business in the query, in place of its own; then in headers."""
    tenant = client.contract.tenant or ""
    others = without(values, {tenant})
    yield with_query(message_for(client.operation, others), tenant, business)
    yield with_tenant_headers(message_for(client.operation, values), business)


def with_tenant_headers(message: Message, business: str) -> Message:
    """The message with a business in each header that a server may take it from."""
    headers = [(name, business) for name in TENANT_HEADERS]
    return replace(message, headers=(*message.headers, *headers))


def _objects_of_other(client: Client) -> dict[str, Any]:
    """The busiest object of the other business for each parameter that takes one, by name.

    Parameters for which the other business has no object of its own are left out.
    """
    named = {}
    for parameter in client.operation.parameters:
        if parameter.references and parameter.name != client.contract.tenant:
            value = value_of_other(client, parameter)
            if value is not ABSENT and value != client.value(parameter):
                busiest = client.knowledge.busiest(parameter, KeyName.OTHER)
                named[parameter.name] = busiest[0] if busiest else value
    return named
