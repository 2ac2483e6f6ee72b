"""Examples of single pages: items, has_more, limit, maximum, positions, and printed samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from conformance.model import Operation
from tests.examples.base import Example, accepted, examples_of, gap, judge_error, refused, silent
from tests.support.contracts import TARGET, real
from tests.support.exchanges import (
    EMPTY_LIST,
    answer,
    at,
    call,
    call_list,
    endless,
    page,
    refusal,
)

# --- items ----------------------------------------------------------------------------------------


@examples_of("list.items")
def items_stand_in_their_member() -> Iterator[Example]:
    """The items are an array in the member that the contract names."""
    yield accepted("an array in the member of the contract", call_list())
    beside = {**EMPTY_LIST, "total": 0, "warnings": []}
    yield accepted("other members beside the array", answer(200, beside))
    yield refused("a bare array in place of an object", answer(200, [call(1)]))
    yield refused("null in place of the array", answer(200, {"calls": None, "has_more": False}))
    elsewhere = answer(200, {"data": [], "has_more": False})
    yield refused("an array in another member", elsewhere, mentions="where='/calls'")
    text = answer(200, {"calls": "none", "has_more": False})
    yield refused("a text in place of the array", text, mentions="actual='\"none\"'")
    yield refused("a body that is not JSON", answer(200, text="[", media="text/plain"))
    yield silent("an error", refusal("bad_request"))
    yield silent("an answer to HEAD, which has no body", answer(200, text="", method="HEAD"))
    yield judge_error("a body without end", endless(200))


def nameless() -> Operation:
    """The list of calls, as if no source named the member that holds them."""
    calls = real().operations["list_calls"]
    assert calls.paging is not None
    return replace(calls, paging=replace(calls.paging, collection=None))


@examples_of("list.items")
def no_source_names_the_member() -> Iterator[Example]:
    """Items are the one array that may hold objects, or the one of several that does."""
    altered = nameless()
    only_array = answer(200, {"rows": [], "has_more": False})
    named_by_none = "the only array"
    yield accepted(named_by_none, only_array, altered=altered)
    texts = {"statuses": ["busy", "done"], "has_more": False}
    one_empty = answer(200, {**texts, "a": []})
    yield accepted("an empty array beside an array of texts", one_empty, altered=altered)
    only_texts = answer(200, {"statuses": ["busy"], "has_more": False})
    yield accepted("the only array, although it holds texts", only_texts, altered=altered)
    one_full = answer(200, {**texts, "a": [call(1)], "b": []})
    yield accepted("one array of objects beside an empty one and texts", one_full, altered=altered)
    both_empty = answer(200, {"a": [], "b": []})
    yield accepted("two empty arrays", both_empty, altered=altered)
    both_full = answer(200, {**texts, "a": [call(1)], "b": [call(2)]})
    yield gap("two arrays of objects", both_full, altered=altered)
    none_full = answer(200, {**texts, "a": ["x"]})
    yield gap("two arrays of texts", none_full, altered=altered)
    no_array = answer(200, {"has_more": False})
    missing = "no array at all"
    yield refused(missing, no_array, altered=altered, mentions="where='/'")


@examples_of("list.items")
def an_array_of_links_stands_beside_the_items() -> Iterator[Example]:
    """Of two arrays of objects, the items are the ones that have a position."""
    links = [{"rel": "next", "href": "/x"}]
    with_items = answer(200, {"a": [call(1)], "l": links})
    yield accepted(
        "two arrays of objects, of which one has positions", with_items, altered=nameless()
    )
    without = answer(200, {"a": [], "l": links})
    yield gap("an empty array beside objects without positions", without, altered=nameless())


# --- has_more -------------------------------------------------------------------------------------


@examples_of("list.more-flag")
def has_more_is_a_boolean() -> Iterator[Example]:
    """A page says true or false in the member of the contract."""
    yield accepted("has_more is a boolean", call_list())
    yield refused("has_more is missing", answer(200, {"calls": []}))
    yield refused("has_more is a text", answer(200, {"calls": [], "has_more": "false"}))
    yield refused("has_more is a number", answer(200, {"calls": [], "has_more": 0}))
    yield refused("has_more is null", answer(200, {"calls": [], "has_more": None}))
    nested = answer(200, {"calls": [], "pagination": {"has_more": False}})
    yield refused("has_more stands in an object of its own", nested)
    yield silent("an error", refusal("bad_request"))
    yield silent("a body that is not JSON, which list.items judges", answer(200, text="["))
    yield silent("the answer to a read", answer(200, call(1), operation="read_call"))


# --- limits ---------------------------------------------------------------------------------------


@examples_of("list.limit")
def a_page_keeps_to_its_limit() -> Iterator[Example]:
    """A page has at most as many items as its limit says; it may have less."""
    yield accepted("as many items as the limit", page("w", [3, 2], True, limit=2))
    yield refused("one item more than the limit", page("w", [3, 2, 1], True, limit=2))
    yield refused("two items for a limit of 1", page("w", [3, 2], True, limit=1))
    yield silent("a short page with has_more true", page("w", [3], True, limit=2))
    yield silent("a page without a limit", page("w", [3, 2, 1], True))
    yield silent("a limit of 0", page("w", [3, 2, 1], True, limit=0))


@examples_of("list.limit")
def a_limit_cannot_be_read() -> Iterator[Example]:
    """A limit that is not one number limits nothing."""
    two_calls = {"calls": [call(1), call(2)], "has_more": True}
    fraction = answer(200, two_calls, query={"limit": "1.5x"})
    yield silent("a limit that is not a number", fraction)
    arabic = answer(200, two_calls, query={"limit": "١"})
    yield silent("a limit with digits of another script", arabic)
    rising = answer(200, two_calls, query=[("limit", "1"), ("limit", "5")])
    falling = answer(200, two_calls, query=[("limit", "5"), ("limit", "1")])
    yield silent("two limits", rising, falling)


@examples_of("list.maximum")
def a_page_keeps_to_the_maximum() -> Iterator[Example]:
    """No page is longer than the maximum that the target declares, which is 3 here."""
    full = page("w", [3, 2, 1], True, limit=10)
    yield accepted("the declared maximum under a larger limit", full)
    yield refused("more items than the maximum", page("w", [4, 3, 2, 1], True, limit=10))
    yield refused("more items than the maximum, without a limit", page("w", [4, 3, 2, 1], False))
    yield silent("a limit within the maximum", page("w", [3, 2], True, limit=2))
    yield silent("a list that ends within the maximum", page("w", [3, 2, 1], False, limit=10))
    undeclared = replace(TARGET, maximum={})
    four = page("w", [4, 3, 2, 1], True, limit=10)
    yield silent("no maximum is declared", four, target=undeclared)
    no_list = replace(TARGET, maximum={"read_call": 3})
    read = answer(200, call(1), operation="read_call")
    yield silent("a maximum of an operation that is not a list", read, target=no_list)


@examples_of("list.maximum")
def a_limit_beyond_the_maximum_is_refused() -> Iterator[Example]:
    """A limit beyond the maximum may be refused as invalid; other refusals say nothing of it."""
    beyond = {"limit": "99"}
    invalid = refusal("invalid_request", query=beyond)
    yield accepted("a limit beyond the maximum is refused", invalid)
    for limit in "23":
        within = refusal("invalid_request", query={"limit": limit})
        yield silent(f"a limit of {limit}, within the maximum, is refused", within)
    yield silent(
        "a limit beyond the maximum is refused for another reason",
        refusal("forbidden", query=beyond),
    )


# --- positions ------------------------------------------------------------------------------------


@examples_of("list.position")
def an_item_has_a_position() -> Iterator[Example]:
    """The position of an item is a timestamp with its zone; the last one may not be missing."""
    yield accepted("timestamps with a zone", page("w", [2, 1], True))
    unplaced = {"id": "x", "status": "s"}
    yield accepted("no timestamp, but not at the end of the page", page("w", [unplaced, 1], True))
    last = page("w", [2, unplaced], False)
    yield accepted("no timestamp in the last item, and no further page", last)
    more_follows = page("w", [2, unplaced], True)
    missing = "no timestamp in the last item, and a further page"
    yield refused(missing, more_follows, mentions="actual='nothing'")
    mixed = [at(3, "+05:30"), at(2.5, "Z", 7), at(1, "-0100")]
    yield accepted("timestamps with offsets and fractions", page("w", mixed, True))
    seconds = {**call(2), "created_at": 1767225600}
    yield refused("a number of seconds in place of a timestamp", page("w", [seconds, 1], False))
    yield refused("a date in another format", page("w", ["01/02/2026", 1], False))
    yield silent("an empty page", page("w", [], False))


@examples_of("list.position")
def a_position_is_told_with_its_place() -> Iterator[Example]:
    """The finding points to the member, also where no source names the list."""
    expected = "expected='an ISO timestamp with its zone'"
    mentions = f"where='/calls/0/created_at', {expected}, actual='\"{at(3, '')}"
    yield refused("a timestamp without a zone", page("w", [at(3, ""), 1], False), mentions=mentions)
    rows: dict[str, Any] = {"rows": [{"created_at": 1}], "has_more": False}
    yield refused(
        "a number, in a member that no source names",
        answer(200, rows),
        altered=nameless(),
        mentions="/rows/0/created_at",
    )


# --- printed samples ------------------------------------------------------------------------------


@examples_of("sample.accepted")
def a_sample_is_taken() -> Iterator[Example]:
    """A request that the page prints is accepted, for a key that may send it."""
    yield accepted("the printed request succeeds", call_list())
    yield silent("a success without a page, which list.items judges", answer(200, text=""))
    yield refused("the printed request is answered 404", refusal("not_found"))
    yield refused(
        "the printed request is invalid, with a cursor of the target", refusal("invalid_request")
    )
    yield silent("the key lacks the scope", refusal("forbidden"))
    yield gap("429 in the middle", refusal("rate_limit_exceeded"))
    yield judge_error("no response", answer(None))


@examples_of("sample.accepted")
def a_printed_cursor_is_old() -> Iterator[Example]:
    """The printed cursor may be refused as invalid, and in no other way."""
    invalid = refusal("invalid_request", printed_cursor=True)
    yield accepted("the printed cursor is invalid, as it is old", invalid)
    not_found = refusal("not_found", printed_cursor=True)
    yield refused("404 for the printed cursor", not_found)
    redirect = answer(302, {}, printed_cursor=True)
    yield refused("a redirect for the printed cursor", redirect)


@examples_of("sample.accepted")
def a_printed_limit_is_beyond_the_maximum() -> Iterator[Example]:
    """A printed limit may be refused where the target declares a smaller maximum."""
    beyond = refusal("invalid_request", query={"limit": "25"})
    yield accepted("a printed limit beyond the declared maximum is refused", beyond)
    within = refusal("invalid_request", query={"limit": "2"})
    yield refused("a printed limit within the declared maximum is refused", within)
    equal = refusal("invalid_request", query={"limit": "3"})
    yield refused("a printed limit equal to the declared maximum is refused", equal)


@examples_of("sample.accepted", operation="read_call")
def a_printed_read_has_no_limit() -> Iterator[Example]:
    """No maximum excuses the refusal of a read."""
    read = refusal("invalid_request", operation="read_call", query={"limit": "25"})
    yield refused("a printed read is refused", read)
