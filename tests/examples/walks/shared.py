"""Examples that hold for several rules of walks, and the calls that walks are over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from conformance.model import Exchange
from tests.examples.base import Example, accepted, examples_of, refused, silent
from tests.support.exchanges import answer, at, call, call_list, page, proxy, refusal, walked

LINE = [call(second) for second in range(9, 0, -1)]
"""Nine calls, a second apart, newest first."""

FRACTIONS = [call(at(2 + n / 4, "Z", 2), f"f{n}") for n in range(7, -1, -1)]
"""Eight calls, a quarter of a second apart, newest first."""

TIED = [call(9), call(5, "a"), call(5, "b"), call(5, "c"), call(2), call(1)]
"""Six calls, newest first, of which three were created at the same time."""


def time_of(row: dict[str, str]) -> str:
    """The position of a call, as a cursor has it."""
    return row["created_at"]


@examples_of(
    "paging.order",
    "paging.advances",
    "paging.exclusive",
    "paging.complete",
    "paging.more-false",
    "paging.more-true",
)
def a_correct_server_is_walked() -> Iterator[Example]:
    """A list in either direction, with short pages and any timestamps, is right."""
    newest_first = (*walked(LINE, 2), *walked(LINE, 3), *walked(LINE, 9))
    yield accepted("a list that is newest first", *newest_first)
    yield accepted("a list that is oldest first", *walked(LINE[::-1], 2), *walked(LINE[::-1], 3))
    yield accepted("timestamps with fractions", *walked(FRACTIONS, 3), *walked(FRACTIONS, 8))
    yield accepted(
        "short pages with has_more true",
        page("w", [9, 8], True, limit=5),
        page("w", [7], True, 8, 5),
        page("w", [6, 5], False, 7, 5),
    )
    timestamps = (
        "2026-01-01T12:00:05.9Z",
        "2026-01-01T13:00:05.87654321+01:00",
        "2026-01-01T12:00:05.50-00:00",
        "2026-01-01T17:30:05+05:30",
        "2026-01-01T12:00:04,25Z",
        "2026-01-01T12:00:04Z",
    )
    mixed = walked([call(timestamp) for timestamp in timestamps], 2)
    yield accepted("timestamps with fractions of several widths, and several offsets", *mixed)


@examples_of(
    "paging.order",
    "paging.advances",
    "paging.exclusive",
    "paging.complete",
    "paging.more-false",
    "paging.more-true",
    "paging.precision",
    "paging.ties",
)
def no_walk_to_judge() -> Iterator[Example]:
    """Without pages that can be read, and items on them, there is no walk."""
    no_array = answer(200, {"calls": "none"}, walk="w")
    yield silent("a page that is not a list", no_array)
    yield silent("an empty list", page("w", [], False))
    flagless = answer(200, {"calls": [call(1)]}, walk="w")
    yield silent("a page without has_more, which list.more-flag judges", flagless)
    limited = refusal("rate_limit_exceeded", walk="w")
    yield silent("a walk that is answered 429, and 502 by a proxy", limited, proxy(walk="w"))
    yield silent("a page that is part of no walk", call_list())


@examples_of(
    "paging.exclusive",
    "paging.complete",
    "paging.more-false",
    "paging.more-true",
    "paging.order",
)
def a_page_ends_within_a_tie() -> Iterator[Example]:
    """A cursor that is a timestamp cannot separate items of the same time."""
    yield accepted(
        "items of the same time are lost at the border of a page",
        *walked(TIED, 6),
        page("w", TIED[:2], True, limit=2),
        page("w", TIED[4:], False, 5, 2),
        page("v", TIED[:1], True, limit=1),
        page("v", TIED[1:4], True, 9, 3),
    )
    yield accepted(
        "items of the same time are repeated at the border of a page",
        *walked(TIED, 6),
        page("w", TIED[:2], True, limit=2),
        page("w", TIED[1:5], True, 5, 4),
        page("w", TIED[5:], False, 2, 4),
    )


@examples_of(
    "paging.exclusive",
    "paging.complete",
    "paging.precision",
    "paging.more-false",
    "paging.more-true",
)
def a_list_has_no_order() -> Iterator[Example]:
    """In a list without an order nothing comes after a cursor."""
    yield silent(
        "a list without an order, which paging.order judges",
        page("w", [9, 7, at(8.5, "Z", 1)], True),
        page("w", [at(8.25, "Z", 2)], True, at(8.5, "Z", 1)),
        page("w", [5], True, 6),
    )


@examples_of("paging.exclusive", "paging.complete")
def there_is_one_page() -> Iterator[Example]:
    """A page shows something of the cursor only if it has one, and items."""
    first = page("w", [9, 8], True)
    yield silent("a first page, which has no cursor", first)
    yield silent("an empty page after a cursor", page("w", [], False, 8))


def repeated(*exchanges: Exchange) -> list[Exchange]:
    """Exchanges of the second attempt of a case."""
    return [replace(exchange, attempt=2) for exchange in exchanges]


@examples_of("paging.complete", "paging.more-false")
def a_list_moves_while_it_is_walked() -> Iterator[Example]:
    """In a second attempt, an item is lost only if other pages show it before and after."""
    lossy = page("w", [9, 7], False)
    whole, whole_again = walked(LINE, 9), walked(LINE, 9, "again")
    shown_twice = repeated(*whole, lossy, *whole_again)
    yield refused("a second attempt loses an item that it shows before and after", *shown_twice)
    came_since = repeated(lossy, *whole_again)
    yield silent("a second attempt shows an item only afterwards", *came_since)
    yield silent("a second attempt shows an item only before", *repeated(*whole, lossy))
