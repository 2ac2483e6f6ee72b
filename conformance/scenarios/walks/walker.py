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

SURELY_TAKEN = 7
"""A limit that surely is within the maximum of a list that has shown that many items on a page."""
DEEP_PAGES = 8
BASE_PAGES = 3
NO_FILTERS: Mapping[str, str] = MappingProxyType({})

SETTLED = 2
"""Seconds within which every copy of a list should show a new object."""
SHOWN = 4
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
        self._most = 0  # items on a page so far

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
        """In a repeated attempt, wait, then read the list SHOWN times: caches can catch up."""
        if not self.confirming:
            return
        self._client.pause(SETTLED)
        for _ in range(SHOWN):
            self._client.call(self.operation, self.base_values or {}, role=Role.ARRANGE)

    def page(
        self,
        walk: str,
        after: str | None = None,
        limit: int | None = None,
        filters: Mapping[str, str] = NO_FILTERS,
        *,
        served: bool = True,
    ) -> Answer:
        """Request one page of a walk. Without cursor and limit, it is a control.

        A page that is not ``served`` may be rejected, because the target did not give its cursor in
        this list, or the sources leave open whether it goes with the filter.
        """
        values: dict[str, Any] = {**(self.base_values or {}), **filters}
        if limit is not None:
            largest = self._client.knowledge.within(self.operation, limit) if served else limit
            values[self.paging.limit] = str(largest)
        if after is not None:
            values[self.paging.after] = after
        is_plain = after is None and limit is None
        facts = Facts(
            walk=walk,
            filters={**self._required, **filters},
            refusable=not served or self._above_maximum(limit),
            mistake=not served,
            moving=self._moving,
            side=self._side,
        )
        role = Role.CONTROL if is_plain else Role.PROBE
        exchange = self._client.call(self.operation, values, role=role, key=self._key, facts=facts)
        answer = Answer(self._client.contract, self.operation, exchange)
        self._most = max(self._most, len(answer.listed))
        return answer

    def _above_maximum(self, limit: int | None) -> bool:
        """Whether a limit may exceed the maximum of the list, judging by its pages so far."""
        return limit is not None and limit > max(1, min(self._most, SURELY_TAKEN))

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
        self, name: str, filters: Mapping[str, str] = NO_FILTERS, *, served: bool = True
    ) -> list[Any]:
        """Request the first items in large pages, or in pages of the default size if that fails.

        Returns the items.
        """
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
        filters: Mapping[str, str] = NO_FILTERS,
        served: bool = True,
    ) -> list[Any]:
        """Request pages one after another, whatever the flag says, and return their items.

        The walk ends with an empty page, after ``pages`` pages, or once it has ``items`` items.
        """
        collected: list[Any] = []
        for _ in range(pages):
            must_serve = served or after is None
            answer = self.page(name, after, limit, filters, served=must_serve)
            collected += answer.listed
            after = answer.cursor
            if after is None or len(collected) >= items:
                break
        return collected
