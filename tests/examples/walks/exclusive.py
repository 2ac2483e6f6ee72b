"""Examples of the cursor: a page holds what comes after it, and not its own item again."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import Exchange
from tests.examples.base import (
    Example,
    Expected,
    accepted,
    example,
    examples_of,
    refused,
    silent,
)
from tests.examples.walks.shared import FRACTIONS, TIED, time_of
from tests.support.exchanges import answer, at, call, call_list, page


@examples_of("paging.exclusive")
def the_cursor_comes_again() -> Iterator[Example]:
    """The item that a cursor is of is not on the page after it, nor is anything before it."""
    yield refused(
        "the item of the cursor comes again", page("w", [9, 8], True), page("w", [8, 7], True, 8)
    )
    oldest_first = (page("w", [1, 2], True), page("w", [2, 3], True, 2))
    yield refused("the item of the cursor comes again, oldest first", *oldest_first)
    from_before = (page("w", [9, 8], True), page("w", [9, 7], True, 8))
    yield refused("an item from before the cursor comes again", *from_before)
    small_pages = (
        page("w", [9], True, limit=1),
        page("w", [8], True, 9, 1),
        page("w", [8], True, 8, 1),
    )
    yield refused("the item of the cursor comes again, in pages of one item", *small_pages)
    of_no_walk = call_list()
    after_it = page("w", [8], True, 8)
    yield refused(
        "the item of the cursor comes again, after a page of no walk", of_no_walk, after_it
    )
    older = page("w", [8], False, 9)
    yield accepted("a page of one item, which comes after its cursor", older)


@examples_of("paging.exclusive")
def the_cursor_has_a_fraction() -> Iterator[Example]:
    """A cursor comes again although no item was created at a whole second."""
    first, second = time_of(FRACTIONS[1]), time_of(FRACTIONS[2])
    yield refused(
        "the item of a cursor with a fraction comes again",
        page("w", FRACTIONS[:2], True),
        page("w", FRACTIONS[1:3], True, first),
        page("w", FRACTIONS[3:4], True, second),
    )
    completed = {"status": "completed"}
    yield refused(
        "the item of a cursor with a fraction comes again, in a filtered walk",
        page("w", FRACTIONS[:2], True, None, filters=completed),
        page("w", FRACTIONS[1:3], True, first, filters=completed),
        page("w", FRACTIONS[3:4], True, second, filters=completed),
        page("v", [1], True, 2),
    )


@examples_of("paging.exclusive")
def several_items_share_the_time_of_a_cursor() -> Iterator[Example]:
    """What shares its time may come again, and nothing from before it."""
    first = page("w", TIED[:2], True)
    again = page("w", [*TIED[1:4], 2], True, 5)
    yield accepted("items of the time of the cursor come again", first, again)
    from_before = page("w", [*TIED[:4], 2], True, 5)
    sentence = "an item from before a cursor that several items share comes again"
    yield refused(sentence, first, again, from_before)


@examples_of("paging.exclusive")
def an_item_stands_twice() -> Iterator[Example]:
    """An item with an id stands once on a page."""
    twice = page("w", [call(9, "a"), call(9, "a")], False)
    yield refused("an item stands twice on a page", twice)
    nameless = {"created_at": at(9), "status": "busy"}
    alike = page("w", [nameless, nameless], False)
    yield silent("two items without an id are alike", alike)


@examples_of("paging.exclusive")
def a_page_has_no_place_in_the_list() -> Iterator[Example]:
    """A page cannot be judged without the time of its items, or without a walk."""
    timeless = {"id": "x", "status": "busy"}
    ends_timeless = page("w", [3, timeless], False, 5)
    sentence = "the last item of the last page has no time"
    yield accepted(sentence, ends_timeless)
    cursorless = (page("w", [2, timeless], True), page("w", [9], True, 5))
    yield silent("a page follows one that shows no cursor", *cursorless)
    unreadable = page("w", [call("soon")], True, 5)
    yield silent("a page has timestamps that cannot be read", unreadable)
    partly = page("w", [8, call("soon")], False, 8)
    yield silent("a page has one timestamp that cannot be read", partly)
    flagless = answer(200, {"calls": [call(8)]}, query={"after": at(8)}, walk="w")
    yield refused("a page repeats its cursor, and does not say whether more follows", flagless)
    of_no_walk = call_list(call(9), query={"after": at(8)})
    yield silent("a page of no walk holds an item from before its cursor", of_no_walk)


@examples_of("paging.exclusive")
def one_of_two_walks_shows_the_direction() -> Iterator[Example]:
    """What one walk shows of the direction of a list holds for the other."""
    for one, other in ("vw", "wv"):
        yield accepted(
            f"walk {one} does not show the direction of the list, and walk {other} does",
            page(one, [9], True),
            page(other, [1], True, limit=1),
            page(other, [2], True, 1, 1),
        )


def polled(*seconds: int, after: int | None = None) -> Exchange:
    """A page of a list that may be asked for what is newer than its cursor."""
    items = [call(second) for second in seconds]
    query = {} if after is None else {"after": at(after)}
    return answer(
        200,
        {"items": items, "has_more": True},
        query=query,
        walk="w",
        operation="poll_call_completed",
    )


@examples_of("paging.exclusive", operation="poll_call_completed")
def a_list_is_asked_for_what_is_new() -> Iterator[Example]:
    """Such a list may take its cursor as a lower bound; then rules of walks do not apply."""
    newest = polled(9, 8)
    for what, expected, pages in (
        ("everything newer than the cursor", Expected.GAP, (newest, polled(9, after=8))),
        (
            "everything newer than the cursor, and its item",
            Expected.GAP,
            (newest, polled(9, 8, after=8)),
        ),
        ("the item of the cursor alone", Expected.REFUSED, (newest, polled(8, after=8))),
        ("a newer item and an older one", Expected.REFUSED, (newest, polled(9, 7, after=8))),
        (
            "what is older than the cursor, as in any list",
            Expected.ACCEPTED,
            (newest, polled(7, 6, after=8)),
        ),
        (
            "what is newer than the cursor, oldest first",
            Expected.ACCEPTED,
            (polled(1, 2), polled(3, 4, after=2)),
        ),
    ):
        yield example(expected, f"a list of what is new shows {what}", *pages)
