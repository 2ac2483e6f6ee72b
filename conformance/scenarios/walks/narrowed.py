"""Requests that compare a filtered list with the unfiltered one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from conformance.base.values import instant, respelled
from conformance.model import Parameter
from conformance.reading import takes
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.filter_values import (
    IDENTIFYING,
    another_value,
    near_bound,
    next_to_another,
    second_filter,
    texts_of,
    windows,
)
from conformance.scenarios.client.knowledge import LARGE
from conformance.scenarios.walks.cursors import WINDOW, in_turn
from conformance.scenarios.walks.walker import Walker

LARGE_PAGES = (None, LARGE)
"""Page lengths for the value that most items show, in turn: the usual one, and a large one."""

EASTERNMOST, WESTERNMOST = 14 * 60, -12 * 60
"""The offsets of time zones farthest from UTC, in minutes."""


@dataclass(frozen=True)
class Narrowed:
    """A list filtered by one value; ``known`` are the items of the unfiltered list."""

    walker: Walker
    parameter: Parameter
    value: str
    known: list[Any]

    @property
    def filters(self) -> dict[str, str]:
        """The filter, as pages are labelled with it."""
        return {self.parameter.name: self.value}

    @property
    def must_serve(self) -> bool:
        """Whether the list must accept a cursor with the filter; for a bound, that is open."""
        return self.parameter.compare is None

    @property
    def passing(self) -> list[Any]:
        """The items that pass the filter."""
        return [item for item in self.known if takes(self.parameter, item, self.value)]

    def stretch(self, name: str) -> None:
        """Request the first items that pass, in large pages."""
        self.walker.stretch(name, self.filters, must_serve=self.must_serve)

    def in_small_pages(self, sizes: Iterable[int]) -> None:
        """Request the first items that pass, in pages of some sizes."""
        for size in sizes:
            self.walker.walk(
                f"filtered-by-{size}",
                None,
                size,
                items=min(len(self.passing), WINDOW) + 1,
                pages=WINDOW,
                filters=self.filters,
                must_serve=self.must_serve,
            )

    def at_the_end(self) -> None:
        """Request a page after the last item that passes.

        If the filter is a bound of a number, also request a page with the bound 0.
        """
        cursor = self.walker.cursor(self.passing)
        if cursor is not None:
            self.walker.page("filtered-end", cursor, 1, self.filters, must_serve=False)
        is_bound_of_number = self.parameter.compare and instant(self.value) is None
        if is_bound_of_number:
            zero = {self.parameter.name: "0"}
            self.walker.page("at-zero", None, None, zero, must_serve=False)

    def with_another_value(self) -> None:
        """Request a page with another value of the filter, and the key's own business as a filter.

        Nothing is sent for a bound, or without another value.
        """
        another = another_value(self.known, self.parameter, self.value)
        if another is not None:
            filters = {**self.walker.own_business(), self.parameter.name: another}
            self.walker.page(
                "another-value", None, in_turn(LARGE_PAGES, self.walker.operation), filters
            )

    def from_outside(self) -> None:
        """Request a page after an item that the filter excludes.

        If possible, it is an item that another excluded one follows. The page then has one item, so
        that it must skip the other one.
        """
        excluded: list[Any] = []
        before_another: list[Any] = []  # those that another excluded item follows
        for item, following in pairwise([*self.known, None]):
            if self._excludes(item):
                excluded.append(item)
                if self._excludes(following):
                    before_another.append(item)
        if excluded:
            first = (before_another or excluded)[0]
            cursor = self.walker.cursor([first])
            limit = 1 if before_another else 3
            self.walker.page("from-outside", cursor, limit, self.filters, must_serve=False)

    def _excludes(self, item: Any) -> bool:
        """Whether the filter certainly excludes an item; False for the None after the last one."""
        return takes(self.parameter, item, self.value) is False

    def in_another_zone(self) -> None:
        """Request a page with the bound of a time written in a time zone far away.

        A server that compares timestamps as texts then returns too many items: an upper bound looks
        later in the easternmost zone, a lower bound earlier in the westernmost one. For a lower
        bound, the page is large, because these items come last in a list from new to old. If
        possible, the bound is close to an item that it excludes. Nothing is sent for other filters.
        """
        is_upper_bound = self.parameter.compare == "at-most"
        limit = WINDOW if is_upper_bound else LARGE
        bound = next_to_another(self.known, self.parameter) or self.value
        again = respelled(bound, EASTERNMOST if is_upper_bound else WESTERNMOST)
        if self.parameter.compare and again is not None:
            filters = {self.parameter.name: again}
            self.walker.page("another-zone", None, limit, filters, must_serve=False)

    def with_second_filter(self) -> None:
        """Request two pages with a second filter as well, if there is one with a suitable value.

        Also request a page between two bounds, if the filter is one of them.
        """
        second = second_filter(self.known, self.walker.operation, self.parameter, self.value)
        if second:
            both = {**self.filters, **second}
            first = self.walker.page("composed", None, 2, both)
            self.walker.page("composed", first.cursor, None, both, must_serve=self.must_serve)
        self._with_other_bound()

    def _with_other_bound(self) -> None:
        """If the filter is a bound, request a page with the opposite bound of the same member, too.

        If possible, the opposite bound excludes most of the items that pass the first.
        """
        for lower, upper in windows(self.walker.operation):
            if self.parameter not in (lower, upper):
                continue
            other = upper if lower is self.parameter else lower
            value = near_bound(self.passing, other) or self.value
            both = {**self.filters, other.name: value}
            self.walker.page("between", None, WINDOW, both, must_serve=False)


def request_unknown(client: Client, walker: Walker, parameter: Parameter, known: list[Any]) -> None:
    """Request pages with values that no item has, in the form of the first id, number or address.

    One value is unknown, the other matches the item only as a pattern, where ``_`` stands for any
    character. A server may reject both. Filters by plain words are left out, because a server may
    ignore a word that it does not know. So are bounds, required filters and the business.
    """
    identifying = [text for text in texts_of(known, parameter) if IDENTIFYING.search(text)]
    if identifying and parameter.plain and parameter.name != walker.tenant:
        shown = identifying[0]
        for value in (client.unknown_id(shown), f"{shown[0]}_{shown[2:]}"):
            walker.page("of-nothing", None, LARGE, {parameter.name: value}, must_serve=False)


def request_single(walker: Walker, parameter: Parameter, known: list[Any]) -> None:
    """Request two pages with the first value that an item shows; nothing for a bound.

    This is for a filter without a value that is frequent enough for a walk. An attempt that
    confirms a finding also reads the unfiltered list again.
    """
    texts = texts_of(known, parameter)
    if texts and not parameter.compare:
        filters = {parameter.name: texts[0]}
        found = walker.page("single", None, None, filters, must_serve=False)
        if found.cursor is not None:
            walker.page("single", found.cursor, None, filters, must_serve=False)
        if walker.confirming:
            walker.stretch("unfiltered-after")
