"""Requests that cross from one business to another, to reach an object there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from conformance.base.values import without
from conformance.model import Effect, Facts, KeyName, Open, Operation, Parameter, Role, Step
from conformance.reading import as_shown
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.member_changes import other_choices
from conformance.scenarios.tenants.foreign import (
    Values,
    id_text,
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
    """Request another business's object and name a business: the key's own, then the object's.

    If the request names the key's own business, a server may overlook that the object belongs to
    another. If it names the object's business, a server may overlook whose key is used.
    """
    tenant, operation = client.contract.tenant, client.operation
    if tenant is None:
        return
    is_documented = operation.parameter(tenant) is not None
    if not is_documented and Open.INPUT in operation.open:  # a server may reject any input
        return
    for owner in (KeyName.FULL, KeyName.OTHER):
        business = client.knowledge.business(owner)
        if not business or values.get(tenant) == business:
            continue
        if is_documented:
            ask_for_foreign(client, {**values, tenant: business}, sought)
        else:
            _ask_naming(client, values, business, sought, KeyName.FULL)


def _ask_naming(client: Client, values: Values, business: str, sought: Any, key: str) -> None:
    """Request an object that the key must not reach, and name a business.

    If the operation has no such parameter, the query has it, which a server may reject.
    """
    operation, tenant = client.operation, str(client.contract.tenant)
    if operation.parameter(tenant):
        message = message_for(operation, {**values, tenant: business})
    else:
        message = with_query(message_for(operation, values), tenant, business)
    facts = Facts(mistake=True, step=Step.REFERENCE, sought=id_text(sought))
    client.raw(message, operation.id, key=key, facts=facts)


def ask_without_business(client: Client, values: Values, sought: Any) -> None:
    """Request another business's object without the optional member that names a business.

    Without it, a server that searches the business in the request may search all of them.
    """
    parameter = client.operation.parameter(str(client.contract.tenant))
    if parameter is not None and parameter.name in values and not parameter.required:
        ask_for_foreign(client, without(values, {parameter.name}), sought)


def ask_for_unknown(client: Client, values: Values, selector: Parameter) -> None:
    """Request an object that does not exist, to compare its response with a foreign object's."""
    known = values[selector.name]
    unknown = client.unknown_id(id_text(known))
    request = {**values, selector.name: [unknown] if isinstance(known, list) else unknown}
    facts = Facts(step=Step.NOBODY, sought=str(unknown))
    client.mistake(client.operation, request, facts=facts)


def ask_after_own(client: Client, values: Values, selector: Parameter, foreign: Any) -> None:
    """Request another business's object after one of the key's own, if several may be named."""
    own = values[selector.name]
    if isinstance(own, list):
        ask_for_foreign(client, {**values, selector.name: [*own, *foreign]}, foreign)


def ask_the_other_way(client: Client, values: Values, selector: Parameter, key: str) -> None:
    """Request an object of the main business with the key of another one."""
    request = _values_for_key(client, values, selector, key)
    if request is not None:
        ask_for_foreign(client, request, values[selector.name], key)


def ask_naming_main(client: Client, values: Values, selector: Parameter, key: str) -> None:
    """Request an object of the main business with another key, while naming the main business.

    It is not named if its id is not known, or if a server may accept a request that names it.
    """
    operation, main, tenant = client.operation, client.knowledge.business(), client.contract.tenant
    may_succeed = operation.open & {Open.ABSENT_OBJECT, Open.INPUT}
    if main is None or tenant is None or may_succeed:
        ask_the_other_way(client, values, selector, key)
        return
    request = _values_for_key(client, values, selector, key)
    if request is None:
        return
    _ask_naming(client, request, main, values[selector.name], key)


def _values_for_key(client: Client, values: Values, selector: Parameter, key: str) -> Values | None:
    """The values for a request with another key: if they name a business, then that of the key.

    None if the values need the business of the key, and it is not known. Also None if the selector
    is not the id: two businesses may share any other name of an object, so the request would prove
    nothing.
    """
    if selector.by is not None:
        return None
    tenant, business = client.contract.tenant, client.knowledge.business(key)
    if tenant not in values:
        return values
    if business is None:
        return None
    return {**values, tenant: business}


