"""Values of another business that a request names, to see whether the main one reaches them."""

from __future__ import annotations

from typing import Any

from conformance.base.values import ABSENT, as_text, texts_in, without
from conformance.model import Contract, Effect, Facts, KeyName, Open, Operation, Parameter, Role
from conformance.reading import position_of, rows_of
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.filter_values import widest_bounds
from conformance.scenarios.client.knowledge import LARGE

Values = dict[str, Any]
"""Values for the parameters of an operation, by name."""
PAGE_SIZE = 5
"""Items of a page that is requested in another size, or with a cursor."""


def value_of_other(client: Client, parameter: Parameter) -> Any:
    """The other business, or an object of it, for a parameter that names one; ABSENT without any.

    Also ABSENT if each business numbers its own objects, because the main one may have the same id.
    """
    if client.knowledge.shares_ids(parameter):
        return ABSENT
    return client.value(parameter, KeyName.OTHER)


def foreign_filter(client: Client, parameter: Parameter) -> Any:
    """A value of a filter that belongs to the other business; ABSENT without one.

    The best choice is a value that its list shows and the main business's list does not. Without
    one, it is the id of an object that the other business sees. If the filter names a business, it
    is the id of the other one. ABSENT also if each business numbers its own objects.
    """
    if client.knowledge.shares_ids(parameter):
        return ABSENT
    kind, member = client.operation.kind, parameter.filters
    own = texts_of_member(client.knowledge.listed(kind), member)
    foreign = texts_of_member(client.knowledge.listed(kind, KeyName.OTHER), member)
    only_foreign = [text for text in foreign if text not in own]
    if not only_foreign or parameter.name == client.contract.tenant:
        return client.value(parameter, KeyName.OTHER)
    return only_foreign[0]


def filters_of_foreign_item(client: Client, parameter: Parameter, value: Any) -> dict[str, str]:
    """The other plain filters of a list, with the values of an item of the other business.

    The item must show ``value`` for the filter ``parameter``. Empty without such an item.
    """
    operation = client.operation
    for row in rows_of(client.knowledge.listed(operation.kind, KeyName.OTHER)):
        if row.get(parameter.filters) == value:
            values = {each.name: row.get(each.filters) for each in operation.plain_filters}
            others = without(values, {parameter.name})
            return {name: text for name, text in others.items() if isinstance(text, str)}
    return {}


def ask_beside_others(client: Client, parameter: Parameter, values: dict[str, Any]) -> None:
    """Repeat a request with a foreign value in ``parameter``: with all other filters, then bounds.

    The other filters have the values of an item of the other business; the bounds are wide. If the
    target may ignore the filter, these requests are not probes: only their items are judged.
    """
    operation = client.operation
    rows = rows_of(client.knowledge.listed(operation.kind, KeyName.OTHER))
    role = Role.BYSTANDER if Open.FILTER_IGNORED in parameter.open else Role.PROBE
    filters = filters_of_foreign_item(client, parameter, values[parameter.name])
    for others in (filters, widest_bounds(operation, rows)):
        if others:
            client.mistake(operation, {**values, **others}, facts=Facts(placed=True), role=role)


def ask_for_both(client: Client, parameter: Parameter, values: dict[str, Any], value: Any) -> None:
    """Filter the largest page by two businesses, with a comma: some servers split such a value.

    They are the main one, and ``value``, which names the other. Nothing is sent unless the filter
    names a business and the main one is known.
    """
    own = client.knowledge.business()
    if parameter.name == client.contract.tenant and own is not None:
        both = {**values, **_largest_page(client), parameter.name: f"{own},{value}"}
        client.mistake(client.operation, both, role=Role.BYSTANDER)


def _largest_page(client: Client) -> dict[str, str]:
    """The limit of the largest page, which shows most of what passes a filter."""
    paging = client.operation.paging
    assert paging is not None
    return {paging.limit: str(client.knowledge.within(client.operation, LARGE))}


def later_page(client: Client) -> dict[str, str]:
    """A limit, with the main list's first item as the cursor if its position is known."""
    operation, paging = client.operation, client.operation.paging
    assert paging is not None
    page = {paging.limit: str(client.knowledge.within(operation, PAGE_SIZE))}
    first = next(iter(client.knowledge.listed(operation.kind)), None)
    cursor = as_text(position_of(operation, first))
    if cursor is not None:
        page[paging.after] = cursor
    return page


def texts_of_member(items: list[Any], member: str) -> list[str]:
    """The texts that the items show as a member, in their order."""
    return texts_in(row.get(member) for row in rows_of(items))


def foreign_object(client: Client, operation: Operation, selector: Parameter) -> Any:
    """An object of the other business; ABSENT without one.

    Not every object may have what a read asks for. A read therefore gets an object that its owner
    can read, unless the target file names one.
    """
    declared = client.target.inputs.get(operation.id, {})
    if operation.effect is not Effect.READ or selector.name in declared:
        return value_of_other(client, selector)
    if client.knowledge.shares_ids(selector):
        return ABSENT
    values = client.valid_or({}, operation, KeyName.OTHER)
    return values.get(selector.name, ABSENT)


def owning_references(contract: Contract, operation: Operation) -> list[Parameter]:
    """The members of a body that name a business, or an object that belongs to one.

    Only kinds of objects that have a list count, and none that comes from a pool.
    """
    owned: set[str] = set()
    pools: set[str] = set()
    for listing in contract.operations_by("list"):
        group = pools if listing.pool else owned
        group.add(listing.kind)
    owned -= pools
    naming = []
    for member in operation.body:
        if member.name == contract.tenant or member.references in owned:
            naming.append(member)
    return naming


def visible_changes(client: Client, operation: Operation) -> list[dict[str, Any]]:
    """Changes that a read would show: each gives a new text to a member that takes a fresh one.

    One changes the first such member, another the last. Without any, there is one empty change. The
    same holds for an operation that one of its members selects: that member makes the change.
    """
    selector = operation.selector
    selecting = None if selector is None else selector.name
    is_mode = operation.when is not None and operation.when != selecting
    fresh = operation.fresh_members
    if is_mode or not fresh:
        return [{}]
    ends = [fresh[0]] if len(fresh) == 1 else [fresh[0], fresh[-1]]
    return [{member.name: client.value(member)} for member in ends]


def values_for_naming(client: Client, parameter: Parameter) -> dict[str, Any] | None:
    """Valid values for a write in which one member then names a foreign or unknown object.

    If the member is always sent, so that the target must reject the write, its control has the same
    values, which are those of ``client.valid``. Otherwise the values are new.
    """
    operation = client.operation
    return client.valid(operation) if parameter.usual else client.own.valid(operation)


def id_text(value: Any) -> str:
    """The id in a value that is an id, or the first of an array of them, as text."""
    first = value[0] if isinstance(value, list) else value
    return str(first)
