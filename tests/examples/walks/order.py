"""Examples of the order of a list, of walks that do not advance, and of ties."""

from __future__ import annotations

from collections.abc import Iterator

from tests.examples.base import Example, accepted, examples_of, noted, refused, silent
from tests.examples.walks.shared import LINE, TIED
from tests.support.exchanges import at, call, page, refusal, walked


@examples_of("paging.order")
def a_page_has_one_direction() -> Iterator[Example]:
    """The items of a page run newest first or oldest first; equals may stand in any order."""
    newest = f"newest first, as the list begins', actual='{at(8)} after {at(7)}"
    yield refused(
        "a page that goes up after it went down", page("w", [9, 7, 8], True), mentions=newest
    )
    oldest = "oldest first, as the list begins"
    yield refused(
        "a page that goes down after it went up", page("w", [7, 9, 8], True), mentions=oldest
    )
    yield accepted("a page with items of the same time", page("w", TIED, False))
    one_item = page("w", [9], False)
    yield silent("a page of one item, which shows no direction", one_item)


@examples_of("paging.order")
def pages_have_one_direction() -> Iterator[Example]:
    """The next page goes on in the same direction, from the cursor."""
    turned = (page("w", [9, 8], True), page("w", [6, 7], False, 8))
    yield refused("a page in the other direction", *turned)
    up = (page("w", [9, 8], True), page("w", [12, 11], True, 8))
    from_page = "newest first from page to page"
    one_side = f"{from_page}', actual='a page after the head on one side"
    yield refused("a page on the wrong side of its cursor, newest first", *up, mentions=one_side)
    down = (page("w", [8, 9], True), page("w", [2, 3], True, 9))
    yield refused(
        "a page on the wrong side of its cursor, oldest first",
        *down,
        mentions="oldest first from page to page",
    )
    item_first = (page("w", [9], True), page("w", [12, 11], True, 9))
    yield accepted("a page on the wrong side, after a page of one item", *item_first)
    item_last = (page("w", [9, 8], True), page("w", [12], True, 8))
    yield accepted("a page of one item on the wrong side", *item_last)


@examples_of("paging.advances")
def a_walk_comes_to_other_pages() -> Iterator[Example]:
    """The cursor of a page does not lead to the same page again."""
    again = (page("w", [9, 8], True, limit=2), page("w", [9, 8], True, 8, 2))
    yield refused("the same page comes again", *again)
    one_again = (page("w", [9], True, limit=1), page("w", [9], True, 9, 1))
    yield silent("the same page of one item comes again, which paging.exclusive judges", *one_again)
    longer = (page("w", [9, 8], True), page("w", [9, 8, 7], True, 8))
    yield accepted("a longer page begins anew, which paging.exclusive judges", *longer)
    tie = page("w", [9, call(5, "a"), call(5, "b")], True)
    after_tie = (page("w", [3, 2], True, 5), page("w", [3, 2], True, 2))
    yield refused("the same page comes again, after items of the same time", tie, *after_tie)


@examples_of("paging.advances")
def a_page_is_refused() -> Iterator[Example]:
    """The cursor of a page is not refused, unless for the key or for what comes with it."""
    own_cursor = refusal("invalid_request", walk="w", query={"after": at(8)})
    yield refused("the cursor of a page is refused", page("w", [9, 8], True), own_cursor)
    yield silent("a request that is part of no walk is refused", refusal("invalid_request"))
    for_the_key = (refusal("unauthorized", walk="v"), refusal("forbidden", walk="w"))
    by_key = "a page is refused for the key, which other rules judge"
    yield silent(by_key, *for_the_key)
    no_timestamp = refusal("invalid_request", walk="v", query={"after": "yesterday"})
    yield refused(
        "a page is refused, after refusals that are not judged",
        refusal("invalid_request"),
        no_timestamp,
        refusal("bad_request", walk="w"),
    )
    may_be = refusal("invalid_request", walk="w", refusable=True)
    yield silent("a page is refused that may be refused", may_be)


@examples_of("paging.ties")
def a_page_ends_among_equals() -> Iterator[Example]:
    """That a page ends among items of the same time is a note."""
    yield accepted("no two items have the same time", *walked(LINE, 2))
    among_equals = (page("w", TIED[:3], True, limit=3), page("w", TIED[3:], False, 5, 3))
    yield noted("a page ends among items of the same time", *among_equals)
    yield noted(
        "a page ends among items of the same time, and another does not",
        *among_equals,
        page("v", TIED, False),
    )
