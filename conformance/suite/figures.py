"""Reports of figures, asked for in the name of another business."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import filterfalse
from operator import attrgetter
from typing import Any

from conformance.model import (
    Business,
    Declaration,
    Effect,
    Exchange,
    Facts,
    Operation,
    Params,
    Role,
    Step,
)
from conformance.scenarios import Draft, Planning, operations, other_business
from conformance.suite.client import Client
from conformance.suite.crossing import with_query
from conformance.suite.foreign import of_other
from conformance.transport.message import Message, message_for
from conformance.values import ABSENT, without

TENANT_HEADERS = ("X-Business-Id", "X-Tenant-Id", "X-Account-Id", "X-Organization-Id")
"""Headers that a server may take the business from, instead of from the key."""
MADE = 4
"""Objects that are made beside reports: a figure that grows by just as many counts them."""


def reports(planning: Planning) -> Iterator[Draft]:
    """Each report of figures."""
    if not planning.contract.tenant:
        return
    for operation in filter(attrgetter("keyed"), operations(planning, "fetch")):
        yield Draft(operation, needs=("full", other_business(planning)), cost=4)


def compare_figures(client: Client) -> None:
    """The own report; then with the other business in the query, in headers, and as a filter.

    Where one was answered otherwise, the own report is asked for again, and once for each own
    object in place of a foreign one.
    """
    operation, business = client.operation, client.knowledge.business("other")
    values = client.valid(operation)
    theirs = client.valid(operation, "other") if client.knowledge.has("other") else None
    if values is None or business is None:
        return
    before = client.control(operation, values, facts=Facts(step=Step.BEFORE))
    if theirs is not None:
        owner = _ask_as_owner(client, theirs, business)
        same_request, same_report = theirs == values, owner.json == before.json
        if all((owner.ok, same_request, same_report)):
            _ask_past_a_cache(client, values)
    answers = list(_ask_for_others(client, values, theirs or values, business))
    if any(answer.ok and answer.json != before.json for answer in answers):
        _ask_again(client, values)


def _ask_for_others(
    client: Client, values: dict[str, Any], theirs: dict[str, Any], business: str
) -> Iterator[Exchange]:
    """The own report with the other business, and with an object of it for each parameter."""
    operation = client.operation
    for message in _naming(client, values, business):
        facts = Facts(mistake=True, step=Step.FOREIGN, sought=business)
        yield client.raw(message, operation.id, facts=facts)
    for name, value in _references(client).items():
        _ask_as_owner(client, {**theirs, name: value}, value)
        facts = Facts(step=Step.FOREIGN, sought=str(value))
        yield client.mistake(operation, {**values, name: value}, facts=facts)


def _ask_again(client: Client, values: dict[str, Any]) -> None:
    """The own report again; before it, with an own object for each parameter that names one."""
    operation = client.operation
    for name in _references(client):
        parameter = operation.parameter(name)
        own = ABSENT if parameter is None else client.value(parameter)
        if own is not ABSENT:
            narrowed, facts = {**values, name: own}, Facts(step=Step.AFTER, sought=str(own))
            client.call(operation, narrowed, role=Role.ARRANGE, facts=facts)
    client.call(operation, values, role=Role.ARRANGE, facts=Facts(step=Step.AFTER))


def _ask_as_owner(client: Client, values: dict[str, Any], sought: Any) -> Exchange:
    """The report of the other business, with its own key."""
    facts = Facts(step=Step.OWNER, sought=str(sought))
    return client.call(client.operation, values, role=Role.ARRANGE, key="other", facts=facts)


def _ask_past_a_cache(client: Client, values: dict[str, Any]) -> None:
    """The report of the other business under a URL of its own; then as before, for comparison.

    A server may keep answers by their URL, whoever asks.
    """
    operation = client.operation
    message = with_query(message_for(operation, values), "_", client.token())
    facts = Facts(mistake=True, step=Step.UNCACHED)
    client.raw(message, operation.id, key="other", facts=facts, role=Role.BYSTANDER)
    facts = Facts(step=Step.CACHED)
    client.call(operation, values, role=Role.ARRANGE, key="other", facts=facts)


@dataclass(frozen=True)
class Growth(Params):
    """What is made, and the reports that must not count it, by their operations."""

    creation: str
    reports: tuple[str, ...]


def reports_beside_creations(planning: Planning) -> Iterator[Draft]:
    """All reports of figures together, beside the creation of what is most often searched for.

    Once beside what costs nothing, and once beside what does.
    """
    keyed = filter(attrgetter("keyed"), operations(planning, "fetch"))
    names = tuple(map(attrgetter("id"), filterfalse(attrgetter("required"), keyed)))
    creations = list(filter(attrgetter("keyed"), operations(planning, "create")))
    creations.sort(key=partial(_filters, planning), reverse=True)
    together = partial(Draft, None, needs=("full", "other"), optional=True)
    for effect in (Effect.WRITE, Effect.SPEND):
        made = [creation for creation in creations if creation.effect is effect]
        for creation in made[: min(1, len(names))]:
            params, cost = Growth(creation.id, names), 3 * len(names) + MADE
            yield together(creation.kind, effect=effect, cost=cost, params=params)


def _filters(planning: Planning, creation: Operation) -> int:
    """How many filters the list of what is created has."""
    listing = planning.contract.list_of(creation.kind)
    return len(listing.filters) if listing else 0


def watch_figures(client: Client) -> None:
    """The reports of the other business twice, and again after the main one has made objects."""
    params = client.params(Growth)
    creation = client.contract.operations[params.creation]
    _all_reports(client, params, Step.BEFORE)
    _all_reports(client, params, Step.BEFORE)
    for _ in range(MADE):
        values = client.valid_or({}, creation)
        client.call(creation, values, role=Role.ARRANGE, facts=Facts(step=Step.WRITE))
    _all_reports(client, params, Step.AFTER)


def _all_reports(client: Client, params: Growth, step: Step) -> None:
    """Each report of the other business, as its own key sees it."""
    for name in params.reports:
        report = client.contract.operations[name]
        values = client.valid_or({}, report, "other")
        client.call(report, values, role=Role.ARRANGE, key="other", facts=Facts(step=step))


def reports_for_the_empty(planning: Planning) -> Iterator[Draft]:
    """Each report of figures, with the key of a business without data."""
    for operation in filter(attrgetter("keyed"), operations(planning, "fetch")):
        narrowed = list(_narrowings(operation))
        rules = None if narrowed else ()  # what judges every answer judges the plain report
        cost = 1 + len(narrowed)
        yield Draft(operation, needs=("empty",), cost=cost, optional=True, rules=rules)


def narrow_empty_figures(client: Client) -> None:
    """The report of a business without data; then with each parameter that narrows it."""
    operation = client.operation
    values = client.valid(operation, "empty")
    if values is None:
        return
    facts = Facts(step=Step.BEFORE)
    client.call(operation, values, key="empty", role=Role.CONTROL, facts=facts)
    for narrowing in _narrowings(operation):
        facts = Facts(step=Step.NARROWED)
        client.mistake(operation, {**values, **narrowing}, key="empty", facts=facts)


def untried(target: Declaration, operation: Operation) -> list[dict[str, Any]]:
    """What narrows a report, where no key of an empty business tries it."""
    return [] if Business.EMPTY in target.keys else list(_narrowings(operation))


def _narrowings(operation: Operation) -> Iterator[dict[str, Any]]:
    """The values of optional parameters of a report, one by one, where the contract gives any."""
    optional = filterfalse(attrgetter("required"), operation.parameters_in("query"))
    for parameter in filterfalse(attrgetter("references"), optional):
        values = parameter.schema.get("enum", [parameter.example])
        for value in filter(None, values):
            yield {parameter.name: value}


def _naming(client: Client, values: dict[str, Any], business: str) -> Iterator[Message]:
    """The request with another business in the query, and in headers."""
    tenant = client.contract.tenant or ""
    rest = without(values, {tenant})
    yield with_query(message_for(client.operation, rest), tenant, business)
    yield with_tenant_headers(message_for(client.operation, values), business)


def with_tenant_headers(message: Message, business: str) -> Message:
    """The message with a business in each header that a server may take it from."""
    headers = [(name, business) for name in TENANT_HEADERS]
    return replace(message, headers=(*message.headers, *headers))


def _references(client: Client) -> dict[str, Any]:
    """The parameters that name an object, each with the busiest one of the other business."""
    named = {}
    for parameter in client.operation.parameters:
        if parameter.references and parameter.name != client.contract.tenant:
            value = of_other(client, parameter)
            if value is not ABSENT and value != client.value(parameter):
                busiest = client.knowledge.busiest(parameter, "other")
                named[parameter.name] = next(iter(busiest), value)
    return named
