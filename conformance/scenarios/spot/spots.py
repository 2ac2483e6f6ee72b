"""What spot checks send: cases of one to four requests, as a plain client sends them.

Each case ends within seconds and asks for everything it needs again, because hours pass between two
cases. None depends on the seed, except for the texts of a creation, so that a full run sends the
same requests.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.base.values import ABSENT
from conformance.model import Effect, Facts, Form, KeyName, Open, Operation, Role, Step
from conformance.plan.registry import (
    KEY,
    SPOTS,
    Draft,
    Planning,
    key_needs,
    operations,
    scenario,
)
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.writing import read_back
from conformance.scenarios.tenants.cross_tenant import ask_for_foreign
from conformance.scenarios.tenants.foreign import foreign_object, id_text
from conformance.scenarios.tenants.pages_by_key import request_page
from conformance.scenarios.walks.walker import Walker
from conformance.transport.message import Message, message_for

PAGE = 2
"""Items of a page, and pages of a walk."""
ALTERED = f"{KeyName.FULL}~last-char"
"""The main key with another last character."""


def plain(planning: Planning, *actions: str) -> Iterator[Operation]:
    """The reads that need nothing but a key, and have no rate limit of their own."""
    for operation in operations(planning, *actions):
        if operation.plain_read and operation.rate is None:
            yield operation


def of_listed_objects(planning: Planning) -> Iterator[Operation]:
    """The reads of one object by its id, if a list that needs nothing but a key shows such ids.

    Reads that need more, that have a rate limit of their own, or that may refuse some of the listed
    objects are left out.
    """
    for operation in operations(planning, "read"):
        selector = operation.selector
        if selector is None or selector.by is not None or operation.rate is not None:
            continue
        listing = planning.contract.list_of(selector.references)
        is_simple = operation.required == (selector,) and operation.keyed
        is_sure = is_simple and Open.INPUT not in operation.open
        if is_sure and listing is not None and listing.plain_read:
            yield operation


# --- reads ----------------------------------------------------------------------------------------


def plain_reads(planning: Planning) -> Iterator[Draft]:
    """Each read that needs nothing but a key."""
    for operation in plain(planning, "list", "read", "fetch"):
        yield Draft(operation, needs=key_needs(operation), cost=1)


@scenario(plain_reads, registry=SPOTS)
def spot_read(client: Client) -> None:
    """Send a valid read."""
    values = client.valid(client.operation)
    if values is not None:
        client.control(client.operation, values)


def object_reads(planning: Planning) -> Iterator[Draft]:
    """Each read of an object that a list shows."""
    for operation in of_listed_objects(planning):
        yield Draft(operation, needs=key_needs(operation), cost=2)


@scenario(object_reads, registry=SPOTS)
def spot_object(client: Client) -> None:
    """Read the first object of a list."""
    values = _values_from_one_page(client, KeyName.FULL)
    if values is not None:
        client.control(client.operation, values)


def _values_from_one_page(client: Client, key: str) -> dict[str, Any] | None:
    """Request one page of a list; valid values for a read of an object that it shows.

    None if it shows none.
    """
    selector = client.operation.selector
    assert selector is not None
    client.knowledge.request_one_page(selector.references, key)
    return client.valid(client.operation, key)


def walks(planning: Planning) -> Iterator[Draft]:
    """Each list that needs nothing but a key."""
    for operation in plain(planning, "list"):
        yield Draft(operation, needs=key_needs(operation), cost=PAGE)


@scenario(
    walks, rules=("paging.order", "paging.advances", "paging.exclusive"), phase=0, registry=SPOTS
)
def spot_walk(client: Client) -> None:
    """Walk two small pages of a list."""
    walker = Walker(client)
    if walker.base_values is not None:
        walker.walk("spot", None, PAGE, items=2 * PAGE, pages=PAGE)


# --- refusals -------------------------------------------------------------------------------------


def unknown_ids(planning: Planning) -> Iterator[Draft]:
    """Each read of an object that a list shows."""
    for operation in of_listed_objects(planning):
        yield Draft(operation, needs=key_needs(operation), cost=3)


@scenario(unknown_ids, rules=("id.unknown",), phase=1, registry=SPOTS)
def spot_unknown_id(client: Client) -> None:
    """Read an object, then one that does not exist."""
    values, selector = _values_from_one_page(client, KeyName.FULL), client.operation.selector
    if values is None or selector is None:
        return
    unknown = client.unknown_id(id_text(values[selector.name]))
    client.control(client.operation, values)
    client.mistake(client.operation, {**values, selector.name: unknown})


def missing_keys(planning: Planning) -> Iterator[Draft]:
    """Each read that needs only a key."""
    for operation in plain(planning, "list", "read", "fetch"):
        if operation.keyed:
            yield Draft(operation, needs=(KEY, KeyName.FULL), cost=2)


@scenario(missing_keys, rules=("auth.missing",), phase=1, registry=SPOTS)
def spot_missing_key(client: Client) -> None:
    """Send a valid read, then the same without a key."""
    values = client.valid(client.operation)
    if values is None:
        return
    client.control(client.operation, values)
    message, facts = message_for(client.operation, values), Facts(mistake=True, form=Form.MISSING)
    client.raw(message, client.operation.id, carried=(), key=None, facts=facts)


def altered_keys(planning: Planning) -> Iterator[Draft]:
    """Each list that needs only a key, with a key that was never issued."""
    for operation in plain(planning, "list"):
        if operation.keyed:
            yield Draft(operation, needs=(KEY, KeyName.FULL), cost=2, bad_keys=1)


@scenario(altered_keys, rules=("auth.invalid",), phase=1, registry=SPOTS)
def spot_altered_key(client: Client) -> None:
    """Send a valid read, then the same with the last character of the key altered."""
    values = client.valid(client.operation)
    if values is None:
        return
    client.control(client.operation, values)
    client.mistake(client.operation, values, key=ALTERED, facts=Facts(form=Form.ALTERED))


def invented_paths(planning: Planning) -> Iterator[Draft]:  # noqa: ARG001 - a scenario has it
    """A path that no server can have."""
    yield Draft(None, "path", needs=(KEY,), cost=1)


@scenario(invented_paths, rules=("route.unknown",), phase=1, registry=SPOTS)
def spot_unknown_route(client: Client) -> None:
    """Request an invented path."""
    facts = Facts(mistake=True, odd=True, form=Form.INVENTED)
    client.raw(Message("GET", f"/{client.token()}"), facts=facts)


# --- another business -----------------------------------------------------------------------------


def foreign_objects(planning: Planning) -> Iterator[Draft]:
    """Each read of an object that a list shows, for an object of another business."""
    for operation in of_listed_objects(planning):
        if operation.kind and planning.contract.tenant:
            yield Draft(operation, needs=(KeyName.FULL, KeyName.OTHER), cost=4)


@scenario(foreign_objects, rules=("tenant.object",), phase=1, registry=SPOTS)
def spot_foreign_object(client: Client) -> None:
    """Read an object of another business with its own key, then with the main key."""
    operation, selector = client.operation, client.operation.selector
    assert selector is not None
    for key in (KeyName.FULL, KeyName.OTHER):
        client.knowledge.request_one_page(selector.references, key)
    foreign, own = foreign_object(client, operation, selector), client.valid(operation)
    if foreign is ABSENT or own is None or foreign == own[selector.name]:
        return
    values = {**own, selector.name: foreign}
    facts = Facts(step=Step.OWNER)
    client.call(operation, values, role=Role.CONTROL, key=KeyName.OTHER, facts=facts)
    ask_for_foreign(client, values, foreign)


def lists_of_two(planning: Planning) -> Iterator[Draft]:
    """Each list of objects that belong to a business."""
    for operation in plain(planning, "list"):
        if operation.owned and planning.contract.tenant:
            yield Draft(operation, needs=(KeyName.FULL, KeyName.OTHER), cost=2)


@scenario(lists_of_two, rules=("tenant.rows",), registry=SPOTS)
def spot_rows(client: Client) -> None:
    """Read a list as two businesses."""
    request_page(client, KeyName.OTHER, {})
    request_page(client, KeyName.FULL, {})


# --- creations ------------------------------------------------------------------------------------


def creations(planning: Planning) -> Iterator[Draft]:
    """The first creation that names no other object, costs no money and can be read back.

    Creations that need no API key, have a rate limit of their own or take from a pool do not count.
    """
    for operation in operations(planning, "create"):
        is_plain = operation.effect is Effect.WRITE and operation.keyed and operation.rate is None
        names_object = any(each.references for each in operation.required)
        is_pooled = planning.contract.takes_from_pool(operation)
        has_reader = planning.contract.operations_by("read", operation.kind)
        if is_plain and has_reader and not (names_object or is_pooled):
            yield Draft(operation, needs=(KeyName.FULL,), cost=2)
            return


@scenario(creations, rules=("create.read-back",), phase=2, registry=SPOTS)
def spot_creation(client: Client) -> None:
    """Create an object and read it back."""
    operation, values = client.operation, client.valid(client.operation)
    if values is None:
        return
    facts = Facts(step=Step.WRITE, sent=operation.in_body(values))
    written = client.control(operation, values, facts)
    read_back(client, operation, client.created_id(written), values)
