"""Requests that cross from one business to another, to reach an object or to create inside it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from conformance.base.values import ABSENT, picked, without
from conformance.model import Effect, Facts, KeyName, Open, Operation, Parameter, Role, Step
from conformance.reading import as_shown
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.member_changes import other_choices
from conformance.scenarios.tenants.foreign import (
    Values,
    id_text,
    owning_references,
    value_of_other,
    values_for_naming,
    visible_changes,
)
from conformance.scenarios.tenants.undocumented import (
    keeps_any_member,
    undocumented_business,
    undocumented_objects,
)
from conformance.transport.message import Message, message_for


def ask_for_foreign(client: Client, values: Values, sought: Any, key: str = KeyName.FULL) -> None:
    """Request an object that the key must not reach; ``sought`` is its id, or an array with it."""
    facts = Facts(step=Step.FOREIGN, sought=id_text(sought))
    client.mistake(client.operation, values, key=key, facts=facts)


def ask_beside_business(client: Client, values: Values, sought: Any) -> None:
    """Request another business's object and name a business, if the operation may take one.

    With the key's own business in the request, a server may overlook whose object it is; with the
    object's business, whose key it is.
    """
    tenant = str(client.contract.tenant)
    if client.operation.parameter(tenant) is None:
        return
    for key in (KeyName.FULL, KeyName.OTHER):
        business = client.knowledge.business(key)
        if business and values.get(tenant) != business:
            ask_for_foreign(client, {**values, tenant: business}, sought)


def ask_for_nobodys(client: Client, values: Values, selector: Parameter) -> None:
    """Request an object that does not exist, if a success need not show what it found."""
    known = values[selector.name]
    unknown = client.unknown_id(id_text(known))
    nobodys = [unknown] if isinstance(known, list) else unknown
    facts = Facts(step=Step.NOBODY, sought=str(unknown))
    client.mistake(client.operation, {**values, selector.name: nobodys}, facts=facts)


def ask_behind_own(client: Client, values: Values, selector: Parameter, foreign: Any) -> None:
    """Request another business's object after one of the key's own, if several may be named."""
    own = values[selector.name]
    if isinstance(own, list):
        ask_for_foreign(client, {**values, selector.name: [*own, *foreign]}, foreign)


def ask_the_other_way(client: Client, values: Values, selector: Parameter, key: str) -> None:
    """Request an object of the main business with the key of another one."""
    theirs = _as_asked_by(client, values, selector, key)
    if theirs is not None:
        ask_for_foreign(client, theirs, values[selector.name], key)


def ask_naming_main(client: Client, values: Values, selector: Parameter, key: str) -> None:
    """Request an object of the main business with another key, while naming the main business.

    The request does not name it if it is not known, or if a server may accept such a request.
    """
    operation, main, tenant = client.operation, client.knowledge.business(), client.contract.tenant
    may_succeed = operation.open & {Open.ABSENT_OBJECT, Open.INPUT}
    if main is None or tenant is None or may_succeed:
        ask_the_other_way(client, values, selector, key)
        return
    theirs = _as_asked_by(client, values, selector, key)
    if theirs is None:
        return
    if operation.parameter(tenant):
        message = message_for(operation, {**theirs, tenant: main})
    else:  # a server that does not know the parameter may reject it
        message = with_query(message_for(operation, theirs), tenant, main)
    facts = Facts(mistake=True, step=Step.REFERENCE, sought=id_text(values[selector.name]))
    client.raw(message, operation.id, key=key, facts=facts)


def _as_asked_by(client: Client, values: Values, selector: Parameter, key: str) -> Values | None:
    """The values with the business of a key, if they contain one; None if they prove nothing.

    An object that is not named by its id proves nothing: two businesses may share its name.
    """
    tenant, business = client.contract.tenant, client.knowledge.business(key)
    if selector.by is not None:
        return None
    if tenant not in values:
        return values
    if business is None:
        return None
    return {**values, tenant: business}


def read_across(client: Client, values: Values, selector: Parameter, foreign: Any) -> None:
    """Read the other business's object with both keys, and the main one's with the other key."""
    operation, tenant = client.operation, client.contract.tenant
    theirs = {**values, selector.name: foreign}
    owner = dict(theirs)
    if tenant in owner:
        owner[tenant] = client.knowledge.business(KeyName.OTHER)
    facts = Facts(step=Step.OWNER)
    client.call(operation, owner, role=Role.CONTROL, key=KeyName.OTHER, facts=facts)
    ask_for_foreign(client, theirs, foreign)
    ask_the_other_way(client, values, selector, KeyName.OTHER)


def change_across(client: Client, values: Values, selector: Parameter, foreign: Any) -> None:
    """Change the other business's object, check whether it changed, and cross the other way."""
    operation, kind, sought = client.operation, client.operation.kind, id_text(foreign)
    name_both(client, values)
    changes = visible_changes(client, operation)
    change = changes[0]
    facts = Facts(step=Step.BEFORE)
    before = client.look(kind, sought, role=Role.CONTROL, key=KeyName.OTHER, facts=facts)
    position = client.position(before)
    theirs = {**without(values, _free_members(operation)), selector.name: foreign}
    for each in changes:
        ask_for_foreign(client, {**theirs, **each}, foreign)
    for choice in other_choices(operation, values):
        ask_for_foreign(client, {**theirs, **choice}, foreign)
    ask_behind_own(client, {**values, **change}, selector, foreign)
    ask_beside_business(client, {**theirs, **change}, foreign)
    if operation.action == "perform" and Open.INPUT in operation.open:
        ask_for_nobodys(client, values, selector)
    sent = {name: value for each in changes for name, value in each.items()}
    facts = Facts(step=Step.AFTER, sent=as_shown(operation, sent), position=position)
    client.until(lambda: client.look(kind, sought, key=KeyName.OTHER, facts=facts), client.is_found)
    ask_naming_main(client, {**values, **change}, selector, KeyName.OTHER)
    if operation.action == "update":
        move_elsewhere(client, {**values, **change}, selector)
    _change_own(client, {**theirs, selector.name: values[selector.name]}, changes)


