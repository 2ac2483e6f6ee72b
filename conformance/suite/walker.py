"""Walks over a list: pages under the name of a walk, one after another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.model import Exchange, Facts, Operation, Role
from conformance.reading import items_of
from conformance.scenarios import Depth
from conformance.suite.client import Client
from conformance.suite.knowledge import LARGE

SURELY_TAKEN = 7
"""A limit that is taken to be below every maximum, until a page shows how many items a list does give."""
DEEP_PAGES = 8
BASE_PAGES = 3


class Walker:
    """Asks for pages of one list, as one walk after another; ``moving`` if the list is changed meanwhile."""

    def __init__(self, client: Client, operation: Operation, *, moving: bool = False) -> None:
        assert operation.paging is not None
        self._client = client
        self.operation = operation
        self.paging = operation.paging
        self.given = client.knowledge.listing(operation)
        self.tenant = client.contract.tenant
        wanted = [p.name for p in operation.filters if p.required and p.name != self.tenant]
        self._owner = {
            name: self.given[name]
            for name in wanted
            if self.given and isinstance(self.given.get(name), str)
        }
        self.repeated = client.repeated
        self.deeply = client.depth is Depth.DEEP
        self._moving = moving
        self._most = 0  # items on a page so far

    def page(
        self,
        walk: str,
        after: str | None = None,
        limit: int | None = None,
        filters: Mapping[str, str] | None = None,
        *,
        served: bool = True,
    ) -> Exchange:
        """One page, labelled as part of a walk; a cursor that the target has not ``served`` in this list may be refused."""
        values: dict[str, Any] = {**(self.given or {}), **(filters or {})}
        if limit is not None:
            values[self.paging.limit] = str(
                self._client.knowledge.within(self.operation, limit) if served else limit
            )
        if after is not None:
            values[self.paging.after] = after
        first = after is None
        role = Role.CONTROL if first and limit is None else Role.PROBE
        above = limit is not None and limit > min(self._most or SURELY_TAKEN, SURELY_TAKEN)
        facts = Facts(
            walk=walk,
            filters={**self._owner, **(filters or {})},
            refusable=above or not served,
            mistake=not served,
            moving=self._moving,
        )
        exchange = self._client.call(self.operation, values, role=role, facts=facts)
        self._most = max(self._most, len(self.items(exchange)))
        return exchange

    def items(self, exchange: Exchange) -> list[Any]:
        """The items of a page; none where it has no readable ones."""
        response = exchange.response
        return (items_of(self.operation, response.json) if response and response.ok else None) or []

    def cursor(self, items: list[Any]) -> str | None:
        """The position of the last item."""
        text = (
            items[-1].get(self.paging.position) if items and isinstance(items[-1], dict) else None
        )
        return text if isinstance(text, str) else None

    def deep(self, name: str) -> list[Any]:
        """The list in large pages, to its end or to a bound."""
        return self.walk(name, None, LARGE, items=LARGE * DEEP_PAGES, pages=DEEP_PAGES)

    def stretch(
        self, name: str, filters: Mapping[str, str] | None = None, *, served: bool = True
    ) -> list[Any]:
        """The first items in large pages, or in pages of the default size where a large limit is refused."""
        large = self.walk(name, None, LARGE, items=LARGE, pages=2, filters=filters, served=served)
        return large or self.walk(
            f"{name}-by-default",
            None,
            None,
            items=LARGE,
            pages=2 * BASE_PAGES,
            filters=filters,
            served=served,
        )

    def walk(
        self,
        name: str,
        after: str | None,
        limit: int | None,
        *,
        items: int,
        pages: int,
        filters: Mapping[str, str] | None = None,
        served: bool = True,
    ) -> list[Any]:
        """Pages one after another, whatever the flag says, until enough is seen or a page is empty."""
        seen: list[Any] = []
        for _ in range(pages):
            page = self.items(
                self.page(name, after, limit, filters, served=served or after is None)
            )
            seen += page
            after = self.cursor(page)
            if not page or after is None or len(seen) >= items:
                break
        return seen
