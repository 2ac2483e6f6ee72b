"""Stimuli of single pages: empty lists, large pages, odd limits and cursors, the printed samples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.model import Operation
from conformance.plan import Draft, Planning, operations, stimulus
from conformance.suite.client import Client
from conformance.suite.walker import LARGE


def lists_of_the_empty(planning: Planning) -> Iterator[Draft]:
    """Each list, with the key of a business without data."""
    for operation in operations(planning, "list"):
        if operation.keyed and not operation.pool and not any(p.required for p in operation.parameters):
            yield Draft(operation, needs=("empty",), cost=2)


@stimulus(lists_of_the_empty, rules=("paging.empty",))
def test_empty_list(client: Client) -> None:
    """The list of a business without data, plain, with a limit and with a cursor."""
    paging = client.operation.paging
    assert paging is not None
    values = client.valid(client.operation, "empty") or {}
    client.call(client.operation, values, key="empty")
    client.call(client.operation, {**values, paging.limit: "1"}, key="empty")


def large_pages(planning: Planning) -> Iterator[Draft]:
    """A page beyond the declared maximum of each list."""
    for operation in operations(planning, "list"):
        yield Draft(operation, cost=2, needs=("full",) if operation.keyed else (), rules=())


@stimulus(large_pages)
def test_large_page(client: Client) -> None:
    """A limit far above the maximum; one just above it is part of the walks."""
    paging = client.operation.paging
    assert paging is not None
    maximum = client.target.maximum.get(client.operation.id, LARGE)
    values = client.listing(client.operation)
    if values is not None:
        client.call(client.operation, {**values, paging.limit: str(100 * maximum)}, mistake=True)


def odd_positions(planning: Planning) -> Iterator[Draft]:
    """Each list with a limit or a cursor that cannot be parsed."""
    for operation in operations(planning, "list"):
        yield Draft(operation, cost=4, needs=("full",) if operation.keyed else ())


@stimulus(odd_positions, rules=("parameter.unparsable",), phase=1)
def test_unparsable_parameter(client: Client) -> None:
    """Values of limit and cursor that are no number and no timestamp."""
    paging = client.operation.paging
    assert paging is not None
    values = client.listing(client.operation)
    if values is None:
        return
    for value in ("abc", "-1"):
        client.mistake(client.operation, {**values, paging.limit: value}, tolerable=True)
    for value in ("not-a-time", "2026-13-45T99:99:99Z"):
        client.mistake(client.operation, {**values, paging.after: value}, tolerable=True)


def printed_samples(planning: Planning) -> Iterator[Draft]:
    """Each request that the page prints."""
    for entry in planning.contract.page.values():
        example = entry.example or {}
        if "method" in example:
            operation = _printed(planning, example)
            if operation is not None:
                yield Draft(operation, entry.place.replace(" ", "-"), needs=("full",), params={"query": example.get("query", {})})


def _printed(planning: Planning, example: dict[str, Any]) -> Operation | None:
    return next((o for o in operations(planning, "list") if o.method == example["method"] and o.path == example["path"]), None)


@stimulus(printed_samples, rules=("sample.accepted",))
def test_printed_sample(client: Client) -> None:
    """A printed request as it stands, and with a cursor of the target in the place of the printed one."""
    paging = client.operation.paging
    assert paging is not None
    query = client.case.params["query"]
    if paging.after in query:
        client.call(client.operation, query, printed_cursor=True)
        items = client.listed(client.operation.kind or "")
        own = items[-1].get(paging.position) if items and isinstance(items[-1], dict) else None
        query = {**query, paging.after: own} if isinstance(own, str) else {k: v for k, v in query.items() if k != paging.after}
    client.call(client.operation, query)