def _change_own(client: Client, own: Values, changes: list[Values]) -> None:
    """Make the same changes to the key's own object, to show that nothing else was wrong with them.

    Changes that cost money are left out, and so are those that may not be made twice, like pausing.
    """
    operation = client.operation
    is_action = operation.action != "delete" and not changes[0]  # it changes no member
    if operation.effect is Effect.SPEND or is_action:
        return
    for change in changes:
        facts = Facts(mistake=True)
        client.call(operation, {**own, **change}, role=Role.ARRANGE, facts=facts)


def _free_members(operation: Operation) -> set[str]:
    """The optional members of a change that take any text."""
    return {member.name for member in operation.fresh_members if not member.required}


def name_both(client: Client, values: Values) -> None:
    """Name the key's own object and the other business, if the operation takes both.

    A server may check the object alone and overlook the business.
    """
    elsewhere, tenant = client.knowledge.business(KeyName.OTHER), client.contract.tenant
    if elsewhere is not None and tenant in values:
        facts = Facts(step=Step.OPTIONAL, tied={tenant: elsewhere})
        client.mistake(client.operation, {**values, tenant: elsewhere}, facts=facts)


def move_elsewhere(client: Client, values: Values, selector: Parameter) -> None:
    """Send changes that name the other business or one of its objects, each in one more member.

    No document gives the change such a member, but a creation may have it. Nothing is sent if the
    target keeps members that it does not know.
    """
    business = undocumented_business(client)
    if business and keeps_any_member(client, values):
        return
    for name, foreign in {**business, **undocumented_objects(client)}.items():
        _change_beside(client, values, selector, {name: foreign})


def _change_beside(client: Client, values: Values, selector: Parameter, beside: Values) -> None:
    """Send a change with one more member, then read the object."""
    operation = client.operation
    facts = Facts(step=Step.OPTIONAL, tied=beside)
    client.mistake(operation, {**values, **beside}, facts=facts)
    facts = Facts(step=Step.TIED, tied=beside)
    client.until(
        lambda: client.look(operation.kind, values[selector.name], facts=facts),
        client.is_found,
    )


