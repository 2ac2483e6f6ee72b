"""Scenarios of single pages: empty lists, large pages, odd limits and cursors, the printed samples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.checks.objects import items_of
from conformance.model import Open, Operation, Parameter
from conformance.plan import Draft, Planning, operations, scenario
from conformance.suite.client import LARGE, Client


def lists_of_the_empty(planning: Planning) -> Iterator[Draft]:
    """Each list, with the key of a business without data."""
    for operation in operations(planning, "list"):
        if (
            operation.keyed
            and not operation.pool
            and not any(p.required for p in operation.parameters)
        ):
            both = (
                Open.EMPTY_TENANT in operation.open and "full" in planning.target.keys
            )  # what it has must then be its own
            rules = ("paging.empty", "tenant.rows") if both else ("paging.empty",)
            yield Draft(operation, needs=("empty",), cost=3 if both else 2, rules=rules)


@scenario(lists_of_the_empty, rules=("paging.empty", "tenant.rows"))
def test_empty_list(client: Client) -> None:
    """The list of a business without data, plain, with a limit and with a cursor."""
    paging = client.operation.paging
    assert paging is not None
    values = client.valid(client.operation, "empty") or {}
    client.call(client.operation, values, key="empty", side="foreign")
    given = client.listing(client.operation) if "tenant.rows" in client.case.rules else None
    if given is not None:
        client.call(client.operation, given, role="setup", side="own")
    client.call(client.operation, {**values, paging.limit: "1"}, key="empty")


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
    values = client.listing(client.operation)
    if values is not None:
        client.call(client.operation, {**values, paging.limit: str(10**8 * maximum)}, mistake=True)


SIZES = ("abc", "-1")
POSITIONS = ("not-a-time", "2026-13-45T99:99:99Z")
"""Values that no limit and no cursor has."""


def odd_positions(planning: Planning) -> Iterator[Draft]:
    """Each list with a limit, a cursor or a bound that cannot be parsed."""
    for operation in operations(planning, "list"):
        bounds = [p.name for p in operation.filters if p.compare]
        cost = 2 + len(SIZES + POSITIONS) + len(bounds) + len(_windows(operation))
        yield Draft(
            operation,
            cost=cost,
            needs=("full",) if operation.keyed else (),
            params={"bounds": bounds},
        )


@scenario(odd_positions, rules=("parameter.unparsable",), phase=1)
def test_unparsable_parameter(client: Client) -> None:
    """Values of limit, cursor and bounds that are no number and no timestamp, beside a request without them."""
    paging = client.operation.paging
    assert paging is not None
    values = client.listing(client.operation)
    if values is None:
        return
    client.control(client.operation, values)
    for value in SIZES:
        client.mistake(client.operation, {**values, paging.limit: value})
    for value in POSITIONS:
        client.mistake(client.operation, {**values, paging.after: value})
    client.mistake(
        client.operation, {**values, paging.limit: "0"}, role="setup"
    )  # which may mean anything
    for bound in client.case.params["bounds"]:
        client.mistake(client.operation, {**values, bound: "abc"})
    for least, most in _windows(client.operation):
        client.mistake(
            client.operation,
            {**values, least.name: _bound(least, 2), most.name: _bound(most, 1)},
            role="setup",
        )


def _windows(operation: Operation) -> list[tuple[Parameter, Parameter]]:
    """The bounds of one member of the items, from below and from above."""
    bounds = [p for p in operation.filters if p.compare and not p.required]
    pairs = [
        (p, q) for p in bounds for q in bounds if (p.compare, q.compare) == ("at-least", "at-most")
    ]
    return [(p, q) for p, q in pairs if p.filters == q.filters]


def _bound(parameter: Parameter, place: int) -> str:
    """A bound, the later or larger for a larger place."""
    return (
        str(place)
        if parameter.schema.get("type") in ("integer", "number")
        else f"2026-04-1{place}T00:00:00Z"
    )


def printed_samples(planning: Planning) -> Iterator[Draft]:
    """Each request that the page prints."""
    for entry in planning.contract.page.values():
        example = entry.example or {}
        if "method" in example:
            operation = _printed(planning, example)
            if operation is not None:
                params = {"query": example.get("query", {})}
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
    query = client.case.params["query"]
    if paging.after in query:
        client.call(client.operation, query, printed_cursor=True)
        items = client.listed(client.operation.kind or "")
        own = items[-1].get(paging.position) if items and isinstance(items[-1], dict) else None
        query = (
            {**query, paging.after: own}
            if isinstance(own, str)
            else {k: v for k, v in query.items() if k != paging.after}
        )
    for _ in range(2 if client.repeated else 1):
        page = client.call(client.operation, query, walk="printed").response
        items = (
            items_of(client.operation, page.json) if page is not None and page.ok else None
        ) or []
        last = items[-1].get(paging.position) if items and isinstance(items[-1], dict) else None
        if isinstance(last, str):
            client.call(
                client.operation, {paging.after: last, paging.limit: "1"}, walk="what-follows"
            )
