"""Scenarios of pages: large ones, those that end a run, and those printed on the API page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.model import Contract, Effect, Facts, KeyName, Operation, Params, Role
from conformance.plan.registry import Draft, Planning, key_needs, operations, scenario
from conformance.reading import Answer, position_of
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.filter_values import options_of
from conformance.scenarios.client.ids import identifiers
from conformance.scenarios.client.knowledge import LARGE
from conformance.scenarios.odd.odd_values import odd_value

WIDE = 1_000
"""Multiplies the maximum of a list. The resulting limit exceeds 16 bits."""


def large_pages(planning: Planning) -> Iterator[Draft]:
    """A page above the declared maximum of each list, and another one with each option."""
    for operation in operations(planning, "list"):
        options = len(list(options_of(operation)))
        yield Draft(operation, cost=2 + options, needs=key_needs(operation), rules=())


@scenario(large_pages)
def test_large_page(client: Client) -> None:
    """Ask for a limit far above the maximum. The walks cover a limit just above it."""
    operation = client.operation
    values = client.knowledge.listing(operation)
    if values is None or operation.paging is None:
        return
    maximum = client.target.maximum.get(operation.id, LARGE)
    values[operation.paging.limit] = str(WIDE * maximum)
    facts = Facts(mistake=True, flaw=odd_value(operation.paging.limit))
    client.call(operation, values, facts=facts)
    for option in options_of(operation):
        client.call(operation, {**values, option.name: str(option.example)}, facts=facts)


# --- the last look --------------------------------------------------------------------------------

LAST_PAGES = 3
"""Pages of a list that are read when all writes are done."""
LAST_WRITTEN = 4
"""Objects that each operation wrote last, which are read by their ids."""
READS, OTHER_READS = 12, 3
"""How many of these objects are read, and of how many listed items the belongings are read."""


def lists_of_written(planning: Planning) -> Iterator[Draft]:
    """Each list of objects that clients create or change, except pools."""
    for operation in operations(planning, "list"):
        creations = planning.contract.operations_by("create", operation.kind)
        changes = planning.contract.operations_by("update", operation.kind)
        if (creations or changes) and not operation.pool:
            readers = _readers(planning.contract, operation)
            reads = sum(READS if reads_item else OTHER_READS for _, _, reads_item in readers)
            yield Draft(
                operation,
                needs=(KeyName.FULL,),
                wants=(KeyName.OTHER,),
                cost=2 * LAST_PAGES + reads,
                optional=True,
                rules=(),
            )


@scenario(lists_of_written, phase=4)
def test_last_look(client: Client) -> None:
    """Read a list in large pages as two businesses, when all writes are done.

    The list must show what the run created and changed in its last state, and nothing that was
    refused or deleted, or that belongs to the other business. Then read some objects by id.
    """
    newest = _read_pages(client, KeyName.FULL)
    if client.knowledge.has(KeyName.OTHER):
        _read_pages(client, KeyName.OTHER)
    _read_by_id(client, newest)


def _read_pages(client: Client, key: str) -> list[Any]:
    """Read the first large pages of a list with a key. Returns the items of the first one."""
    operation, paging = client.operation, client.operation.paging
    values = client.knowledge.listing(operation, key)
    if values is None or paging is None:
        return []
    first: list[Any] = []
    values[paging.limit] = str(client.knowledge.within(operation, LARGE))
    for _ in range(LAST_PAGES):
        exchange = client.call(operation, values, key=key, role=Role.ARRANGE)
        page = Answer(client.contract, operation, exchange)
        first = first or page.listed
        if not page.more or page.cursor is None:
            break
        values[paging.after] = page.cursor
    return first


def _read_by_id(client: Client, listed: list[Any]) -> None:
    """Read what valid requests wrote last, and what belongs to the first of the ``listed`` items.

    Objects written by requests with mistakes are left out: they may be too odd to be read.
    """
    kind = client.operation.kind
    written = client.last_written(kind, LAST_WRITTEN)[:READS]
    first = list(identifiers(client.contract, listed, kind))[:OTHER_READS]
    for operation, parameter, reads_item in _readers(client.contract, client.operation):
        names = written if reads_item else first
        for name in names:
            client.call(operation, {parameter: name}, role=Role.ARRANGE)


def _readers(contract: Contract, listing: Operation) -> list[tuple[Operation, str, bool]]:
    """The reads whose only required parameter is the id of an item of a list.

    Each comes with the name of that parameter, and whether it reads the item itself.
    """
    found = []
    for operation in contract.operations.values():
        if operation.effect is Effect.READ and len(operation.required) == 1:
            parameter = operation.required[0]
            if parameter.references == listing.kind and not parameter.by:
                reads_item = operation.action == "read" and operation.kind == listing.kind
                found.append((operation, parameter.name, reads_item))
    return found


# --- sample requests ------------------------------------------------------------------------------


@dataclass(frozen=True)
class PrintedQuery(Params):
    """The query of a sample request printed on the API page."""

    query: Mapping[str, str]


def printed_samples(planning: Planning) -> Iterator[Draft]:
    """Each sample request for a list that the API page prints."""
    for entry in planning.contract.page.values():
        example = entry.example or {}
        operation = _printed_list(planning, example)
        if operation is not None:
            yield Draft(
                operation,
                entry.place.replace(" ", "-"),
                needs=(KeyName.FULL,),
                params=PrintedQuery(example.get("query", {})),
                cost=3,
            )


def _printed_list(planning: Planning, example: Mapping[str, Any]) -> Operation | None:
    """The list that a printed request asks for; None if the example is not a list request."""
    route = (example.get("method"), example.get("path"))
    for operation in operations(planning, "list"):
        if (operation.method, operation.path) == route:
            return operation
    return None


@scenario(printed_samples, rules=("sample.accepted", "paging.more-false"))
def test_printed_sample(client: Client) -> None:
    """Send a printed request, and if it has a cursor, again with a cursor from the target instead.

    Values that the target file gives for the list are added, because its keys may reach several
    businesses. If the page comes with a cursor, the item after it is requested as well, which
    ``paging.more-false`` needs to see; that request leaves out the printed query.
    """
    operation = client.operation
    inputs = client.target.inputs.get(operation.id, {})
    query = {**client.params(PrintedQuery).query, **inputs}
    paging = operation.paging
    assert paging is not None
    if paging.after in query:
        client.call(operation, query, facts=Facts(printed_cursor=True))
        query = _with_served_cursor(client, query)
    # to confirm a finding, twice, so that the next item is seen before and after the second page
    for _ in range(2 if client.confirming else 1):
        exchange = client.call(operation, query, facts=Facts(walk="printed"))
        cursor = Answer(client.contract, operation, exchange).cursor
        if cursor is not None:
            next_item = {**inputs, paging.after: cursor, paging.limit: "1"}
            client.call(operation, next_item, facts=Facts(walk="what-follows"))


def _with_served_cursor(client: Client, query: Mapping[str, str]) -> dict[str, str]:
    """The query, whose cursor becomes the position of the last listed item, or is left out."""
    operation = client.operation
    assert operation.paging is not None
    items = client.knowledge.listed(operation.kind)
    position = position_of(operation, items[-1] if items else None)
    changed = dict(query)
    if isinstance(position, str):
        changed[operation.paging.after] = position
    else:
        del changed[operation.paging.after]
    return changed
