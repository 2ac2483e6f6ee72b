"""Odd values, with a readable description of what is odd about each."""

from __future__ import annotations

from typing import NamedTuple

from conformance.model.mistake_names import NUL, NUL_AND_MORE, ODD_VALUE

WRONG_TYPE = "a value of another type"
NO_OBJECT, CUT_OFF = "a body that is no object", "a body that is cut off"
TWICE, IN_BRACKETS = "a parameter twice", "a parameter in brackets"


class OddText(NamedTuple):
    """A text, and what is odd about it."""

    text: str
    flaw: str


class OddContent(NamedTuple):
    """The content of a body, and what is odd about it."""

    content: bytes
    flaw: str


SIGNS = "🎉 '\"; -- <b>{{7*7}}${7*7} %s %zz \\ ../"
ODD_NAME = OddText("a\0b" + SIGNS, NUL_AND_MORE)
"""For a parameter that does not take plain text, such as an id."""
TEXTS = {
    "nul": OddText("a\0b", NUL),
    "long": OddText("x" * 5_000, "a text of over 1,000 characters"),
    "signs": OddText(SIGNS, "signs of code in a text"),
    "half-a-character": OddText("\ud800", "half a character in a text"),
}
"""Texts for every parameter that takes any text."""
LONGEST_IN_QUERY = 6_000
"""The characters of all texts of a query: a server need not read a target of over 8,000 (RFC 9110,
section 4.1)."""
BEYOND_32_BITS = "9" * 10
BEYOND_64_BITS = "9" * 20
LIMITS = ("1e2", " 5", "٣", "5,6", "true")
POSITIONS = (
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999999Z",
    "2026-04-17",
    "1776427200",
    "2026-04-17T12:00:00+99:99",
    "2026-02-30T00:00:00Z",
)
CONTENTS = {
    "deep": OddContent(b'{"deep": ' + b"[" * 2_000 + b"]" * 2_000 + b"}", "deeply nested JSON"),
    "huge-number": OddContent(b'{"number": 1' + b"0" * 400 + b"}", "a number of 400 digits"),
    "infinite-number": OddContent(b'{"number": 1e999}', "a number beyond all bounds"),
    "not-a-number": OddContent(b'{"number": NaN}', "NaN in the body"),
    "infinity": OddContent(b'{"number": -Infinity}', "Infinity in the body"),
    "invalid-utf-8": OddContent(b'{"text": "\xff\xfe"}', "a body that is no UTF-8"),
    "utf-16": OddContent('{"text": "a"}'.encode("utf-16"), "a body in UTF-16"),
    "byte-order-mark": OddContent(b"\xef\xbb\xbf{}", "a byte order mark in the body"),
    "number": OddContent(b"7", NO_OBJECT),
    "two-values": OddContent(b"{} {}", "two JSON values in the body"),
    "comment": OddContent(b"{/* */}", "a comment in the body"),
    "control-character": OddContent(b'{"text": "a\tb\x01"}', "a control character in the body"),
}
INFINITE = "infinite"
FIGURES = {INFINITE: b"1e999", "huge": b"1" + b"0" * 400, "not-a-number": b"NaN"}
"""Numbers in a body that many parsers accept and that 64 bits do not hold."""
MEGABYTE = b'{"text": "' + b"x" * 1_050_000 + b'"}'
MEDIA = {
    "text": "text/plain",
    "form": "application/x-www-form-urlencoded",
    "xml": "application/xml",
    "nonsense": "nonsense",
}
LATIN_1 = "application/json; charset=latin1"
"""Names an encoding that JSON does not have."""


def odd_value(name: str) -> str:
    """The flaw of a request in which a parameter value cannot be parsed or is too large."""
    return f"{ODD_VALUE}{name}"
