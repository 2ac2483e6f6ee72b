"""A deletion, with reads before and after it: of the object, of others, and of their list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.model import Exchange, Facts, Open, Operation, Parameter, Role, Step
from conformance.reading import sought_in
from conformance.scenarios.client.client import EVERYTHING, Client
from conformance.scenarios.client.filter_values import shared_filter
from conformance.scenarios.client.ids import Id

Values = Mapping[str, Any]
"""Values for the parameters of a list, by name."""


def delete_one(client: Client) -> None:
    """Create three objects, delete the second, which equals the first, and read each twice.

    The lists are read twice, too, one of them also with a filter that the object passes. Then use
    the deleted object, and delete it again, which may succeed.
    """
    operation, selector = client.operation, client.operation.selector
    assert selector is not None
    older = client.own.twin(operation)
    values = client.valid(operation)
    newer = client.own.id_for(operation)
    if values is None or older is None or newer is None:
        return
    sought = values[selector.name]
    looks = {Step.BEFORE: sought, Step.OLDER_BEFORE: older, Step.NEWER_BEFORE: newer}
    positions = _look_before(client, looks)
    listed_before = _look_in_list(client, sought, Step.LISTED_BEFORE)
    passed_filter = _filter_passed(client, listed_before)
    others = _other_lists(client)
    _read_others(client, others, sought)
    deletion = client.control(operation, values, facts=Facts(step=Step.DELETE))
    last_read = _look_until_gone(client, sought, positions[sought])
    for step, other in ((Step.OLDER_AFTER, older), (Step.NEWER_AFTER, newer)):
        _look_until_there(client, other, Facts(step=step, position=positions[other]))
    listed_after = _list_until_gone(client, sought, EVERYTHING)
    # a server may omit it from the list, but not from the filtered one
    if passed_filter and _is_gone(client, listed_after):
        _list_until_gone(client, sought, passed_filter)
    _read_others_until_gone(client, others, sought)
    if last_read is not None and deletion.ok and _is_gone(client, last_read):
        _use_deleted(client, sought)
        client.mistake(operation, values, role=Role.BYSTANDER)


def _look_before(client: Client, looks: Mapping[Step, Id]) -> dict[Id, str | None]:
    """Read some objects, each under its step; returns their positions."""
    positions = {}
    for step, identifier in looks.items():
        look = client.settled(client.operation.kind, identifier, facts=Facts(step=step))
        positions[identifier] = client.position(look)
    return positions


def _look_until_gone(client: Client, sought: Id, position: str | None) -> Exchange | None:
    """Read the deleted object until it is gone; returns the last read."""
    kind, facts = client.operation.kind, Facts(step=Step.AFTER, position=position)
    return client.until(
        lambda: client.look(kind, sought, facts),
        lambda look: _is_gone(client, look),
    )


def _look_until_there(client: Client, other: Id, facts: Facts) -> None:
    """Read another object, which must have stayed, until a copy of the data shows it."""
    kind = client.operation.kind
    client.until(lambda: client.look(kind, other, facts), client.is_found)


def _is_gone(client: Client, look: Exchange | None) -> bool:
    """Whether a read does not show the object, or could not be made."""
    return sought_in(client.contract, look)[0] is None


def _list_until_gone(client: Client, sought: Id, filters: Values) -> Exchange | None:
    """Read the list under some filters until it does not show the object; returns the last read."""
    return client.until(
        lambda: _look_in_list(client, sought, Step.LISTED_AFTER, filters),
        lambda look: _is_gone(client, look),
    )


def _filter_passed(client: Client, listed: Exchange | None) -> Values:
    """The first plain filter of the list that the object found in it passes, with its value.

    Empty if the object was not found.
    """
    listing = client.contract.list_of(client.operation.kind)
    if listing is None:
        return {}
    shown, _ = sought_in(client.contract, listed)
    return shared_filter([shown], listing, None)


def _look_in_list(
    client: Client, sought: Id, step: Step, filters: Values = EVERYTHING
) -> Exchange | None:
    """Request the list page where new objects appear, if the objects can also be read by id."""
    kind = client.operation.kind
    if not client.contract.operations_by("read", kind):
        return None
    ask = client.lister(kind, filters)
    return ask(facts=Facts(step=step, sought=str(sought))) if ask is not None else None


def _other_lists(client: Client) -> list[tuple[Operation, Values]]:
    """The further lists of the kind of a case, each with the values for its first page."""
    kind, main = client.operation.kind, client.contract.list_of(client.operation.kind)
    others = [each for each in client.contract.operations_by("list", kind) if each != main]
    pages = [(listing, client.knowledge.listing(listing)) for listing in others]
    return [(listing, page) for listing, page in pages if page is not None]


def _read_others(
    client: Client, others: list[tuple[Operation, Values]], sought: Id
) -> list[Exchange]:
    """Read the first page of some lists, which may show the object."""
    facts = Facts(step=Step.LISTED, sought=str(sought))
    return [client.call(listing, page, facts=facts) for listing, page in others]


def _read_others_until_gone(
    client: Client, others: list[tuple[Operation, Values]], sought: Id
) -> None:
    """Read some lists until none of them shows the object."""
    client.until(
        lambda: _read_others(client, others, sought),
        lambda looks: all(_is_gone(client, look) for look in looks),
    )


# --- uses of the deleted object -------------------------------------------------------------------


def _use_deleted(client: Client, sought: Id) -> None:
    """Change the deleted object, and work on it, in every way that the target file allows.

    Each request is repeated until it is rejected, because the deletion may take a moment to show.
    """
    for operation, name in _uses_of_deleted(client):
        values = client.valid(operation)
        if values is not None:
            request = {**values, name: [sought] if isinstance(values[name], list) else sought}
            _send_until_refused(client, operation, request, sought)


def _send_until_refused(
    client: Client, operation: Operation, request: Mapping[str, Any], sought: Id
) -> None:
    """Send a request that uses the deleted object until it is rejected, at most four times."""
    facts = Facts(step=Step.DELETED, sought=str(sought))
    client.until(
        lambda: client.mistake(operation, request, facts),
        lambda exchange: not exchange.ok,
    )


def _uses_of_deleted(client: Client) -> Iterator[tuple[Operation, str]]:
    """The uses that must refuse the deleted object, each with the name of its selector."""
    for operation in client.contract.operations.values():
        if not _must_refuse_deleted(client, operation):
            continue
        named = _selecting_parameter(operation, client.operation.kind)
        if named is not None:
            yield operation, named.name


def _must_refuse_deleted(client: Client, operation: Operation) -> bool:
    """Whether a change or an action with a key must refuse a deleted object, and may be sent.

    Not if the sources leave open what it does with an unknown id, or what a valid request contains.
    """
    if operation.action not in ("update", "perform"):
        return False
    if operation.open & {Open.ABSENT_OBJECT, Open.INPUT}:
        return False
    return operation.keyed and operation.effect in client.target.allow


def _selecting_parameter(operation: Operation, kind: str) -> Parameter | None:
    """The parameter that names the object of a kind that an operation works on, if there is one."""
    selecting = [operation.selector]
    if operation.when is not None:
        selecting.append(operation.parameter(operation.when))
    for parameter in selecting:
        if parameter is not None and parameter.references == kind:
            return parameter
    return None
