"""Strict JSON, timestamps, pointers, and YAML files that hold JSON."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.base import yaml_file
from conformance.base.values import (
    ABSENT,
    NOT_JSON,
    instant,
    pointed,
    strict_json,
    without_entities,
)

NEW_YEAR = 1767225600


@pytest.mark.parametrize(
    "text",
    ['{"a": [1, -0.5e3, null, true, "\\u00e9"]}', "0", '"x"', " [] \r\n\t", "null", '"\\ud800"'],
)
def test_json_is_read(text: str) -> None:
    """Every JSON text has a value, even if it is not an object."""
    assert strict_json(text) is not NOT_JSON


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "NaN",
        "[Infinity]",
        "-Infinity",
        "{'a': 1}",
        "[1,]",
        "{} {}",
        "01",
        "+1",
        '"a\nb"',
        "tru",
        "\ufeff{}",
        "undefined",
    ],
)
def test_what_is_not_json_has_no_value(text: str) -> None:
    """NaN, Infinity, single quotes, trailing commas and the like are not JSON."""
    assert strict_json(text) is NOT_JSON


def test_hostile_json_has_no_value() -> None:
    """Endless nesting causes no crash."""
    assert strict_json("[" * 150_000) is NOT_JSON
    assert not NOT_JSON


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-01-01T00:00:00Z", 0),
        ("2026-01-01t00:00:00z", 0),
        ("2026-01-01 00:00:00", 0),
        ("2026-01-01", 0),
        ("2026-01-01T00:00Z", 0),
        ("2026-01-01T01:00:00+01:00", 0),
        ("2026-01-01T05:30:00+0530", 0),
        ("2025-12-31T19:00:00-05", 0),
        ("2026-01-01T00:00:00-00:00", 0),
        ("2026-01-01T00:00:00.5Z", Fraction(1, 2)),
        ("20260101T000000Z", 0),
        ("20260101T053000.5+0530", Fraction(1, 2)),
        ("2026-01-01T00:00:00,25Z", Fraction(1, 4)),
        ("2026-01-01T00:00:00.000000001Z", Fraction(1, 10**9)),
        ("2026-01-01T00:00:00." + "0" * 99 + "1Z", Fraction(1, 10**100)),
        ("2025-12-31T23:59:60Z", 0),
        ("2025-12-31T23:59:60.5Z", Fraction(1, 2)),
        ("2024-02-29T00:00:00Z", -58060800),
    ],
)
def test_timestamps_are_read_exactly(text: str, seconds: Fraction | int) -> None:
    """Offsets, fractions of any width, a comma, a leap second and the basic format are read."""
    assert instant(text) == NEW_YEAR + seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "1767225600",
        "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-01-01T25:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:61Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00Z\n",
        " 2026-01-01T00:00:00Z",
        "2026-1-1T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "2026-01-01T00:00:00 UTC",
        "2026-01-01T00:00:00+99:99",
        "2026-01-01+05:00",
        "٢٠٢٦-٠١-٠١T٠٠:٠٠:٠٠Z",
        "２０２６-01-01T00:00:00Z",
        "Thu, 01 Jan 2026 00:00:00 GMT",
    ],
)
def test_what_is_no_timestamp_has_no_instant(text: str) -> None:
    """Invalid dates, other forms and digits of other scripts are not read."""
    assert instant(text) is None


@pytest.mark.parametrize(
    "value", [None, 0, 1767225600, 1.5, True, [], {}, ["2026-01-01"], b"2026-01-01"]
)
def test_only_text_has_an_instant(value: Any) -> None:
    """A number or an object is no timestamp."""
    assert instant(value) is None


def test_five_thousand_digits_cause_no_crash() -> None:
    """A fraction with more digits than Python converts has no instant."""
    assert instant("2026-01-01T00:00:00." + "1" * 5000 + "Z") is None


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**12), st.integers(1, 12), st.integers(-12, 14))
def test_an_instant_does_not_depend_on_its_offset_or_width(
    micro: int, zeros: int, hours: int
) -> None:
    """The same moment in another zone and with trailing zeros is the same instant."""
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=micro)
    local = moment + timedelta(hours=hours)
    plain = moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    other = local.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0" * zeros + f"{hours:+03d}:00"
    assert instant(plain) == instant(other) == NEW_YEAR + Fraction(micro, 10**6)


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="0123456789-:TZ.,+ tz١", max_size=40))
def test_no_text_makes_instant_raise(text: str) -> None:
    """Any text has an instant or None."""
    found = instant(text)
    assert found is None or isinstance(found, Fraction)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("&lt;b&gt; &#107;&#x6B; &amp;", "<b> kk &"),
        ("&#0000000107;", "k"),
        (f"a&#{'1' * 5_000};b", "a\ufffdb"),
        (f"a&#x{'1' * 5_000};b", "a\ufffdb"),
        ("&#; &#x; &nosuch &", "&#; &#x; &nosuch &"),
    ],
)
def test_entities_are_read_without_a_crash(text: str, read: str) -> None:
    """A number of thousands of digits is no character; Python refuses to read it."""
    assert without_entities(text) == read


def test_pointed() -> None:
    """The member at a path is returned, or ABSENT where an object or a member is missing."""
    value = {"error": {"code": None, "": 1}}
    assert pointed(value, ()) is value
    assert pointed(value, ("error", "code")) is None
    assert pointed(value, ("error", "")) == 1
    for path in (("x",), ("error", "x"), ("error", "code", "x")):
        assert pointed(value, path) is ABSENT
    others: tuple[Any, ...] = (NOT_JSON, None, [], "error", 1)
    for other in others:
        assert pointed(other, ("error",)) is ABSENT


# --- YAML -----------------------------------------------------------------------------------------


def parsed(text: str) -> tuple[Any, list[str]]:
    """The value of a text, or None with faults."""
    faults: list[str] = []
    file = yaml_file.parse(text, "f.yaml", faults)
    return (file.value if file else None), faults


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: yes", {"a": "yes"}),
        ("a: off", {"a": "off"}),
        ("a: 2026-04-17T12:00:00Z", {"a": "2026-04-17T12:00:00Z"}),
        ("a: 2026-04-17", {"a": "2026-04-17"}),
        ("a: 010", {"a": "010"}),
        ("a: 0x1F", {"a": "0x1F"}),
        ("a: 1:30", {"a": "1:30"}),
        ("a: 1_000", {"a": "1_000"}),
        ("a: .inf", {"a": ".inf"}),
        ("a: [true, false, null, ~, -1, 0, 1.5]", {"a": [True, False, None, None, -1, 0, 1.5]}),
        ("200: x\ntrue: y", {"200": "x", "true": "y"}),
        ("a:", {"a": None}),
    ],
)
def test_scalars_are_those_of_json(text: str, value: Any) -> None:
    """YAML's own dates, octals, sexagesimals and words for booleans are plain text."""
    assert parsed(text) == (value, [])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: 2\na: 3", 3),
        ("a: 1\nb: {c: 1, c: 2}", 2),
        ("a: 1\nb: x: y\n", 2),
        ("a:\n\tb: 1", 2),
        ("a: 1\n[x]: 2", 2),
        ("a: 1\nb: !!python/object:os.system x", 2),
        ("a: 1\nb: *nothing", 2),
        ("a: 1\n---\nb: 2", 2),
        ("", 1),
        ("# only a comment\n", 1),
    ],
)
def test_yaml_beyond_json_is_a_fault(text: str, line: int) -> None:
    """Duplicate keys, tabs, tags, several documents and keys that are not text are faults."""
    value, faults = parsed(text)
    assert value is None
    assert len(faults) == 1
    assert faults[0].startswith(f"f.yaml:{line}: "), faults


@pytest.mark.parametrize(
    "tag", ["!!timestamp 2026-01-01", "!!set {x}", "!!binary aGk=", "!!omap [x: 1]", "!!float 1"]
)
def test_no_tag_adds_a_type_beyond_json(tag: str) -> None:
    """A tag gives a fault, or a value that JSON has."""
    value, faults = parsed(f"a: {tag}")
    assert faults or type(value["a"]) in (dict, list, str, int, float, bool, type(None))


def test_a_document_that_contains_itself_is_a_fault() -> None:
    """An alias within its own anchor is a fault, not an endless loop."""
    assert parsed("a: &x\n  b: *x")[0] is None
    assert len(parsed("a: &x [*x]")[1]) == 1
