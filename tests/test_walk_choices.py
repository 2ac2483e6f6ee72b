"""Where walks start, and which values of filters they use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from conformance.base.values import instant
from conformance.model import Parameter
from conformance.scenarios.client import filter_values
from conformance.scenarios.walks import cursors
from tests.support.contracts import real

PLAIN = Parameter("status", "query", False, {"type": "string"}, filters="status")
JOINED = replace(PLAIN, joined=True)
BOUND = Parameter("least", "query", False, {"type": "integer"}, filters="n", compare="at-least")
LISTING = real().operations["list_calls"]


def rows(*values: Any) -> list[dict[str, Any]]:
    """An item for each value of ``status``."""
    return [{"status": value} for value in values]


def timestamps(*seconds: float) -> list[str]:
    """A timestamp within an hour for each number of seconds."""
    return [f"2026-01-01T12:{int(s) // 60:02}:{s % 60:06.3f}Z" for s in seconds]


@pytest.mark.parametrize(
    ("parameter", "items", "expected"),
    [
        (PLAIN, rows(*"aaabb"), "a"),
        (PLAIN, rows(*"aaaaabbbbbb"), "a"),
        (PLAIN, rows(*"aaaabbbbbb"), "b"),
        (PLAIN, rows(*"aabb"), None),
        (PLAIN, ["text", {"status": None}, {"status": True}, {}], None),
        (JOINED, rows(*"aaabbc"), "c,b"),
        (JOINED, rows(*"aaab"), "a"),
        (JOINED, rows("a,b", "a,b", "a,b"), None),
        (BOUND, [{"n": n} for n in (0, 9, 10, 11, 2, 100)], "10"),
        (BOUND, [{"n": n} for n in (0, 9, 10, 11, 2)], None),
    ],
)
def test_the_value_of_a_filtered_walk(
    parameter: Parameter, items: Sequence[Any], expected: str | None
) -> None:
    """It leaves items for a second page but few more; a bound divides the items in halves."""
    assert filter_values.value_for(items, parameter) == expected


def test_another_value_of_a_filter() -> None:
    """It is the most frequent one that was not tried; of two as frequent ones the first by name."""
    items = rows(*"aaaccbb")
    assert filter_values.another_value(items, PLAIN, "a") == "b"
    assert filter_values.another_value(items, JOINED, "a,b") == "c"
    assert filter_values.another_value(rows("a"), PLAIN, "a") is None
    assert filter_values.another_value([{"n": 1}, {"n": 2}], BOUND, "1") is None


def test_a_second_filter_narrows_what_passes_the_first() -> None:
    """It leaves enough of the items for a second page if any does, and never all of them."""
    kind = replace(PLAIN, name="kind", filters="kind")
    place = replace(PLAIN, name="place", filters="place")
    listing = replace(LISTING, parameters=(PLAIN, kind, place))
    items = [
        {"status": "a", "kind": "rare" if n == 0 else "usual", "place": "x" if n < 3 else "y"}
        for n in range(5)
    ]
    assert filter_values.second_filter(items, listing, PLAIN, "a") == {"kind": "usual"}
    assert filter_values.second_filter(items[1:], listing, PLAIN, "a") == {"place": "x"}
    assert filter_values.second_filter(items, listing, PLAIN, "b") == {}


@pytest.mark.parametrize(
    ("positions", "start"),
    [
        ([f"2026-01-01T12:00:0{n}.5Z" for n in (9, 8, 7, 6)], None),
        (["2026-01-01T12:00:09Z", "2026-01-01T12:00:08Z", *["2026-01-01T12:00:07Z"] * 2], 1),
        (
            [
                "2026-01-01T12:00:09Z",
                "2026-01-01T12:00:08Z",
                "2026-01-01T12:00:07.0004Z",
                "2026-01-01T12:00:07.0001Z",
            ],
            1,
        ),
        (["2026-01-01T12:00:09Z", "2026-01-01T12:00:08Z", "2026-01-01T12:00:07Z", None], 1),
    ],
)
def test_a_walk_starts_where_the_data_of_the_target_tell_most(
    positions: list[str | None], start: int | None
) -> None:
    """Just before two items of one instant, of one millisecond, or beside one without a time."""
    assert cursors.starts(positions, 1) == ([] if start is None else [start])


def test_more_places_are_spread_over_the_list() -> None:
    """The first and the last telling neighbours come with those between them."""
    pairs = [second + part for second in range(90, 0, -10) for part in (0.5, 0.2)]
    assert cursors.starts(timestamps(*pairs), 1) == [15]
    assert cursors.starts(timestamps(*pairs), 2) == [3, 9, 15]
    assert len(cursors.starts(timestamps(*pairs), 8)) == 8


def test_walks_start_at_telling_neighbours() -> None:
    """They start just before two items of one second, and within a long list in its middle."""
    assert cursors.starts(timestamps(50, 40, 30.5, 30.2, 20), 1) == [1]
    assert cursors.starts(timestamps(50, 40, 30), 1) == []
    assert cursors.starts(timestamps(*range(40, 0, -1)), 1) == [19]
    assert cursors.starts(timestamps(*range(120, 0, -1)), 2) == [39, 98]


@pytest.mark.parametrize("descending", [True, False])
def test_cursors_that_no_page_has_shown(descending: bool) -> None:
    """They lie at known positions, between two items, and beyond both ends in either direction."""
    texts = sorted(timestamps(10, 20, 30, 40), reverse=descending)
    chosen = cursors.unserved_cursors(texts, LISTING)
    respelled = [text for name, text in chosen.items() if name.startswith("respelled")]
    assert {instant(text) for text in respelled} == {instant(texts[2])}
    assert texts[2] not in respelled
    assert min(texts[:2]) < chosen["between"] < max(texts[:2])
    ends = [chosen["from-before-the-head"], chosen["from-beyond-the-end"]]
    assert ends == sorted(ends, reverse=descending)


@pytest.mark.parametrize(
    "positions",
    [timestamps(1, 2, 3), timestamps(5, 5, 5, 5), [*timestamps(1, 2, 3, 4), None], ["soon"] * 4],
    ids=["too few", "all alike", "one without", "unreadable"],
)
def test_no_cursors_where_positions_say_nothing(positions: list[str | None]) -> None:
    """A list that is too short, or does not show where its items stand, has none."""
    assert cursors.unserved_cursors(positions, LISTING) == {}


def test_operations_take_turns() -> None:
    """An operation gets the same choice each time, and the operations together get several."""
    operations = real().operations.values()
    choices = [cursors.in_turn((1, 2, 3, 4), operation) for operation in operations]
    assert len(set(choices)) > 1
    assert choices == [cursors.in_turn((1, 2, 3, 4), operation) for operation in operations]
