"""Examples of items that are lost between pages, and of filters that are not kept."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import Exchange
from tests.examples.base import Example, accepted, examples_of, refused, silent
from tests.examples.walks.shared import LINE, TIED, time_of
from tests.support.exchanges import answer, at, call, page, walked


@examples_of("paging.complete")
def an_item_is_lost() -> Iterator[Example]:
    """What comes after a cursor is on the page after it, from its first item to its last."""
    whole = walked(LINE, 9)
    first = page("w", [9, 8], True)
    yield refused("an item is lost between two pages", *whole, first, page("w", [6, 5], True, 8))
    upwards = (page("w", [1, 2], True), page("w", [4, 5], True, 2))
    yield refused(
        "an item is lost between two pages, oldest first",
        *walked(LINE[::-1], 9),
        *upwards,
        mentions=f'"c-3", which follows {at(2)} in the list',
    )
    one_by_one = (page("w", [9], True, limit=1), page("w", [7], True, 9, 1))
    yield refused("an item is lost between two pages of one item", *whole, *one_by_one)
    within = page("w", [7, 5], True, 8)
    yield refused("an item is lost in the middle of a page", *whole, within)
    headless = page("w", [8, 7], True)
    head = "the head of the list"
    yield refused("an item is lost at the head of the list", *whole, headless, mentions=head)
    emptied = page("w", [], False, 8)
    yield refused("a page is empty where items follow", *whole, first, emptied)
    same = (page("w", [9], True, limit=1), page("w", [9], False, 9, 1))
    yield silent("a list of one item, which no page can lose", *same)
    ends_early = page("w", [7, 6], False, 8)
    yield accepted(
        "a last page says has_more false too early, which paging.more-false judges",
        *whole,
        first,
        ends_early,
    )


@examples_of("paging.complete")
def a_loss_that_is_not_judged() -> Iterator[Example]:
    """What comes after a cursor is open if it is no timestamp, and what shares its time, too."""
    whole = walked(LINE, 9)
    no_timestamp = page("w", [3, 2], True, "yesterday")
    yield silent("a page after a cursor that is no timestamp", *whole, no_timestamp)
    empty, loses_one = page("v", [], False, "yesterday"), page("w", [7], True, 9)
    sentence = "an item is lost, after a page whose cursor is no timestamp"
    yield refused(sentence, *whole, empty, loses_one)
    tied = walked(TIED, 6)
    shared_cursor = page("w", [2, 1], False, 5)
    sentence = "items of the time of a cursor are lost"
    yield accepted(sentence, *tied, shared_cursor)
    loses_later = page("w", [1], False, 5)
    sentence = "an item is lost after a cursor that several items share"
    yield refused(sentence, *tied, loses_later)
    loses_tie = page("w", [2], False, 9)
    sentence = "items of the same time are lost within a page"
    yield refused(sentence, *tied, loses_tie)


# --- filters --------------------------------------------------------------------------------------

MARKED = [call(n, status="failed" if n % 2 else "completed") for n in range(9, 0, -1)]
"""Nine calls, newest first, of which every other one failed."""


def failed(numbers: tuple[int, ...], more: bool, after: int | None = None) -> Exchange:
    """A page of up to two of the marked calls, by place, filtered by the status failed."""
    return page(
        "w",
        [MARKED[number] for number in numbers],
        more,
        None if after is None else time_of(MARKED[after]),
        2,
        filters={"status": "failed"},
    )


@examples_of("paging.filter")
def a_filter_is_kept() -> Iterator[Example]:
    """Every page of a filtered walk holds what the filter takes, and nothing else."""
    unfiltered = page("u", MARKED, False)
    kept = (failed((0, 2), True), failed((4, 6), True, 2))
    yield accepted("every page keeps the filter", unfiltered, *kept)
    forgotten = (failed((0, 2), True), failed((3, 4), True, 2))
    yield refused("the second page forgets the filter", *forgotten)
    ignored = failed((0, 1), True)
    yield refused("the first page ignores the filter", ignored, mentions="expected='\"failed\"'")
    by_status = {"status": "failed"}
    yield silent("a single page keeps the filter", page("w", [MARKED[0]], False, filters=by_status))
    statusless = {"id": "x", "created_at": at(3)}
    yield silent(
        "an item does not show the member of the filter",
        page("w", [statusless], False, filters=by_status),
    )


@examples_of("paging.filter", operation="list_leads")
def a_filter_compares() -> Iterator[Example]:
    """A filter may be a bound, or a list of values of which one must hold."""
    lead = {"id": "l", "status": "lost", "score": 3, "created_at": at(1)}
    body = {"leads": [lead], "has_more": False}
    for filters, mentions in (
        ({"score_gte": "5"}, "at-least 5"),
        ({"status": "new,won"}, "one of new,won"),
    ):
        leads = answer(200, body, operation="list_leads", walk="w", filters=filters)
        yield refused(f"an item is taken that is not {mentions}", leads, mentions=f"'{mentions}'")
    body = {"leads": [lead | {"business_id": "b2"}], "has_more": False}
    filters = {"business_id": "b1"}
    leads = answer(200, body, operation="list_leads", walk="w", filters=filters)
    yield silent("a filter that no strong source names is ignored", leads)


@examples_of("paging.complete")
def a_filtered_walk_loses_items() -> Iterator[Example]:
    """An item that the filter does not take is not lost."""
    unfiltered = page("u", MARKED, False)
    whole = (failed((0, 2), True), failed((4, 6), True, 2))
    yield accepted("an item that the filter leaves out is missing", unfiltered, *whole)
    lossy = (failed((0, 2), True), failed((6,), True, 2))
    yield refused("an item that the filter takes is missing", unfiltered, *lossy)
