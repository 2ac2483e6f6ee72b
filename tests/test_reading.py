"""What both sides read from a response: filters, objects, places in a list, and a summary."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.judging.responses import quote
from conformance.model import Body, Exchange, Open, Parameter, Rate
from conformance.reading import before_last, object_of, runs_forward, same, soon, sought_in, takes
from tests.support.contracts import real
from tests.support.exchanges import answer, at, withheld


def test_a_limit_is_asked_again_before_half_of_its_time() -> None:
    """Of 5 an hour: after 29 minutes, for one more than the 2 that have come free by then."""
    assert soon(Rate(5, 3600)) == (1740, 3)


@pytest.mark.parametrize(
    ("exchange", "summary"),
    [
        (answer(None, failure="connection reset"), "no response (connection reset)"),
        (withheld(200), "200, body withheld"),
        (answer(200, {"id": 1}), '200 {"id": 1}'),
        (answer(500, text="  out of\n  order "), "500 out of order"),
        (answer(500, text="x" * 200), "500 " + "x" * 160),
        (answer(500, text=""), "500"),
        (answer(500, raw=Body(base64="/w==", size=1)), "500 1 bytes that are not UTF-8"),
    ],
)
def test_an_answer_is_summarised(exchange: Exchange, summary: str) -> None:
    """A person reads status and body, cut short, or why there is none."""
    assert quote(exchange) == summary


def test_a_letter_may_have_its_accent_apart() -> None:
    """A text in one normal form is the same text in another; a text without accents is not."""
    assert same("Zo\u00eb", "Zoe\u0308")
    assert not same("Zo\u00eb", "Zoe")


# --- filters --------------------------------------------------------------------------------------


def filter_of(member: str, **options: Any) -> Parameter:
    """A parameter that filters a list by a member of its items."""
    return Parameter("p", "query", False, {}, filters=member, **options)


@pytest.mark.parametrize(
    ("options", "score", "expected"),
    [
        ({}, "9", True),
        ({}, "8", False),
        ({}, "8,9", False),
        ({}, 9, True),
        ({}, ["9"], None),
        ({}, None, None),
        ({"joined": True}, "9", True),
        ({"compare": "at-least"}, 10, True),
        ({"compare": "at-least"}, "8.5", False),
        ({"compare": "at-least"}, 9, True),
        ({"compare": "at-least"}, "20260417", True),
        ({"compare": "at-least"}, "many", None),
        ({"compare": "at-least"}, "2026-01-01T12:00:00Z", None),
        ({"compare": "at-most"}, 10, False),
        ({"compare": "at-most"}, 8, True),
        ({"compare": "at-most"}, 9, True),
    ],
)
def test_a_filter_takes_an_item(options: dict[str, Any], score: Any, expected: bool | None) -> None:
    """A filter takes its value, a bound what lies on its side; None where that is open.

    Open is an item that lies on the bound, or that shows no value to compare.
    """
    value = "7,9" if options.get("joined") else "9"
    assert takes(filter_of("score", **options), {"score": score}, value) is expected


@pytest.mark.parametrize(("compare", "expected"), [("at-least", True), ("at-most", False)])
def test_a_bound_in_time_is_an_instant(compare: str, expected: bool) -> None:
    """A bound in time is compared as an instant, whatever its zone and width."""
    bound, value = filter_of("created_at", compare=compare), "2026-01-01T13:00:00+01:00"
    assert takes(bound, {"created_at": "2026-01-01T12:00:00.5Z"}, value) is expected
    assert takes(bound, {"created_at": "2026-01-01T12:00:00.0Z"}, value) is None
    assert takes(bound, {"created_at": "soon"}, value) is None


EARLY, BOUND, LATE = "2026-01-01T12:00:00Z", "2026-01-02T12:00:00Z", "2026-01-03T12:00:00Z"


def test_a_bound_may_be_about_any_time_of_an_item() -> None:
    """Where the sources leave open which time is meant, all times must lie on one side."""
    at_least: dict[str, Any] = {"compare": "at-least"}
    any_time = filter_of("created_at", open=frozenset({Open.TIME_BOUND}), **at_least)
    assert takes(any_time, {"created_at": LATE, "occurred_at": EARLY}, BOUND) is None
    assert takes(any_time, {"created_at": LATE, "occurred_at": LATE, "name": "x"}, BOUND) is True
    assert takes(any_time, {"created_at": LATE, "occurred_at": BOUND}, BOUND) is None
    assert takes(any_time, {"created_at": EARLY}, BOUND) is False
    assert takes(any_time, {"created_at": 10}, "9") is True
    one_time = filter_of("created_at", **at_least)
    assert takes(one_time, {"created_at": LATE, "occurred_at": EARLY}, BOUND) is True


def test_no_filter_takes_nothing() -> None:
    """Without a filter, or without an object, nobody can say what is taken."""
    assert takes(None, {"score": 1}, "1") is None
    assert takes(filter_of("score"), "none", "1") is None


# --- objects --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"id": "a", "name": "x"}, {"id": "a", "name": "x"}),
        ({"agent": {"id": "a"}}, {"id": "a"}),
        ({"data": {"id": "a"}, "meta": {}}, {"id": "a"}),
        ({"agent": {"id": "a"}, "business": {"id": "b"}}, {"id": "a"}),
        ({"one": {"id": "a"}, "two": {"id": "b"}}, {"one": {"id": "a"}, "two": {"id": "b"}}),
        ({"ok": True}, {"ok": True}),
        ([1], [1]),
    ],
)
def test_an_answer_shows_its_object(body: Any, expected: Any) -> None:
    """The object is bare, or the only member with an id, or the member named by its kind."""
    contract = real()
    assert object_of(contract, contract.operations["read_agent"], body) == expected


def agents(position: str | None, items: list[Any], *, more: bool, status: int = 200) -> Exchange:
    """A list where the agent a is looked for, which was created at a position."""
    body = {"agents": items, "has_more": more}
    return answer(status, body, operation="list_agents", sought="a", position=position)


POSITIONS = [
    (None, True),
    ("soon", True),
    *((at(second), second != 7) for second in (3, 5, 7, 9, 11)),
]


@pytest.mark.parametrize(("position", "goes_on"), POSITIONS)
def test_a_list_that_runs_past_a_position_does_not_go_on_with_it(
    position: str | None, goes_on: bool
) -> None:
    """An object whose place is between two items of the page is not in the list.

    Elsewhere it may be on a page that follows.
    """
    contract = real()
    items: list[Any] = [
        "odd",
        {"id": "b", "created_at": at(9)},
        {"id": "c", "created_at": at(5)},
        {"id": "d"},
    ]
    missing = agents(position, items, more=True)
    assert sought_in(contract, missing) == (None, goes_on)
    last_page = agents(position, items, more=False)
    assert sought_in(contract, last_page) == (None, False)


@pytest.mark.parametrize(("position", "goes_on"), POSITIONS)
def test_an_object_is_found_on_a_page(position: str | None, goes_on: bool) -> None:
    """An object on the page is found, an empty page goes on, a refused list shows nothing."""
    contract = real()
    found = agents(position, [{"id": "a"}], more=True)
    assert sought_in(contract, found) == ({"id": "a"}, False)
    assert sought_in(contract, agents(position, [], more=True)) == (None, True)
    refused = agents(position, [], more=True, status=403)
    assert sought_in(contract, refused) == (None, False)


# --- places in a list -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "forward"),
    [
        ([], False),
        ([1], False),
        ([1, 1], False),
        ([2, 1], False),
        ([1, 2], True),
        ([1, 0, 2], True),
    ],
)
def test_a_list_runs_forward_if_its_last_item_is_newer(seconds: list[int], forward: bool) -> None:
    """The first and the last item that show a time tell which way a list runs."""
    paging = real().operations["list_agents"].paging
    assert paging is not None
    items: list[Any] = [{"created_at": at(second)} for second in seconds]
    assert runs_forward(paging, ["odd", *items, {"created_at": None}]) is forward


@pytest.mark.parametrize(
    ("seconds", "count", "expected"),
    [
        ([], 1, None),
        ([1], 1, None),
        ([1, 2], 1, 1),
        ([1, 2, 3, 4], 1, 3),
        ([1, 2, 3, 4], 3, 1),
        ([1, 2, 3, 4], 4, None),
        ([1, 2, 3, 3], 1, 2),
        ([1, 2, 9, 3], 1, 2),
    ],
)
def test_a_cursor_near_the_end_leaves_some_items(
    seconds: list[int], count: int, expected: int | None
) -> None:
    """The cursor is the newest position with so many items after it, and is older than the last."""
    positions = [at(second) for second in seconds]
    assert before_last(positions, count) == (None if expected is None else at(expected))


def test_a_position_that_is_no_time_is_no_cursor_near_the_end() -> None:
    """Positions that are not timestamps are skipped; after one at the end there is no cursor."""
    assert before_last([at(1), "soon", at(3)], 1) == at(1)
    assert before_last([at(1), at(2), "soon"], 1) is None
