"""Scenarios of tenancy: what belongs to another business is neither shown nor changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from conformance.model import (
    Contract,
    Effect,
    Facts,
    Open,
    Operation,
    Parameter,
    Params,
    Role,
    Side,
    Step,
)
from conformance.reading import as_shown, items_of
from conformance.scenarios import Depth, Draft, Planning, operations, scenario
from conformance.suite.client import Client
from conformance.suite.ids import MALFORMED
from conformance.transport.message import message_for
from conformance.values import ABSENT


def lists_of_two(planning: Planning) -> Iterator[Draft]:
    """Each list, seen by the keys of two businesses."""
    if planning.contract.tenant:
        for operation in operations(planning, "list"):
            if operation.keyed and not operation.pool:
                yield Draft(operation, needs=("full", "other"), cost=7)


@scenario(lists_of_two, rules=("tenant.rows",))
def test_rows_of_two_businesses(client: Client) -> None:
    """Pages of a list as two businesses see it: first and later ones, in two sizes, and narrowed to what the other one has."""
    operation, paging = client.operation, client.operation.paging
    assert paging is not None

    def page(key: str, values: dict[str, Any]) -> list[Any]:
        side = Side.FOREIGN if key == "other" else Side.OWN
        given = client.knowledge.listing(operation, key)
        if given is None:
            return []
        response = client.call(
            operation, {**given, **values}, role=Role.CONTROL, key=key, facts=Facts(side=side)
        ).response
        return (items_of(operation, response.json) if response and response.ok else None) or []

    foreign = page("other", {})
    own = page("full", {})
    for key, items in (("other", foreign), ("full", own)):
        last = items[-1].get(paging.position) if items and isinstance(items[-1], dict) else None
        if isinstance(last, str):
            page(key, {paging.after: last})
        page(key, {paging.limit: str(client.knowledge.within(operation, 5))})
    if "read_only" in client.target.keys:
        page("read_only", {})
    _asked_for_another(client, client.knowledge.listing(operation))
    for parameter in [
        p
        for p in operation.filters
        if not p.required and not p.compare and p.name != client.contract.tenant
    ]:
        items = [
            item for item in (*foreign, *own) if isinstance(item, dict)
        ]  # what only the other one has tells most
        shown = [
            item[parameter.filters]
            for item in items
            if isinstance(item.get(parameter.filters), str)
        ]
        if shown and not parameter.references:
            page("full", {parameter.name: shown[0]})


NAMING = ("X-Business-Id", "X-Tenant-Id", "X-Account-Id", "X-Organization-Id")
"""Headers that a server may take the business from, instead of from the key."""


def _asked_for_another(client: Client, given: dict[str, Any] | None) -> None:
    """A list with another business in headers, and in a parameter that no document names."""
    operation, business, tenant = (
        client.operation,
        client.knowledge.business("other"),
        client.contract.tenant,
    )
    if given is None or business is None or tenant is None:
        return
    own = (
        client.knowledge.business() if operation.parameter(tenant) else None
    )  # which is named first then
    message = message_for(operation, given if own is None else {**given, tenant: own})
    headers = (*message.headers, *((name, business) for name in NAMING))
    message = replace(message, headers=headers, query=(*message.query, (tenant, business)))
    client.raw(message, operation.id, facts=Facts(mistake=True, side=Side.OWN))


@dataclass(frozen=True)
class ForeignFilter(Params):
    """The filter that names something of another tenant."""

    filter: str


def foreign_filters(planning: Planning) -> Iterator[Draft]:
    """Each list with a filter that names another business, or an object of it."""
    for operation in operations(planning, "list"):
        for parameter in operation.filters:
            if parameter.references:
                yield Draft(
                    operation,
                    parameter.name,
                    needs=("full", "other"),
                    params=ForeignFilter(parameter.name),
                    cost=4,
                )


@scenario(foreign_filters, rules=("tenant.filter",), phase=1)
def test_foreign_filter(client: Client) -> None:
    """A list that is narrowed to something of another business."""
    parameter = client.operation.parameter(client.params(ForeignFilter).filter)
    assert parameter is not None
    assert client.operation.paging is not None
    value = _theirs(client, parameter)
    given = client.valid(client.operation)
    if value is not ABSENT and value != client.value(parameter, "full") and given is not None:
        if Open.FILTER_IGNORED in parameter.open:
            client.control(client.operation, given, facts=Facts(step=Step.UNFILTERED))
        client.mistake(client.operation, {**given, parameter.name: value})
        paging, own = client.operation.paging, client.knowledge.listed(client.operation.kind or "")
        first = own[0].get(paging.position) if own and isinstance(own[0], dict) else None
        place = {paging.limit: str(client.knowledge.within(client.operation, 5))} | (
            {paging.after: first} if isinstance(first, str) else {}
        )
        client.mistake(
            client.operation,
            {**given, parameter.name: value, **place},
            facts=Facts(placed=len(place) > 1),
        )
        for named in (client.unknown_id(str(value)), MALFORMED):
            client.mistake(client.operation, {**given, parameter.name: named}, role=Role.BYSTANDER)


def _theirs(client: Client, parameter: Parameter) -> Any:
    """What a filter takes of another business: best what the other list itself shows, and the own one does not."""
    kind, member = client.operation.kind or "", parameter.filters or ""
    own, foreign = (
        [item.get(member) for item in client.knowledge.listed(kind, key) if isinstance(item, dict)]
        for key in ("full", "other")
    )
    shown = next((value for value in foreign if isinstance(value, str) and value not in own), None)
    return (
        client.value(parameter, "other")
        if shown is None or parameter.name == client.contract.tenant
        else shown
    )


def foreign_objects(planning: Planning) -> Iterator[Draft]:
    """Each operation on one object, with an object of another business; and each creation inside another business.

    An operation on an object that wants a business, too, also gets the foreign one beside the own object.
    """
    for operation in operations(planning, "read", "update", "delete", "perform"):
        if operation.selector and operation.keyed and operation.kind:
            yield Draft(operation, needs=("full", "other"), cost=5)
    for operation in operations(planning, "create", "perform"):
        owned = operation.action == "create" or _references(planning.contract, operation)
        if operation.keyed and not operation.selector and owned:
            yield Draft(operation, needs=("full", "other"), cost=5)


@scenario(foreign_objects, rules=("tenant.object",), phase=1)
def test_foreign_object(client: Client) -> None:
    """The request of the owner succeeds; the same request with the key of another business must not."""
    operation, selector = client.operation, client.operation.selector
    if selector is None:
        _create_inside(client, operation)
        return
    foreign = _foreign(client, operation, selector)
    values = client.valid(operation)
    if foreign is ABSENT or values is None or foreign == values[selector.name]:
        return
    sought = str(foreign[0] if isinstance(foreign, list) else foreign)
    theirs = {**values, selector.name: foreign}
    if operation.effect is Effect.READ:
        owner = theirs | {
            n: client.knowledge.business("other") for n in values if n == client.contract.tenant
        }
        client.call(operation, owner, role=Role.CONTROL, key="other", facts=Facts(step=Step.OWNER))
        client.mistake(operation, theirs, facts=Facts(step=Step.FOREIGN, sought=sought))
        for key in ("other", "empty"):
            _the_other_way(client, values, key, naming=key == "empty")
        return
    elsewhere = client.knowledge.business("other")
    if (
        elsewhere is not None and client.contract.tenant in values
    ):  # to overlook what the object itself tells is open
        client.mistake(
            operation,
            {**values, client.contract.tenant: elsewhere},
            facts=Facts(step=Step.OPTIONAL),
        )
    selects = operation.when in (
        None,
        selector.name,
    )  # else it is a mode of its own, which changes what it is named by
    kind, change = operation.kind or "", _change(client, operation) if selects else {}
    place = client.position(
        client.look(kind, sought, role=Role.CONTROL, key="other", facts=Facts(step=Step.BEFORE))
    )
    client.mistake(operation, {**theirs, **change}, facts=Facts(step=Step.FOREIGN, sought=sought))
    client.look(
        kind,
        sought,
        key="other",
        facts=Facts(step=Step.AFTER, sent=as_shown(operation, change), position=place),
    )
    _the_other_way(client, {**values, **change}, "other", naming=True)
    tenant = client.contract.tenant
    if (
        operation.action == "update"
        and elsewhere is not None
        and tenant is not None
        and operation.parameter(tenant) is None
    ):
        client.mistake(
            operation, {**values, **change, tenant: elsewhere}, facts=Facts(step=Step.OPTIONAL)
        )
        client.look(
            kind, values[selector.name], facts=Facts(step=Step.TIED, tied={tenant: elsewhere})
        )


def _the_other_way(client: Client, values: dict[str, Any], key: str, *, naming: bool) -> None:
    """The object of the main business, and the key of another one, which may name the main business, too."""
    operation, business, tenant = (
        client.operation,
        client.knowledge.business(key),
        client.contract.tenant,
    )
    unique = (
        operation.selector is not None and operation.selector.by is None
    )  # another name may be given twice
    if (
        key in client.target.keys
        and operation.selector is not None
        and unique
        and (business is not None or tenant not in values)
    ):
        sought = values[operation.selector.name]
        theirs = values | {name: business for name in values if name == tenant}
        named = str(sought[0] if isinstance(sought, list) else sought)
        main = client.knowledge.business() if naming else None
        if (
            main is None
            or tenant is None
            or Open.ABSENT_OBJECT in operation.open
            or Open.INPUT in operation.open
        ):
            client.mistake(operation, theirs, key=key, facts=Facts(step=Step.FOREIGN, sought=named))
            return
        message = message_for(
            operation, {**theirs, tenant: main} if operation.parameter(tenant) else theirs
        )
        if (
            operation.parameter(tenant) is None
        ):  # which a server may refuse, as it knows no such parameter
            message = replace(message, query=(*message.query, (tenant, main)))
        client.raw(
            message,
            operation.id,
            key=key,
            facts=Facts(mistake=True, step=Step.REFERENCE, sought=named),
        )


def _foreign(client: Client, operation: Operation, selector: Parameter) -> Any:
    """An object of the other business; for a read one that its owner is answered, as not every object may have one to read."""
    if operation.effect is not Effect.READ or selector.name in client.target.inputs.get(
        operation.id, {}
    ):
        return client.value(selector, "other")
    return (client.valid(operation, "other") or {}).get(selector.name, ABSENT)


def _create_inside(client: Client, operation: Operation) -> None:
    """Create with a reference to the other business, or to an object of it; then look whether it is there."""
    values = client.valid(operation)
    if values is None:
        return
    client.control(operation, values)
    for parameter in _references(client.contract, operation):
        foreign = client.value(parameter, "other")
        if foreign is ABSENT or foreign == values.get(parameter.name):
            continue
        again = client.valid(operation) or values
        step = Step.FOREIGN if parameter.name == client.contract.tenant else Step.REFERENCE
        if not (parameter.required or parameter.advised):
            _tied(client, operation, {**again, parameter.name: foreign}, parameter.name)
            continue
        client.mistake(operation, {**again, parameter.name: foreign}, facts=Facts(step=step))
        fresh = {p.name: again[p.name] for p in operation.body if p.fresh and p.name in again}
        listing = client.contract.list_of(operation.kind)
        given = client.valid(listing, "other") if listing is not None else None
        if listing is not None and fresh and given is not None:
            client.call(
                listing,
                given,
                key="other",
                facts=Facts(step=Step.LISTING, sent=as_shown(operation, fresh)),
            )
    tenant, business = client.contract.tenant, client.knowledge.business("other")
    more = (
        client.valid(operation)
        if tenant is not None and operation.parameter(tenant) is None
        else None
    )
    if tenant is not None and more is not None and business is not None:
        _tied(client, operation, {**more, tenant: business}, tenant)


def _tied(client: Client, operation: Operation, values: dict[str, Any], name: str) -> None:
    """A creation that names an object of another business where it need not name any, and what came of it."""
    exchange = client.mistake(operation, values, facts=Facts(step=Step.OPTIONAL))
    made = client.created_id(exchange)
    if made is not None:
        tied = as_shown(operation, {name: values[name]})
        client.look(operation.kind or "", made, facts=Facts(step=Step.TIED, tied=tied))


def _references(contract: Contract, operation: Operation) -> list[Parameter]:
    """The members of a body that name a business, or an object of one; a pool belongs to no one."""
    pools = {o.kind for o in contract.operations.values() if o.pool}
    owned = {o.kind for o in contract.operations_by("list")} - pools
    return [p for p in operation.body if p.name == contract.tenant or p.references in owned]


def _change(client: Client, operation: Operation) -> dict[str, Any]:
    """A change that would be seen: a fresh value for the first member that takes one."""
    member = next((p for p in operation.body if p.fresh), None)
    return {member.name: client.value(member)} if member else {}


def lists_of_the_empty(planning: Planning) -> Iterator[Draft]:
    """Each list, with the key of a business without data."""
    for operation in operations(planning, "list"):
        if (
            operation.keyed
            and not operation.pool
            and not any(p.required for p in operation.parameters)
        ):
            both = (
                Open.EMPTY_TENANT in operation.open and "full" in planning.target.keys
            )  # what it has must then be its own
            rules = ("tenant.empty", "tenant.rows") if both else ("tenant.empty",)
            yield Draft(operation, needs=("empty",), cost=3 if both else 2, rules=rules)


@scenario(lists_of_the_empty, rules=("tenant.empty", "tenant.rows"))
def test_empty_list(client: Client) -> None:
    """The list of a business without data, plain, with a limit and with a cursor."""
    paging = client.operation.paging
    assert paging is not None
    values = client.valid(client.operation, "empty") or {}
    client.call(client.operation, values, key="empty", facts=Facts(side=Side.FOREIGN))
    given = (
        client.knowledge.listing(client.operation) if "tenant.rows" in client.case.rules else None
    )
    if given is not None:
        client.call(client.operation, given, role=Role.ARRANGE, facts=Facts(side=Side.OWN))
    client.call(client.operation, {**values, paging.limit: "1"}, key="empty")


LISTS = {Depth.QUICK: 0, Depth.FULL: 4, Depth.DEEP: 100}


ROUNDS = 3
"""Requests of each business that are under way at the same time."""


def overlapping_lists(planning: Planning) -> Iterator[Draft]:
    """A few lists of what belongs to a business: what overlapping requests share is seldom of one operation alone."""
    wanted = [
        o
        for o in operations(planning, "list")
        if planning.contract.tenant and o.keyed and not o.pool
    ]
    for operation in wanted[: LISTS[planning.depth]]:
        yield Draft(operation, needs=("full", "other"), cost=2 * ROUNDS, optional=True)


@scenario(overlapping_lists, rules=("tenant.rows",))
def test_overlapping_lists(client: Client) -> None:
    """One list, asked for by two businesses at the same time."""
    given = {key: client.knowledge.listing(client.operation, key) for key in ("full", "other")}
    sides = {"full": Side.OWN, "other": Side.FOREIGN}
    requests = [
        (key, values, Facts(side=sides[key])) for key, values in given.items() if values is not None
    ]
    if len(requests) == len(given):
        client.together(client.operation, requests * ROUNDS, role=Role.CONTROL)
