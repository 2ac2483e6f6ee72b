"""Creations inside another business, or with a reference to one of its objects."""

from __future__ import annotations

from conformance.base.values import ABSENT, picked, without
from conformance.model import Facts, KeyName, Parameter, Role, Step
from conformance.reading import as_shown
from conformance.scenarios.client.client import Client
from conformance.scenarios.tenants.cross_tenant import with_query
from conformance.scenarios.tenants.foreign import (
    Values,
    owning_references,
    value_of_other,
    values_for_naming,
)
from conformance.scenarios.tenants.undocumented import keeps_any_member, undocumented_business
from conformance.transport.message import message_for


def create_inside(client: Client) -> None:
    """Create with a reference to the other business, or to one of its objects.

    Each reference has a creation of its own. The control, which names only what the key owns, comes
    afterwards, because it takes the names. Further creations take an object of a pool that the
    other business has taken, name that business in an undocumented member, or are sent for both
    businesses under the same names.
    """
    operation, tenant = client.operation, client.contract.tenant
    values = client.valid(operation)
    if values is None:
        return
    references = owning_references(client.contract, operation)
    for parameter in references:
        foreign = value_of_other(client, parameter)
        if foreign is not ABSENT and foreign != values.get(parameter.name):
            request = values
            if parameter.name != tenant:
                request = values_for_naming(client, parameter) or values
            _create_naming(client, {**request, parameter.name: foreign}, parameter)
    client.control_unless_shared(values)
    _take_from_other(client)
    if not references or client.shared.has_turn("business"):
        _create_in_business(client)
    if client.shared.has_turn("names"):
        _create_under_the_same_names(client)


def _create_under_the_same_names(client: Client) -> None:
    """Create with every name that may have to be unique, then with the other business's key, too.

    A server may look a name up across all businesses, and return what the first one created.
    """
    operation = client.operation
    names = client.known(each for each in operation.parameters if each.fresh)
    if not names:
        return
    own, of_other = client.own.valid(operation), client.valid(operation, KeyName.OTHER)
    if own is None or of_other is None:
        return
    client.mistake(operation, {**own, **names}, facts=Facts(step=Step.NAMED))
    client.reuse_names()
    request = {**of_other, **names}
    client.mistake(operation, request, key=KeyName.OTHER, facts=Facts(step=Step.NAMESAKE))


def _take_from_other(client: Client) -> None:
    """Create with an object of a pool that the other business has already taken.

    The objects of each business show what they took, under the name of the parameter.
    """
    kind, known_ids = client.operation.kind, client.knowledge.known_ids
    for parameter in client.operation.body:
        if not parameter.references:
            continue
        listing = client.contract.list_of(parameter.references)
        if listing is None or not listing.pool:
            continue
        own = known_ids(kind, member=parameter.name)
        of_other = known_ids(kind, KeyName.OTHER, parameter.name)
        taken_by_other = [each for each in of_other if each not in own]
        values = client.valid(client.operation)
        if taken_by_other and values is not None:
            request = {**values, parameter.name: taken_by_other[0]}
            client.mistake(client.operation, request, facts=Facts(step=Step.TAKING))


def _create_naming(client: Client, values: Values, parameter: Parameter) -> None:
    """Create with a reference to the other business in a documented member."""
    if parameter.usual:
        _create_with_reference(client, values, parameter)
    else:
        create_tied(client, values, picked(values, {parameter.name}))


def _create_with_reference(client: Client, values: Values, parameter: Parameter) -> None:
    """Create with a required reference to the other business, then read that business's list.

    The list is searched for the fresh texts of the creation. Without any, it is also read before,
    and its new items are compared by all text members of the creation but the business, because
    other clients create objects there, too.
    """
    operation, tenant = client.operation, client.contract.tenant
    fresh = picked(values, {member.name for member in operation.fresh_members})
    if not fresh:
        _look_into_list(client, Facts(step=Step.LISTED_BEFORE))
    step = Step.FOREIGN if parameter.name == tenant else Step.REFERENCE
    client.mistake(operation, values, facts=Facts(step=step))
    if step is Step.FOREIGN:
        _create_beside_own(client, values)
    others = without(values, {tenant})
    texts = {name: value for name, value in others.items() if isinstance(value, str)}
    sent = as_shown(operation, fresh or texts)
    _look_into_list(client, Facts(step=Step.LISTING, sent=sent))


def _create_beside_own(client: Client, values: Values) -> None:
    """Send the same creation with the key's own business in the query.

    A server may check the business in the query, and create in the one in the body.
    """
    own, tenant = client.knowledge.business(), client.contract.tenant
    if own is not None and tenant is not None:
        message = with_query(message_for(client.operation, values), tenant, own)
        client.raw(message, client.operation.id, facts=Facts(mistake=True))


def _look_into_list(client: Client, facts: Facts) -> None:
    """Request the other business's list with its own key, if there is one."""
    listing = client.contract.list_of(client.operation.kind)
    page = None if listing is None else client.valid(listing, KeyName.OTHER)
    if listing is not None and page is not None:
        client.call(listing, page, key=KeyName.OTHER, role=Role.ARRANGE, facts=facts)


def _create_in_business(client: Client) -> None:
    """Create with the other business in an undocumented member.

    If the target keeps any such member, the query names the business instead.
    """
    operation, beside = client.operation, undocumented_business(client)
    first = client.own.valid(operation) if beside else None
    if first is None:
        return
    keeps_any = keeps_any_member(client, first)
    values = client.own.valid(operation)  # new ones: the target may keep one of equal objects
    if values is None:
        return
    if keeps_any:
        _create_beside_business(client, values, beside)
    else:
        create_tied(client, values, beside)


def _create_beside_business(client: Client, values: Values, beside: Values) -> None:
    """Create with the other business in the query, then read the new object.

    ``beside`` is the other business under the name of the tenant parameter.
    """
    operation = client.operation
    [(tenant, business)] = beside.items()
    message = with_query(message_for(operation, values), tenant, business)
    facts = Facts(step=Step.OPTIONAL, tied=beside, mistake=True)
    created = client.created_id(client.raw(message, operation.id, facts=facts))
    if created is not None:
        client.look(operation.kind, created, facts=Facts(step=Step.TIED, tied=beside))


def create_tied(client: Client, values: Values, beside: Values) -> None:
    """Create with the forbidden, optional reference ``beside``, then read the new object."""
    operation, tied = client.operation, as_shown(client.operation, beside)
    facts = Facts(step=Step.OPTIONAL, tied=tied)
    created = client.created_id(client.mistake(operation, {**values, **beside}, facts=facts))
    if created is not None:
        client.look(operation.kind, created, facts=Facts(step=Step.TIED, tied=tied))
