"""Servers whose JSON is odd, deep, large or none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.hostile.answer import Answer
from tests.hostile.base import (
    ALL,
    ANY,
    BLAMED,
    ERRORS,
    LEGAL,
    SUCCESSES,
    Mode,
    Right,
    Spoil,
    add,
    mode,
)
from tests.hostile.front import Asked, Line
from tests.hostile.modes.sizes import LARGE, items_of, with_items

READ = Right((0,), incomplete=False, errors=False)
"""JSON that every parser may read."""
UNREAD = Right((0, 3))
"""JSON beyond what a parser must read: perhaps not judged, and not called anything else."""
DEEP = Right((3,), says="nested more than|more values than")
"""JSON that is deeper than the suite reads, and is not called anything else."""
NO_JSON = Right((1, 3), may=("envelope-json", "envelope-structure", "success-json"))


def with_text(answer: Answer, text: bytes) -> Answer:
    """The answer with a member more, written as some bytes."""
    if not isinstance(answer.json, dict) or not answer.json:
        return answer
    return answer.having(answer.body.rstrip()[:-1] + b', "note": ' + text + b"}")


MEMBERS: dict[str, tuple[str, Callable[[], bytes], Right]] = {
    "nested-400": ("Lists nest 400 deep.", lambda: b"[" * 400 + b"]" * 400, READ),
    "nested-3000": ("Lists nest 3,000 deep.", lambda: b"[" * 3_000 + b"]" * 3_000, DEEP),
    "nested-million": ("Lists nest a million deep.", lambda: b"[" * 10**6 + b"]" * 10**6, DEEP),
    "digits-3000": ("A number has 3,000 digits.", lambda: b"7" * 3_000, READ),
    "digits-100000": ("A number has 100,000 digits.", lambda: b"7" * 10**5, UNREAD),
    "digits-3-million": ("A number has 3 million digits.", lambda: b"7" * 3 * 10**6, UNREAD),
    "exponent": ("A number is 1e999999999.", lambda: b"1e999999999", UNREAD),
    "nan": ("A number is NaN.", lambda: b"NaN", NO_JSON),
    "infinity": ("A number is -Infinity.", lambda: b"-Infinity", NO_JSON),
    "surrogates": ("A text is a lone surrogate.", lambda: b'"\\ud800 \\udfff"', READ),
    "bad-utf-8": ("A text is not UTF-8.", lambda: b'"\xff\xfe\xc0\x80\xed\xa0\x80"', NO_JSON),
    "many-members": (
        "An object has 200,000 members.",
        lambda: b"{" + b",".join(b'"m%d":%d' % (n, n) for n in range(200_000)) + b"}",
        LARGE,
    ),
}
"""An additional member in each body: what is odd about it, its text, and what is right."""


def _with_member(text: Callable[[], bytes]) -> Spoil:
    def spoil(line: Line, asked: Asked) -> None:
        line.send(with_text(asked.answer(), text()))

    return spoil


for _name, (_does, _text, _right) in MEMBERS.items():
    add(Mode(_name, _does, ALL, _right, _with_member(_text)))


@mode(ALL, READ)
def members_twice(line: Line, asked: Asked) -> None:
    """The last member of each object appears twice, with the same value."""
    known = asked.answer().json
    if not isinstance(known, dict) or not known:
        line.send(asked.answer())
        return
    name = list(known)[-1]
    again = asked.answer().telling({name: known[name]}).body[1:]
    body = asked.answer().telling(known).body
    line.send(asked.answer().having(body[:-1] + b", " + again))


@mode(ALL, NO_JSON)
def utf_16(line: Line, asked: Asked) -> None:
    """Bodies are UTF-16 with a byte order mark."""
    line.send(asked.answer().having(asked.answer().body.decode().encode("utf-16")))


@mode(SUCCESSES, Right((0, 1, 3), may=("success-json",)))
def byte_order_mark(line: Line, asked: Asked) -> None:
    """A byte order mark precedes the JSON."""
    line.send(asked.answer().having(b"\xef\xbb\xbf" + asked.answer().body))


@mode(ERRORS, Right((1,), may=("envelope-*", "code-*")))
def null_errors(line: Line, asked: Asked) -> None:
    """The body of each error is null."""
    line.send(asked.answer().telling(None))


@mode(SUCCESSES, BLAMED)
def empty_successes(line: Line, asked: Asked) -> None:
    """Each success has an empty body."""
    line.send(asked.answer().having(b""))


# --- ids ------------------------------------------------------------------------------------------

IDS = {
    "surrogate": "\ud800",
    "path": "/../../etc/passwd",
    "line-end": "\r\nX-Injected: 1\r\n\r\n",
    "query": "?limit=0#&after=%00",
    "zero": "\x00",
    "markup": "<script>alert(1)</script>",
}
"""What stands behind each id, by name."""


def _renamed(value: Any, tail: str) -> Any:
    """Data with a tail at each id."""
    if isinstance(value, list):
        return [_renamed(each, tail) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: each + tail if name == "id" and isinstance(each, str) else _renamed(each, tail)
        for name, each in value.items()
    }


def _with_ids(tail: str) -> Spoil:
    def spoil(line: Line, asked: Asked) -> None:
        answer = asked.answer()
        line.send(answer if answer.json is None else answer.telling(_renamed(answer.json, tail)))

    return spoil


STRANGE = Right((0, 1, 3), may=ANY, never=("envelope-*", "success-json"), errors=False)
"""The ids that the server shows are not those that it takes, so much is wrong."""
for _name, _tail in IDS.items():
    add(
        Mode(
            f"ids-with-{_name}",
            f"`{_name}` appears in each id.",
            SUCCESSES,
            STRANGE,
            _with_ids(_tail),
        )
    )
add(
    Mode(
        "ids-of-30000-letters",
        "Each id of an object has 30,000 additional letters.",
        SUCCESSES,
        Right((0, 1, 3), may=ANY, never=("envelope-*",)),
        _with_ids("x" * 30_000),
    )
)


# --- lists ----------------------------------------------------------------------------------------


@mode(SUCCESSES, Right((1,), may=("has-more-*", "paging-*", "business-empty")))
def lists_without_an_end(line: Line, asked: Asked) -> None:
    """has_more is always true."""
    answer = asked.answer()
    line.send(answer if items_of(answer) is None else answer.adding(has_more=True))


@mode(SUCCESSES, Right((1,), may=("has-more-*", "paging-*", "list-items")))
def empty_pages(line: Line, asked: Asked) -> None:
    """Each page after the first is empty, and has_more is true."""
    answer = asked.answer()
    later = items_of(answer) is not None and "after=" in asked.path
    line.send(with_items(answer, [], has_more=True) if later else answer)


@mode(ALL, Right((1,), may=ANY))
def stuck_cursor(line: Line, asked: Asked) -> None:
    """The cursor is ignored, and has_more is true."""
    asked.head = asked.head.replace(b"after=", b"aftwr=", 1)
    answer = asked.answer()
    line.send(answer if items_of(answer) is None else answer.adding(has_more=True))


@mode(ALL, LEGAL)
def members_in_other_order(line: Line, asked: Asked) -> None:
    """The members of each object are in reverse order."""
    known = asked.answer().json
    if not isinstance(known, dict):
        line.send(asked.answer())
        return
    body = asked.answer().telling(dict(reversed(known.items()))).body
    line.send(asked.answer().having(body))
