"""Servers whose answers are large."""

from __future__ import annotations

import hashlib
from typing import Any

from tests.hostile.answer import Answer
from tests.hostile.base import (
    ALL,
    ANY,
    BROKEN,
    ERRORS,
    LEGAL,
    SUCCESSES,
    TRANSFER,
    Right,
    every,
    mode,
)
from tests.hostile.front import Asked, Line

LARGE = Right((0, 3), errors=True)
"""Large, but as the contract wants it: nothing is blamed, though not everything may be judged."""
NEAR_LIMIT = "x" * 3_900_000


@mode(SUCCESSES, LARGE)
def large_bodies(line: Line, asked: Asked) -> None:
    """An additional member makes each body 3.9 MB long."""
    line.send(asked.answer().adding(note=NEAR_LIMIT))


@mode(ERRORS, LARGE)
def large_errors(line: Line, asked: Asked) -> None:
    """An additional member makes each body 3.9 MB long."""
    line.send(asked.answer().adding(note=NEAR_LIMIT))


@mode(SUCCESSES, LARGE)
def large_bodies_that_differ(line: Line, asked: Asked) -> None:
    """An additional member makes each body 3.9 MB long; no two are alike or easy to compress."""
    seed = asked.number.to_bytes(4)
    noise = b"".join(_noise(seed + part.to_bytes(4)) for part in range(60_000))
    line.send(asked.answer().adding(note=noise.hex()))


def _noise(data: bytes) -> bytes:
    """32 bytes that look random."""
    return hashlib.sha256(data).digest()


@mode(ALL, Right((1, 3), may=(*TRANSFER, "success-*", "envelope-json", "status-20*")))
@mode(every(20), Right((0, 1, 3), may=(*TRANSFER, "success-json", "envelope-json")), "now-and-then")
def endless_bodies(line: Line, asked: Asked) -> None:
    """The body has no end."""
    answer = asked.answer()
    line.send(answer.having(Content_Length=None, Connection="close").head() + answer.body)
    while True:
        line.send(b" " * 100_000)


@mode(ALL, BROKEN)
def many_headers(line: Line, asked: Asked) -> None:
    """Each response has 5,000 headers."""
    line.send(asked.answer().with_more(5_000, "x" * 20))


@mode(ALL, BROKEN)
def long_header(line: Line, asked: Asked) -> None:
    """A header of each response has a million bytes."""
    line.send(asked.answer().having(X_More="x" * 1_000_000))


@mode(ALL, LEGAL)
def full_headers(line: Line, asked: Asked) -> None:
    """Each response has 90 headers of 8,000 bytes."""
    line.send(asked.answer().with_more(90, "x" * 8_000))


@mode(ALL, BROKEN)
def endless_headers(line: Line, asked: Asked) -> None:
    """The headers of each response never end."""
    line.send(asked.answer().head().removesuffix(b"\r\n"))
    while True:
        line.send(b"X-More: " + b"x" * 8_000 + b"\r\n")


@mode(ALL, LEGAL)
def padded_bodies(line: Line, asked: Asked) -> None:
    """A million spaces and line ends follow each body."""
    body = asked.answer().body
    line.send(asked.answer().having(body + b" \n" * 500_000) if body else asked.answer())


def items_of(answer: Answer) -> list[Any] | None:
    """The items of a page; None for other answers."""
    known = answer.json
    if isinstance(known, dict) and isinstance(known.get("has_more"), bool):
        return next((value for value in known.values() if isinstance(value, list)), None)
    return None


def with_items(answer: Answer, items: list[Any], **more: Any) -> Answer:
    """A page with other items, and with other members."""
    known = answer.json
    name = next(name for name, value in known.items() if isinstance(value, list))
    return answer.telling({**known, name: items, **more})


def _repeated(answer: Answer, count: int) -> Answer:
    """A page with its items again and again until they are so many, each with an id of its own."""
    items = items_of(answer)
    if not items:
        return answer
    many = [
        {**item, "id": f"{item.get('id')}-{turn}"} if turn else item
        for turn in range(count // len(items) + 1)
        for item in items
    ]
    return with_items(answer, many[:count])


PAGES = Right((0, 1, 3), may=ANY, never=("envelope-*", "success-json"))


@mode(SUCCESSES, PAGES)
def pages_of_2000(line: Line, asked: Asked) -> None:
    """Each page holds 2,000 items, whatever the limit."""
    line.send(_repeated(asked.answer(), 2_000))


@mode(SUCCESSES, PAGES)
def pages_of_8000(line: Line, asked: Asked) -> None:
    """Each page holds 8,000 items, whatever the limit."""
    line.send(_repeated(asked.answer(), 8_000))


@mode(SUCCESSES, PAGES)
def pages_of_50000(line: Line, asked: Asked) -> None:
    """Each page holds 50,000 items, whatever the limit."""
    line.send(_repeated(asked.answer(), 50_000))


def _small(answer: Answer, count: int) -> Answer:
    """A page of many items, each with nothing but an id and the time of the first one."""
    items = items_of(answer)
    if not items or not isinstance(items[0], dict) or "id" not in items[0]:
        return answer
    time = items[0].get("created_at")
    return with_items(answer, [{"id": f"{n:x}", "created_at": time} for n in range(count)])


@mode(SUCCESSES, PAGES)
def pages_of_12000_small(line: Line, asked: Asked) -> None:
    """Each page holds 12,000 items with an id and a time, about as many as the suite reads."""
    line.send(_small(asked.answer(), 12_000))


@mode(SUCCESSES, PAGES)
def pages_of_50000_small(line: Line, asked: Asked) -> None:
    """Each page holds 50,000 items with an id and a time."""
    line.send(_small(asked.answer(), 50_000))


@mode(SUCCESSES, PAGES)
def pages_of_empty_items(line: Line, asked: Asked) -> None:
    """Each page holds a million empty objects, whatever the limit."""
    answer = asked.answer()
    line.send(answer if items_of(answer) is None else with_items(answer, [{}] * 1_000_000))
