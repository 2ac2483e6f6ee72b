"""Changes of one member each, in the ways that documents and responses suggest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any

from conformance.base.values import ABSENT, picked, without
from conformance.model import Exchange, Facts, Open, Operation, Parameter, Role, Step
from conformance.reading import SIGNS, differences, filled, lengthened, members_of, sought_in
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.ids import Id
from conformance.scenarios.client.writing import (
    borrowed_values,
    look_in_list,
    observed_values,
    read_back,
    takes_any_text,
)

FRACTION = 0.5


def changeable(operation: Operation) -> list[Parameter]:
    """The members that a change need not send, and that name no object and no phone number."""
    return [member for member in operation.body if _is_changeable(operation, member)]


def _is_changeable(operation: Operation, member: Parameter) -> bool:
    """Whether a member may be changed by itself."""
    is_needed = member.required or member.name == operation.when
    if is_needed or member.references or member.phone:
        return False
    return member.has_value or member.is_switch


def clearable(operation: Operation) -> list[str]:
    """A list of one name: the first member that a change may clear, because it takes any text.

    Such a member has a fresh text and no format. Empty without one, for other operations, and for a
    change of which no source shows a valid one.
    """
    if operation.action != "update" or Open.INPUT in operation.open:
        return []
    for member in operation.fresh_members:
        if not member.formatted:
            return [member.name]
    return []


def change_each(client: Client, backwards: bool) -> None:
    """Change one member after another, then the switches; read the object and its list.

    Each change may be rejected. Accepted values must all be present in the end, unless a change may
    replace what it does not send. Switches that were changed are put back. In the backwards pass,
    the object is new, and its list also has a newer one. Values of other objects, which come last
    in the forward pass, then come first.
    """
    operation, selector = client.operation, client.operation.selector
    assert selector is not None
    older = client.own.twin(operation) if backwards else None
    values = client.valid(operation)
    if values is None:
        return
    sought = values[selector.name] if older is None else older
    bare = {**_bare(operation, values), selector.name: sought}
    of_others = _values_of_others(client, sought)
    first = Facts(step=Step.FIRST)
    if backwards and of_others:  # later changes must keep them
        first = replace(first, beside=of_others)
        client.call(operation, {**bare, **of_others}, role=Role.ARRANGE, facts=first)
        of_others = {}
    before = look_before_change(client, sought, first)
    found, _ = sought_in(client.contract, before)
    shown = members_of(found)
    sent = _send_each(client, bare, _changes(client, shown, backwards), of_others)
    if sent:
        position = client.position(read_back(client, operation, sought, sent))
        look_in_list(client, operation, sought, sent, position)
    switched = {name: shown[name] for name in sent if isinstance(shown.get(name), bool)}
    if switched:  # other cases may need the object as it was
        client.call(operation, {**bare, **switched}, role=Role.ARRANGE)


def look_before_change(client: Client, sought: Id, first: Facts) -> Exchange | None:
    """Read an object until it shows what the first change sent; returns the last read.

    ``first`` are the facts of that change. If the object does not appear, nothing more is awaited.
    """
    operation = client.operation
    sent = {**first.beside, **first.sent}

    def is_final(look: Exchange | None) -> bool:
        found = sought_in(client.contract, look)[0]
        return found is None or not any(differences(operation, sent, found))

    facts = Facts(step=Step.BEFORE)
    return client.until(lambda: client.settled(operation.kind, sought, facts), is_final)


def _send_each(
    client: Client,
    bare: dict[str, Any],
    changes: Iterator[tuple[str, list[Any]]],
    of_others: Mapping[str, Any],
) -> dict[str, Any]:
    """Send changes of one member each. Returns the values that the object must show in the end.

    Each request contains the ``bare`` values. Of the choices for a member, only the first accepted
    one counts. Values ``of_others`` come last, and need not be shown, because they may be reserved.
    """
    operation, selector = client.operation, client.operation.selector
    assert selector is not None
    sent: dict[str, Any] = {}
    for name, choices in chain(changes, _one_by_one(of_others)):
        for value in choices:
            request = {**bare, name: value}
            kept = sent if operation.method == "PATCH" else {}  # or it may replace all
            set_now = without(operation.in_body(request), {selector.name, *of_others})
            expected = {**kept, **set_now}
            sought = str(bare[selector.name])
            facts = Facts(step=Step.WRITE, sent=expected, sought=sought)
            if client.call(operation, request, role=Role.ARRANGE, facts=facts).ok:
                sent = expected
                break
    return sent


def _one_by_one(values: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    """Each value as the only choice of its member."""
    return ((name, [value]) for name, value in values.items())


def _values_of_others(client: Client, sought: Id) -> dict[str, Any]:
    """Values that other objects of the kind show for members without a value in the contract.

    Members with a format are left out, because an e-mail address, for example, may be unique.
    """
    operation = client.operation
    values = observed_values(client, operation, sought)
    return without(values, {member.name for member in operation.body if member.formatted})


def _bare(operation: Operation, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values without the members that may be changed by themselves."""
    return without(values, {member.name for member in changeable(operation)})


