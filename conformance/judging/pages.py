"""The pages of a walk: the items of a response with their positions in time."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

from conformance.base.values import instant
from conformance.model import Exchange
from conformance.reading import Answer, identity_of, position_of, query_value

Filters = tuple[tuple[str, str], ...]
"""The filters of a page: names and values of parameters, sorted."""


@dataclass(frozen=True)
class Item:
    """An item of a page that has a position.

    ``key`` tells it from others, ``text`` is its timestamp, ``at`` the same in seconds since 1970.
    """

    key: str
    text: str
    at: Fraction = field(compare=False)  # it follows from the text
    raw: Any


@dataclass(frozen=True)
class Page:
    """A page of a walk.

    ``items`` are those with a position. Not every item must have one: ``unplaced`` are the keys
    of the rest.
    """

    exchange: Exchange
    walk: str
    place: int  # among the pages of the trial
    items: tuple[Item, ...]
    unplaced: frozenset[str]
    more: bool | None  # None where the flag is not a boolean, which other rules blame
    after: str | None  # the cursor that was sent
    filters: Filters

    @cached_property
    def cursor(self) -> Fraction | None:
        """The instant that the page starts after; None at the head of the list."""
        return instant(self.after)

    @property
    def fraction(self) -> bool:
        """Whether the cursor has a fraction of a second."""
        return self.cursor is not None and bool(self.cursor % 1)

    @property
    def continues_with_items(self) -> bool:
        """Whether it was requested with a cursor and shows items."""
        return self.cursor is not None and bool(self.items)

    @property
    def ids(self) -> tuple[str]:
        """The id of its exchange, as outcomes name it."""
        return (self.exchange.id,)

    @cached_property
    def keys(self) -> frozenset[str]:
        """The keys of all of its items."""
        return self.unplaced | {item.key for item in self.items}

    @property
    def several(self) -> bool:
        """Whether it shows more than one item with a position."""
        return len(self.items) > 1

    @property
    def last(self) -> Item | None:
        """The item whose timestamp is the next cursor."""
        return self.items[-1] if self.items else None

    def near(self, item: Item) -> bool:
        """Whether an item was created in the same second as the cursor."""
        return self.cursor is not None and item.at // 1 == self.cursor // 1


def read_page(answer: Answer, walk: str, place: int) -> Page | None:
    """The page that a response shows, as part of a walk; None if it is not a readable page.

    An item may lack a position, unless it is the last one and more may follow: its position is the
    next cursor. A page is not readable either if a position is not a timestamp, or if an item is
    not an object.
    """
    paging, more = answer.operation.paging, answer.more
    if answer.items is None:
        return None
    assert paging is not None  # it names the flag
    items: list[Item] = []
    unplaced: set[str] = set()
    for raw in answer.items:
        key = identity_of(answer.contract, answer.operation.kind, raw)
        item = _item(answer, key, raw)
        gives_cursor = more is not False and raw is answer.items[-1]
        has_odd_position = item is None and position_of(answer.operation, raw) is not None
        if item is not None:
            items.append(item)
        elif gives_cursor or has_odd_position or not isinstance(raw, dict):
            return None
        else:
            unplaced.add(key)
    exchange = answer.exchange
    return Page(
        exchange=exchange,
        walk=walk,
        place=place,
        items=tuple(items),
        unplaced=frozenset(unplaced),
        more=more,
        after=query_value(exchange, paging.after),
        filters=tuple(sorted(exchange.facts.filters.items())),
    )


def _item(answer: Answer, key: str, raw: Any) -> Item | None:
    """An item with its position; None where it has none that can be read."""
    text = position_of(answer.operation, raw)
    at = instant(text)
    if at is None:
        return None
    return Item(key, text, at, raw)
