"""Walks over a list: pages under the name of a walk, one after another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from conformance.base.values import as_text
from conformance.model import Facts, KeyName, Role, Side
from conformance.plan.registry import Depth
from conformance.reading import Answer, position_of
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.knowledge import LARGE

SURELY_ACCEPTED = 7
"""A limit that surely is within the maximum of a list that has shown that many items on a page."""
DEEP_PAGES = 8
BASE_PAGES = 3
NO_FILTERS: Mapping[str, str] = MappingProxyType({})

SETTLED = 2
"""Seconds within which every copy of a list should show a new object."""
TIMES_SHOWN = 4
"""Times in a row that a list must show new objects before the loss of one is believed."""


class Walker:
    """Requests pages of a case's list, as one walk after another.

    ``base_values`` are the values that every page needs; None if one of them is not known.
    ``moving``: the case changes the list between the pages. ``side``: whose data the key shows.
    """

    def __init__(
        self,
        client: Client,
        *,
        moving: bool = False,
        key: str = KeyName.FULL,
        side: Side | None = None,
    ) -> None:
        self.operation = client.operation
        assert self.operation.paging is not None
        self.paging = self.operation.paging
        self.base_values = client.knowledge.listing(self.operation, key)
        self.tenant = client.contract.tenant
        self.confirming = client.confirming
        self.deeply = client.depth is Depth.DEEP
        self._client = client
        self._required = self._required_filters()
        self._moving = moving
        self._key = key
        self._side = side
        self._most_listed = 0  # the most items on a page so far

    def _required_filters(self) -> dict[str, str]:
        """The values of the filters that the list requires, other than the business."""
        given = self.base_values or {}
        required: dict[str, str] = {}
        for parameter in self.operation.filters:
            if not parameter.required or parameter.name == self.tenant:
                continue
            value = as_text(given.get(parameter.name))
            if value is not None:
                required[parameter.name] = value
        return required

    def own_business(self) -> dict[str, str]:
        """The main business as a filter; empty if the list does not take it or already gets it."""
        return self._client.own_business(self.operation, self.base_values or {})

    def settle(self) -> None:
        """In an attempt that confirms a finding, wait, then read the list TIMES_SHOWN times.

        Meanwhile, caches can catch up.
        """
        if not self.confirming:
            return
        self._client.pause(SETTLED)
        for _ in range(TIMES_SHOWN):
            self._client.call(self.operation, self.base_values or {}, role=Role.ARRANGE)

    def page(
        self,
        walk: str,
        after: str | None = None,
        limit: int | None = None,
        filters: Mapping[str, str] = NO_FILTERS,
        *,
        must_serve: bool = True,
    ) -> Answer:
        """Request one page of a walk. Without cursor and limit, it is a control.

        If not ``must_serve``, the target may reject the page, because it did not give the cursor in
        this list, or because the sources leave open whether the cursor goes with the filter. Of a
        page that the target must serve, the limit is lowered to the maximum that it declares.
        """
        values: dict[str, Any] = {**(self.base_values or {}), **filters}
        if limit is not None:
            largest = self._client.knowledge.within(self.operation, limit) if must_serve else limit
            values[self.paging.limit] = str(largest)
        if after is not None:
            values[self.paging.after] = after
        is_plain = after is None and limit is None
        facts = Facts(
            walk=walk,
            filters={**self._required, **filters},
            refusable=not must_serve or self._above_maximum(limit),
            mistake=not must_serve,
            moving=self._moving,
            side=self._side,
        )
        role = Role.CONTROL if is_plain else Role.PROBE
        exchange = self._client.call(self.operation, values, role=role, key=self._key, facts=facts)
        answer = Answer(self._client.contract, self.operation, exchange)
        self._most_listed = max(self._most_listed, len(answer.listed))
        return answer

    def _above_maximum(self, limit: int | None) -> bool:
        """Whether a limit may exceed the maximum of the list, judging by its pages so far."""
        surely_accepted = max(1, min(self._most_listed, SURELY_ACCEPTED))
        return limit is not None and limit > surely_accepted

    def cursor(self, items: Sequence[Any]) -> str | None:
        """The position of the last of some items; None if it has none, or there is no item."""
        return as_text(position_of(self.operation, items[-1] if items else None))

    def positions(self, items: Sequence[Any]) -> list[str | None]:
        """The position of each of some items; None for one without."""
        return [self.cursor([item]) for item in items]

    def deep(self, name: str) -> list[Any]:
        """Request the list in large pages, DEEP_PAGES at most; returns the items."""
        return self.walk(name, None, LARGE, items=LARGE * DEEP_PAGES, pages=DEEP_PAGES)

    def stretch(
        self, name: str, filters: Mapping[str, str] = NO_FILTERS, *, must_serve: bool = True
    ) -> list[Any]:
        """Request the first items in large pages, or else in pages of the default size.

        Returns the items. The latter pages are requested only if the large ones show no items.
        """
        large = self.walk(
            name, None, LARGE, items=LARGE, pages=2, filters=filters, must_serve=must_serve
        )
        return large or self.walk(
            f"{name}-by-default",
            None,
            None,
            items=LARGE,
            pages=2 * BASE_PAGES,
            filters=filters,
            must_serve=must_serve,
        )

    def walk(
        self,
        name: str,
        after: str | None,
        limit: int | None,
        *,
        items: int,
        pages: int,
        filters: Mapping[str, str] = NO_FILTERS,
        must_serve: bool = True,
    ) -> list[Any]:
        """Request pages one after another, even if the list says that it ends; returns the items.

        The walk ends after ``pages`` pages, once it has ``items`` items, or with a page without
        items or without a cursor. The target must serve a page without a cursor in any case.
        """
        collected: list[Any] = []
        for _ in range(pages):
            serves_page = must_serve or after is None
            answer = self.page(name, after, limit, filters, must_serve=serves_page)
            collected += answer.listed
            after = answer.cursor
            if after is None or len(collected) >= items:
                break
        return collected