def create_inside(client: Client) -> None:
    """Create with a reference to the other business, or to one of its objects.

    Each reference has a creation of its own. The control repeats the one that names the other
    business, with the key's own instead. It comes afterwards, because it takes the names. Further
    creations take an object from the other business's pool, or repeat its unique names.
    """
    operation, tenant = client.operation, client.contract.tenant
    values = client.valid(operation)
    if values is None:
        return
    for parameter in owning_references(client.contract, operation):
        foreign = value_of_other(client, parameter)
        if foreign is not ABSENT and foreign != values.get(parameter.name):
            fresh = None if parameter.name == tenant else values_for_naming(client, parameter)
            request = fresh or values
            _create_naming(client, {**request, parameter.name: foreign}, parameter)
    client.show_valid(values)
    _take_from_other(client)
    if not owning_references(client.contract, operation) or client.shared.has_turn("business"):
        _create_in_business(client)
    if client.shared.has_turn("names"):
        _create_under_the_same_names(client)


def _create_under_the_same_names(client: Client) -> None:
    """Create with every name that may have to be unique, then do the same as the other business.

    A server may look a name up across all businesses, and return what the first one created.
    """
    operation = client.operation
    names = client.known(each for each in operation.parameters if each.fresh)
    if not names:
        return
    own, theirs = client.own.valid(operation), client.valid(operation, KeyName.OTHER)
    if own is None or theirs is None:
        return
    client.mistake(operation, {**own, **names}, facts=Facts(step=Step.NAMED))
    client.reuse_names()
    request = {**theirs, **names}
    client.mistake(operation, request, key=KeyName.OTHER, facts=Facts(step=Step.NAMESAKE))


def _take_from_other(client: Client) -> None:
    """Create with an object of a pool that the other business has already taken."""
    kind, known = client.operation.kind, client.knowledge.known_ids
    for parameter in client.operation.body:
        if not parameter.references:
            continue
        listing = client.contract.list_of(parameter.references)
        if listing is None or not listing.pool:
            continue
        own = known(kind, member=parameter.name)
        taken = [each for each in known(kind, KeyName.OTHER, parameter.name) if each not in own]
        values = client.valid(client.operation)
        if taken and values is not None:
            request = {**values, parameter.name: taken[0]}
            client.mistake(client.operation, request, facts=Facts(step=Step.TAKING))


def _create_naming(client: Client, values: Values, parameter: Parameter) -> None:
    """Create with a reference to the other business in a documented member."""
    if parameter.usual:
        _create_with_reference(client, values, parameter)
    else:
        create_tied(client, values, picked(values, {parameter.name}))


def _create_with_reference(client: Client, values: Values, parameter: Parameter) -> None:
    """Create with a required reference to the other business, then read that business's list.

    A creation without a fresh text is looked up by all of its plain members, among the new items of
    the list. The business alone proves nothing, because others create objects there, too.
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
    plain = {name: value for name, value in others.items() if isinstance(value, str)}
    sent = as_shown(operation, fresh or plain)
    _look_into_list(client, Facts(step=Step.LISTING, sent=sent))


def _create_beside_own(client: Client, values: Values) -> None:
    """Send the same creation with the key's own business in the query.

    A server may take from the query who may create, and from the body where.
    """
    own, tenant = client.knowledge.business(), client.contract.tenant
    if own is not None and tenant is not None:
        message = with_query(message_for(client.operation, values), tenant, own)
        client.raw(message, client.operation.id, facts=Facts(mistake=True))


def _look_into_list(client: Client, facts: Facts) -> None:
    """Look for the created object in the other business's list, if there is one."""
    listing = client.contract.list_of(client.operation.kind)
    page = None if listing is None else client.valid(listing, KeyName.OTHER)
    if listing is not None and page is not None:
        client.call(listing, page, key=KeyName.OTHER, role=Role.ARRANGE, facts=facts)


def _create_in_business(client: Client) -> None:
    """Create with the other business in an undocumented member; in the query if all are kept."""
    operation, beside = client.operation, undocumented_business(client)
    first = client.own.valid(operation) if beside else None
    if first is None:
        return
    keeps = keeps_any_member(client, first)
    values = client.own.valid(operation)  # equal objects may be one
    if values is None:
        return
    if keeps:
        _create_beside_business(client, values, beside)
    else:
        create_tied(client, values, beside)


def _create_beside_business(client: Client, values: Values, beside: Values) -> None:
    """Create with the other business in the query, then read the new object."""
    operation, [(tenant, business)] = client.operation, beside.items()
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


def with_query(message: Message, name: str, value: str) -> Message:
    """The message with one more query parameter."""
    return replace(message, query=(*message.query, (name, value)))
