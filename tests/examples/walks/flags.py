"""Examples of has_more in a walk: true while items follow, false when none do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tests.examples.base import Example, accepted, examples_of, noted, refused, silent
from tests.examples.walks.shared import LINE, TIED
from tests.support.exchanges import answer, at, page, walked


@examples_of("paging.more-false")
def false_while_items_remain() -> Iterator[Example]:
    """has_more may be false only on a page that nothing follows."""
    whole = walked(LINE, 9)
    too_early = page("w", [9, 8], False)
    what_follows = f'true, as the list goes on with {at(7)} "c-7"'
    yield refused(
        "has_more is false, and an item follows", *whole, too_early, mentions=what_follows
    )
    after_empty = (page("v", [], False, 8), too_early)
    sentence = "has_more is false, and an item follows, after an empty page"
    yield refused(sentence, *whole, *after_empty)
    tied = page("w", TIED[:2], False)
    sentence = "has_more is false after one of several items of a time, and a later item follows"
    yield refused(sentence, *walked(TIED, 6), tied)
    all_but_last = walked(LINE, 2)[:-1]
    last, last_but_one = page("w", [1], False, 2, 2), page("v", [3, 2], False, 4, 2)
    sentence = "has_more is false on the page before the last"
    yield refused(sentence, *all_but_last, last, last_but_one)
    unknown = page("w", [2, 1], True)
    yield silent("has_more is true, and no item is known to follow", unknown)


@examples_of("paging.more-false")
def false_where_a_page_loses_items() -> Iterator[Example]:
    """A page that lost all its items is a violation of paging.complete alone."""
    known = (*walked(LINE, 9), page("w", [9, 8], True))
    empty = page("w", [], False, 8)
    yield accepted("has_more is false on a page that lost all its items", *known, empty)
    lossy = page("w", [6, 5], False, 8)
    sentence = "has_more is false on a page that lost an item, and others follow"
    yield refused(sentence, *known, lossy)


@examples_of("paging.more-false")
def what_follows_is_not_known() -> Iterator[Example]:
    """A page without positions has no place in the list."""
    whole = walked(LINE, 9)
    no_timestamp = page("w", [], False, "yesterday")
    yield silent("has_more is false after a cursor that is no timestamp", *whole, no_timestamp)
    timeless = page("w", [2, {"id": "c-1", "status": "busy"}], False)
    sentence = "has_more is false, and the item that follows is on the page without its time"
    yield silent(sentence, *whole, timeless)


@examples_of("paging.more-early")
def false_while_other_pages_show_more() -> Iterator[Example]:
    """Earlier and later pages must not both show an item after a page that ends its list."""
    whole, short = page("v", [4, 3, 2, 1], False), page("w", [4, 3], False)
    follows = f'true, as the list goes on with {at(1)} "c-1"'
    yield refused("a page before and one after it show more", whole, short, whole, mentions=follows)
    oldest_first = page("v", [1, 2, 3, 4], False), page("w", [1, 2], False)
    yield refused("the same, oldest first", *oldest_first, oldest_first[0])
    yield accepted("has_more is true", whole, page("w", [4, 3], True), whole)
    yield silent("only a page before it shows more", whole, short, short)
    yield silent("only a page after it shows more", short, short, whole)
    yield silent("the page has one item, so no direction", whole, page("w", [4], False), whole)
    yield silent("new items came before it", short, page("v", [6, 5, 4, 3], False), short)
    filtered = page("w", [4, 3], False, filters={"status": "ended"})
    yield silent("the page has a filter", whole, filtered, whole)
    taken = answer(200, {}, operation="delete_webhook", query={"id": "c-1"})
    yield silent("a write names what is missing", whole, taken, short, whole)
    early, late = replace(short, started=at(1)), replace(whole, started=at(2))
    yield silent("it came before both, and stands between them in a merged log", late, early, late)


@examples_of("paging.more-true")
def true_where_nothing_follows() -> Iterator[Example]:
    """An empty page may not say true; the page before it may, which is a note."""
    last = page("w", [2, 1], True)
    yield refused("has_more is true on an empty page", last, page("w", [], True, 1))
    yield refused("has_more is true on an empty list", page("w", [], True))
    yield noted("has_more is true, and an empty page follows", last, page("w", [], False, 1))


@examples_of("paging.more-true")
def two_pages_do_not_follow_each_other() -> Iterator[Example]:
    """An empty page says something only about the page whose last item is its cursor."""
    for what, second in (("before", 9.5), ("after", 5)):
        elsewhere = page("w", [], False, at(second, "Z", 1))
        sentence = f"has_more is true, and an empty page has a cursor {what} the last item"
        yield silent(sentence, page("w", [9, 8], True), elsewhere)
    for one, other in ("vw", "wv"):
        of_two_walks = (page(one, [9, 8], True), page(other, [], False, 8))
        yield silent(
            f"has_more is true in walk {one}, and an empty page is in walk {other}", *of_two_walks
        )


@examples_of("paging.more-true")
def an_item_has_no_time() -> Iterator[Example]:
    """The cursor of a page is the time of its last item; the others need none."""
    timeless = {"id": "x", "status": "busy"}
    empty = page("w", [], False, 2)
    ends_timeless = page("w", [2, timeless], True)
    yield silent("has_more is true, and the last item has no time", ends_timeless, empty)
    begins_timeless = page("w", [timeless, 2], True)
    yield noted("has_more is true, and the first item has no time", begins_timeless, empty)
    in_the_middle = page("w", [3, timeless, 2], True)
    yield noted("has_more is true, and an item in the middle has no time", in_the_middle, empty)
