"""The part of a body that a report shows around the offending member."""

from __future__ import annotations

import json

import pytest

from conformance.report.places import Place
from conformance.report.window import HEAD, MARKED, PLAIN, Kind, Window, window


def lines(shown: Window, kind: Kind) -> list[str]:
    """The lines of a window that are shown in one way, without what points at them."""
    parts = [part.text for part in shown.parts if part.kind is kind]
    return [line[2:] for line in "".join(parts).splitlines()]


def test_a_wrong_member_is_marked() -> None:
    """Its line points at the value; the lines around it are indented."""
    shown = window('{"calls": [{"id": "a"}], "has_more": "true"}', [Place("/has_more")])
    assert lines(shown, Kind.MARKED) == ['  "has_more": "true"']
    assert shown.marked.startswith("▶ ")
    assert lines(shown, Kind.PLAIN)[:2] == ["{", '  "calls": [']


def test_a_mark_is_near_the_top() -> None:
    """However far down the value is, what is around it is a few lines, and the rest is counted."""
    body = json.dumps({"calls": [{"id": str(number)} for number in range(500)]})
    shown = window(body, [Place("/calls/300/id")])
    assert lines(shown, Kind.MARKED) == ['      "id": "300"']
    above, _, below = shown.text.partition("▶")
    assert len(above.splitlines()) < 10
    assert len(below.splitlines()) < 10
    left_out = [int(line.split()[1]) for line in lines(shown, Kind.ELIDED)]
    rest = [part for part in shown.parts if part.kind is not Kind.ELIDED]
    assert sum(left_out) + sum(part.text.count("\n") for part in rest) == 4 + 3 * 500


def test_several_values_are_marked() -> None:
    """Such as two items that should be one. Nothing between them is marked."""
    body = json.dumps({"calls": [{"id": "a"}, {"id": "b"}, {"id": "c"}]})
    shown = window(body, [Place("/calls/0/id"), Place("/calls/2/id")])
    assert lines(shown, Kind.MARKED) == ['      "id": "a"', '      "id": "c"']


def test_only_the_beginning_of_a_large_value_is_marked() -> None:
    """The rest of it is left out."""
    body = json.dumps({"voice": list(range(100))})
    assert len(lines(window(body, [Place("/voice")]), Kind.MARKED)) == MARKED


def test_a_missing_member_is_described_in_its_object() -> None:
    """The object itself is not marked, because its other members are right."""
    shown = window('{"a": 1, "b": {"c": 2}}', [Place.lacking("/b", "status")])
    assert lines(shown, Kind.MARKED) == []
    assert lines(shown, Kind.MISSING) == ['    "status" is missing']
    assert shown.text.index('"b": {') < shown.text.index("is missing") < shown.text.index('"c"')


def test_a_missing_item_is_described_before_the_next_one() -> None:
    """Where it belongs in the list."""
    body = json.dumps({"calls": [{"id": "a"}, {"id": "c"}]})
    shown = window(body, [Place("/calls/1", "b is missing", before=True)])
    assert lines(shown, Kind.MISSING) == ["    b is missing"]
    assert shown.text.index('"a"') < shown.text.index("is missing") < shown.text.index('"c"')


@pytest.mark.parametrize("where", ["status", "Content-Type", "/nothing"])
def test_without_a_place_in_the_body_its_beginning_is_shown(where: str) -> None:
    """A status or a header is marked elsewhere."""
    shown = window(json.dumps(list(range(100))), [Place(where)])
    assert shown.marked == ""
    assert len(lines(shown, Kind.PLAIN)) == HEAD
    assert lines(shown, Kind.ELIDED) == [f"… {102 - HEAD} lines …"]


@pytest.mark.parametrize("body", ["<html>" * 1_000, "[" * 5_000, "x" * 300_000])
def test_what_is_no_json_is_shown_as_it_is(body: str) -> None:
    """Only its beginning, with a count of the rest."""
    shown = window(body, [Place("/a")])
    assert shown.text == body[:PLAIN]
    assert shown.cut == len(body) - PLAIN


def test_a_long_line_is_cut() -> None:
    """A text of a megabyte takes one line."""
    shown = window(json.dumps({"text": "x" * 10_000}), [Place("/text")])
    assert shown.marked.endswith("…\n")
    assert len(shown.marked) < 200
