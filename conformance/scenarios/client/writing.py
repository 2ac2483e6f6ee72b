"""What writes send, and how their effects are looked up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from conformance.base.values import texts_in
from conformance.model import (
    Contract,
    Exchange,
    Facts,
    Open,
    Operation,
    Parameter,
    Placeholder,
    Step,
    compact,
)
from conformance.reading import differences, lacks_new_object, rows_of, sought_in
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.filter_values import MASKED
from conformance.scenarios.client.ids import Id, identifier

MOST_BORROWED = 500
"""Characters of the largest object that is sent back to a target."""

# --- values ---------------------------------------------------------------------------------------


def fresh_texts(operation: Operation, values: Mapping[str, Any]) -> tuple[str, ...]:
    """The texts among some values that no other request contains, in the order of the members."""
    return tuple(texts_in(values.get(member.name) for member in operation.fresh_members))


def all_options(client: Client) -> dict[str, Any]:
    """Values for the members that a request may omit, phone numbers among them."""
    return {**client.optional(client.operation), **client.phones(client.operation)}


def other_values(client: Client, operation: Operation) -> dict[str, Any]:
    """A value for each parameter that a request may omit, except bounds. A switch is off."""
    options = [each for each in operation.parameters if not each.compare and not each.required]
    switches_off = {option.name: False for option in options if option.is_switch}
    return {**client.known(options), **switches_off}


def is_mandatory(parameter: Parameter) -> bool:
    """Whether a request that omits a member must be rejected."""
    return parameter.required and Open.OMISSION not in parameter.open


def optional_references(operation: Operation) -> list[Parameter]:
    """The members that name an object and that a creation can omit."""
    return [member for member in operation.body if member.references and not member.usual]


def named_objects(client: Client) -> dict[str, Any]:
    """The ids of objects for the members of a creation that name one and can be omitted.

    An object that the creation takes from a pool is linked to those that it names, and loses the
    links when it is returned. So except for the business, it names objects that no other request
    needs unchanged.
    """
    naming = optional_references(client.operation)
    if not client.contract.takes_from_pool(client.operation):
        return client.known(naming)
    named: dict[str, Any] = {}
    for member in naming:
        if member.name == client.contract.tenant:
            named |= client.known([member])
            continue
        linked = client.own.id_to_link(member.references)
        if linked is not None:
            named[member.name] = linked
    return named


def takes_any_text(parameter: Parameter) -> bool:
    """Whether a member takes any text: it gets a fresh one, and need not have a certain form."""
    if not parameter.fresh or {"format", "pattern"} & set(parameter.schema):
        return False
    return "@" not in parameter.fresh and "://" not in parameter.fresh


def visible_change(contract: Contract, operation: Operation) -> Parameter | None:
    """The first member of a change that takes a fresh text and that a read or a list shows.

    None if the documented members show no such change.
    """
    visible = _documented_members(contract, operation.kind)
    for member in operation.fresh_members:
        if member.shown_as in visible:
            return member
    return None


def _documented_members(contract: Contract, kind: str | None) -> set[str]:
    """The members of a kind of object, according to the schemas of its reads and lists.

    A read that wraps the object in a member is left out, since its schema describes the wrapper.
    """
    names: set[str] = set()
    for reader in contract.operations_by("read", kind):
        if reader.wrapper is None:
            names |= reader.schema.get("properties", {}).keys()
    for listing in contract.operations_by("list", kind):
        for member in listing.schema.get("properties", {}).values():
            names |= member.get("items", {}).get("properties", {}).keys()
    return names


def observed_values(client: Client, operation: Operation, sought: Id) -> dict[str, Any]:
    """Values for optional members without a value in the contract, by name.

    A member for a phone number gets the second number of the run. A member by which lists filter
    gets the text that the fewest objects other than ``sought`` show.
    """
    kind = operation.kind
    filtered = _filtered_members(client.contract, kind)
    values: dict[str, Any] = {}
    for parameter in operation.body:
        if not _lacks_value(parameter):
            continue
        member = parameter.shown_as
        if parameter.phone:
            values[parameter.name] = client.knowledge.second_number()
        elif member in filtered:
            text = _rarest_text(client, kind, member, sought)
            if text is not None:
                values[parameter.name] = text
    return values


def usual_values(client: Client, operation: Operation) -> dict[str, str]:
    """The text that the most listed objects share, for optional members without a value, by name.

    Only members by which lists filter get one, because their values are shared words and not free
    texts.
    """
    kind = operation.kind
    filtered, rows = _filtered_members(client.contract, kind), client.knowledge.listed(kind)
    values: dict[str, str] = {}
    for parameter in operation.body:
        if _lacks_value(parameter) and parameter.shown_as in filtered:
            text = _most_frequent_text(rows, parameter.shown_as)
            if text is not None:
                values[parameter.name] = text
    return values


CONTAINERS: Mapping[str, type] = {"object": dict, "array": list}
"""The Python types of the members that hold others, by their types in schemas."""


def borrowed_values(client: Client, operation: Operation) -> dict[str, Any]:
    """The longest object or array that listed objects show, for each member that takes one.

    Only optional members without a value in the contract get one, by name: nobody but the target
    knows what such a value must hold. Masked and redacted values do not count.
    """
    rows = rows_of(client.knowledge.listed(operation.kind))
    values: dict[str, Any] = {}
    for parameter in operation.body:
        container = CONTAINERS.get(str(parameter.schema.get("type")))
        if container is None or not _lacks_value(parameter):
            continue
        shown = [row.get(parameter.shown_as) for row in rows]
        of_type: list[Any] = [each for each in shown if isinstance(each, container)]
        usable = [each for each in of_type if _may_be_sent(each)]
        if usable:
            values[parameter.name] = max(usable, key=len)
    return values


def _may_be_sent(value: Any) -> bool:
    """Whether a value is not empty, holds nothing masked or redacted, and is not too long."""
    text = compact(value, MOST_BORROWED + 1)
    is_hidden = MASKED.search(text) or any(Placeholder.all_in(text))
    return bool(value) and len(text) <= MOST_BORROWED and not is_hidden


def _most_frequent_text(items: list[Any], member: str) -> str | None:
    """The text that the most items show as a member; None if no two show the same.

    If several texts are equally frequent, it is the first in character order.
    """
    counts = Counter(texts_in(row.get(member) for row in rows_of(items)))
    text = min(counts, key=lambda text: (-counts[text], text), default="")
    return text if counts[text] > 1 else None


def _filtered_members(contract: Contract, kind: str) -> set[str]:
    """The members that the lists of a kind filter by."""
    listings = contract.operations_by("list", kind)
    return {parameter.filters for listing in listings for parameter in listing.filters}


def _lacks_value(parameter: Parameter) -> bool:
    """Whether a member is optional, and the contract gives no value for it."""
    return not (parameter.required or parameter.references or parameter.has_value)


def _rarest_text(client: Client, kind: str, member: str, sought: Id) -> str | None:
    """The text that the fewest other objects show as a member; None if none shows any.

    If several texts are equally rare, it is the first in character order.
    """
    counts: Counter[str] = Counter()
    for row in rows_of(client.knowledge.listed(kind)):
        text = row.get(member)
        is_other = identifier(client.contract, row, kind) != sought
        if is_other and isinstance(text, str):
            counts[text] += 1
    return min(counts, key=lambda text: (counts[text], text), default=None)


# --- reads ----------------------------------------------------------------------------------------


def read_back(
    client: Client, operation: Operation, sought: Id | None, sent: Mapping[str, Any]
) -> Exchange | None:
    """Read an object until it shows what was sent; returns the last read.

    Sends nothing and returns None without an id, or without a way to read the object.
    """
    if sought is None:
        return None
    kind, facts = operation.kind, Facts(step=Step.READ)

    def is_final(read: Exchange | None) -> bool:
        if read is None:  # there is no way to read the object
            return True
        shown, may_follow = sought_in(client.contract, read)
        if shown is None:
            return may_follow  # waiting is pointless if only a later page can show it
        # members that the target may ignore count: if it stores them, a copy may show them late
        return not any(differences(operation, sent, shown))

    return client.until(lambda: client.look(kind, sought, facts), is_final)


def read_with(client: Client, key: str, sought: Id) -> None:
    """Read an object with a key until it appears."""
    kind, facts = client.operation.kind, Facts(step=Step.READ)
    client.until(
        lambda: client.look(kind, sought, facts, key=key),
        client.is_found,
    )


def look_in_list(
    client: Client,
    operation: Operation,
    sought: Id | None,
    values: Mapping[str, Any],
    position: str | None = None,
) -> None:
    """Look for an object in the list page where new ones appear, until it shows up.

    ``position`` is the object's, if known. Nothing is sent without an id, without a fresh text in
    ``values``, or without a list.
    """
    texts = fresh_texts(operation, values)
    if sought is None or not texts:
        return
    ask = client.lister(operation.kind)
    if ask is None:
        return
    facts = Facts(step=Step.LISTED, sought=str(sought), fresh=texts, position=position)
    client.until(lambda: ask(facts=facts), lambda page: not lacks_new_object(client.contract, page))