def other_choices(operation: Operation, values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Each other value of a required member with an enumeration, such as what to do with an object.

    Each comes alone, under the name of its member.
    """
    for member in operation.body:
        choices = member.schema.get("enum", ()) if member.required else ()
        for choice in choices:
            if choice != values[member.name]:
                yield {member.name: choice}


def changes_of_one(
    client: Client, values: Mapping[str, Any], accepted: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """The values of requests that each change one member that ``values`` do not change.

    First come requests with each other choice for a member in ``values``. A server may require
    another scope because of one member alone. Members without a fresh text have the value that was
    ``accepted`` before, if any. Yields nothing for an operation that is not a change.
    """
    operation = client.operation
    if operation.action != "update":
        return
    yield from ({**values, **choice} for choice in other_choices(operation, values))
    members = changeable(operation)
    known = client.known(members)
    known |= picked(accepted, {member.name for member in members if not member.fresh})
    bare = _bare(operation, values)
    yield from ({**bare, name: value} for name, value in known.items() if name not in values)


def _changes(
    client: Client, shown: Mapping[str, Any], backwards: bool
) -> Iterator[tuple[str, list[Any]]]:
    """Each member to change, with its candidate values, which are sent until one is accepted.

    First come members with a value, then objects and arrays that other objects show. Switches come
    last: they are turned on if ``shown`` as off, and end up off. The backwards pass reverses the
    order. It flips the switches first, because a later change may set them to their default.
    """
    members = changeable(client.operation)
    valued = [member for member in members if not member.is_switch]
    switches = [member for member in members if member.is_switch]
    if backwards:
        valued.reverse()
        for switch in switches:
            is_on = shown.get(switch.shown_as) is True
            yield switch.name, [not is_on]
    for member in valued:
        yield member.name, _candidates(client, member)
    borrowed = list(_borrowed_changes(client))
    if backwards:
        borrowed.reverse()
    yield from borrowed
    if not backwards:
        yield from _switch_changes(switches, shown)


def _borrowed_changes(client: Client) -> Iterator[tuple[str, list[Any]]]:
    """Objects and arrays that other objects show, each as its member's only choice.

    An array of several entries is followed by its first entry alone.
    """
    for name, value in borrowed_values(client, client.operation).items():
        yield name, [value]
        if isinstance(value, list) and len(value) > 1:
            yield name, [value[:1]]


def _switch_changes(
    switches: list[Parameter], shown: Mapping[str, Any]
) -> Iterator[tuple[str, list[Any]]]:
    """Each state that switches go through, as the only choice: on if they are off, and then off."""
    for switch in switches:
        if shown.get(switch.shown_as) is not True:
            yield switch.name, [True]
        yield switch.name, [False]


def _candidates(client: Client, member: Parameter) -> list[Any]:
    """Values to try in turn: first a longer text or a fraction, which may be rejected."""
    value = client.value(member)
    if takes_any_text(member):
        text = filled(SIGNS, client.token())
        return [lengthened(text), text]
    if value is ABSENT:
        return []
    if member.schema.get("type") == "number":
        return [value + FRACTION, value]
    return [value]