def read_across(client: Client, values: Values, selector: Parameter, foreign: Any) -> None:
    """Read the other business's object with both keys, and the main one's with the other key."""
    operation, tenant = client.operation, client.contract.tenant
    request = {**values, selector.name: foreign}
    owners_request = dict(request)
    if tenant in owners_request:
        owners_request[tenant] = client.knowledge.business(KeyName.OTHER)
    facts = Facts(step=Step.OWNER)
    client.call(operation, owners_request, role=Role.CONTROL, key=KeyName.OTHER, facts=facts)
    ask_for_foreign(client, request, foreign)
    ask_beside_business(client, request, foreign)
    ask_the_other_way(client, values, selector, KeyName.OTHER)


def change_across(client: Client, values: Values, selector: Parameter, foreign: Any) -> None:
    """Try to change the other business's object, and check whether it changed.

    Then the other key tries to change the main business's object. At the end, the same changes are
    made to the main business's object with its own key, so that they are known to be possible.
    """
    operation, kind, sought = client.operation, client.operation.kind, id_text(foreign)
    name_both(client, values)
    changes = visible_changes(client, operation)
    first_change = changes[0]
    facts = Facts(step=Step.BEFORE)
    before = client.look(kind, sought, role=Role.CONTROL, key=KeyName.OTHER, facts=facts)
    position = client.position(before)
    request = {**without(values, _free_members(operation)), selector.name: foreign}
    for each in changes:
        ask_for_foreign(client, {**request, **each}, foreign)
    for choice in other_choices(operation, values):
        ask_for_foreign(client, {**request, **choice}, foreign)
    ask_after_own(client, {**values, **first_change}, selector, foreign)
    ask_beside_business(client, {**request, **first_change}, foreign)
    ask_without_business(client, {**request, **first_change}, foreign)
    if operation.action == "perform" and Open.INPUT in operation.open:  # may accept any object
        ask_for_unknown(client, values, selector)
    sent = {name: value for each in changes for name, value in each.items()}
    facts = Facts(step=Step.AFTER, sent=as_shown(operation, sent), position=position)
    client.until(lambda: client.look(kind, sought, key=KeyName.OTHER, facts=facts), client.is_found)
    ask_naming_main(client, {**values, **first_change}, selector, KeyName.OTHER)
    if operation.action == "update":
        move_elsewhere(client, {**values, **first_change}, selector)
    _change_own(client, {**request, selector.name: values[selector.name]}, changes)


def _change_own(client: Client, own: Values, changes: list[Values]) -> None:
    """Make the same changes to the key's own object, to show that nothing else was wrong with them.

    Changes that cost money are left out, and so are those that may not be made twice, like pausing.
    """
    operation = client.operation
    changes_no_member = not changes[0]
    is_action = operation.action != "delete" and changes_no_member
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

    No document gives the change such a member, but a creation may have it. If the member for the
    business is among them, a target that keeps members that it does not know gets no such change.
    """
    business = undocumented_business(client)
    if business and keeps_any_member(client, values):
        return
    for name, foreign in {**business, **undocumented_objects(client)}.items():
        _change_beside(client, values, selector, {name: foreign})


def _change_beside(client: Client, values: Values, selector: Parameter, beside: Values) -> None:
    """Send a change with one more member, ``beside``, then read the object until it appears."""
    operation = client.operation
    facts = Facts(step=Step.OPTIONAL, tied=beside)
    client.mistake(operation, {**values, **beside}, facts=facts)
    facts = Facts(step=Step.TIED, tied=beside)
    client.until(
        lambda: client.look(operation.kind, values[selector.name], facts=facts),
        client.is_found,
    )


def with_query(message: Message, name: str, value: str) -> Message:
    """The message with one more query parameter."""
    return replace(message, query=(*message.query, (name, value)))
