"""Scenarios of single pages: empty lists, large pages, odd limits and cursors, the printed samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.model import Facts, Operation, Params
from conformance.reading import items_of
from conformance.scenarios import Draft, Planning, operations, scenario
from conformance.suite.client import Client
from conformance.suite.knowledge import LARGE


def large_pages(planning: Planning) -> Iterator[Draft]:
    """A page beyond the declared maximum of each list."""
    for operation in operations(planning, "list"):
        yield Draft(operation, cost=2, needs=("full",) if operation.keyed else (), rules=())


@scenario(large_pages)
def test_large_page(client: Client) -> None:
    """A limit far above the maximum, and beyond 32 bits; one just above it is part of the walks."""
    paging = client.operation.paging
    assert paging is not None
    maximum = client.target.maximum.get(client.operation.id, LARGE)
    values = client.knowledge.listing(client.operation)
    if values is not None:
        client.call(
            client.operation,
            {**values, paging.limit: str(10**8 * maximum)},
            facts=Facts(mistake=True),
        )


@dataclass(frozen=True)
class PrintedQuery(Params):
    """The query of a request that the page prints."""

    query: Mapping[str, str]


def printed_samples(planning: Planning) -> Iterator[Draft]:
    """Each request that the page prints."""
    for entry in planning.contract.page.values():
        example = entry.example or {}
        if "method" in example:
            operation = _printed(planning, example)
            if operation is not None:
                params = PrintedQuery(example.get("query", {}))
                yield Draft(
                    operation, entry.place.replace(" ", "-"), needs=("full",), params=params, cost=3
                )


def _printed(planning: Planning, example: dict[str, Any]) -> Operation | None:
    return next(
        (
            o
            for o in operations(planning, "list")
            if o.method == example["method"] and o.path == example["path"]
        ),
        None,
    )


@scenario(printed_samples, rules=("sample.accepted", "paging.more-false"))
def test_printed_sample(client: Client) -> None:
    """A printed request as it stands, and with a cursor of the target in the place of the printed one."""
    paging = client.operation.paging
    assert paging is not None
    query = client.params(PrintedQuery).query
    if paging.after in query:
        client.call(client.operation, query, facts=Facts(printed_cursor=True))
        items = client.knowledge.listed(client.operation.kind or "")
        own = items[-1].get(paging.position) if items and isinstance(items[-1], dict) else None
        query = (
            {**query, paging.after: own}
            if isinstance(own, str)
            else {k: v for k, v in query.items() if k != paging.after}
        )
    for _ in range(2 if client.repeated else 1):
        page = client.call(client.operation, query, facts=Facts(walk="printed")).response
        items = (
            items_of(client.operation, page.json) if page is not None and page.ok else None
        ) or []
        last = items[-1].get(paging.position) if items and isinstance(items[-1], dict) else None
        if isinstance(last, str):
            client.call(
                client.operation,
                {paging.after: last, paging.limit: "1"},
                facts=Facts(walk="what-follows"),
            )
