"""The part of a body that a report shows around the offending member."""

from __future__ import annotations

import json

import pytest

from conformance.report.window import LINES, PLAIN, window


def test_an_accused_member_is_marked() -> None:
    """Its line is the marked part; the lines around it are the rest, indented."""
    shown = window('{"calls": [{"id": "a"}], "has_more": "true"}', "/has_more")
    assert shown.marked == '  "has_more": "true"\n'
    assert shown.before == '{\n  "calls": [\n    {\n      "id": "a"\n    }\n  ],\n'
    assert shown.after == "}\n"


def test_the_window_goes_with_the_member() -> None:
    """A member far below is shown, and the lines above and below it are counted."""
    body = json.dumps({"calls": [{"id": str(number)} for number in range(500)]})
    shown = window(body, "/calls/300/id")
    assert shown.marked.strip() == '"id": "300"'
    lines = "".join(shown.texts).splitlines()
    assert len(lines) == LINES
    assert shown.above + len(lines) + shown.below == 4 + 3 * 500


def test_a_missing_member_is_accused_in_its_object() -> None:
    """The longest part of the pointer that exists is marked, all of its lines."""
    shown = window('{"a": 1, "b": {"c": 2}}', "/b/missing")
    assert shown.marked == '  "b": {\n    "c": 2\n  }\n'


def test_an_item_that_a_finding_names_is_marked() -> None:
    """Where the finding is about the whole list, far below the beginning."""
    body = json.dumps({"calls": [{"id": f"call-{number:03}"} for number in range(500)]})
    shown = window(body, "/", "expected no item of another business, got call-300")
    assert shown.marked == '    {\n      "id": "call-300"\n    },\n'
    assert window(body, "/", "expected an empty list").marked == ""


@pytest.mark.parametrize("where", ["status", "/", "Content-Type", "/nothing"])
def test_without_a_place_in_the_body_nothing_is_marked(where: str) -> None:
    """A status or a header is marked elsewhere."""
    shown = window('{"a": 1}', where)
    assert shown.marked == ""
    assert "".join(shown.texts) == '{\n  "a": 1\n}\n'


@pytest.mark.parametrize("body", ["<html>" * 1_000, "[" * 5_000, "x" * 300_000])
def test_what_is_no_json_is_shown_as_it_is(body: str) -> None:
    """Only its beginning, with a count of the rest."""
    shown = window(body, "/a")
    assert "".join(shown.texts) == body[:PLAIN]
    assert shown.cut == len(body) - PLAIN


def test_a_long_line_is_cut() -> None:
    """A text of a megabyte takes one line."""
    shown = window(json.dumps({"text": "x" * 10_000}), "/text")
    assert shown.marked.endswith("…\n")
    assert len(shown.marked) < 200
