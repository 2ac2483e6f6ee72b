"""Servers that answer 429, and ask for a wait or for none."""

from __future__ import annotations

from tests.hostile.answer import error, page
from tests.hostile.base import (
    ALL,
    LEGAL,
    UNSURE,
    Mode,
    Right,
    Spoil,
    When,
    add,
    after,
    every,
    given_up,
    mode,
)
from tests.hostile.front import Asked, Line

LIMIT = "rate_limit_exceeded"
LATER = {
    "nothing": None,
    "0": "0",
    "1": "1",
    "30": "30",
    "eleven-days": "999999999",
    "a-date": "Fri, 31 Dec 2100 23:59:59 GMT",
    "garbage": 'soon; maybe "tomorrow"',
    "minus-one": "-1",
}
"""Values of Retry-After, by names."""


def limited(later: str | None) -> Spoil:
    """Answers with the limit, and with a Retry-After."""
    told = {} if later is None else {"Retry_After": later}

    def spoil(line: Line, asked: Asked) -> None:
        asked.raw  # noqa: B018 - the body is read off the connection
        line.send(error(429, LIMIT, **told))

    return spoil


def _add(name: str, when: When, right: Right, later: str | None) -> None:
    does = "Each response is 429 " + (
        "without Retry-After." if later is None else f"with Retry-After `{later}`."
    )
    add(Mode(name, does, when, right, limited(later)))


@mode(every(5), Right((0, 3)))
def unavailable_in_every_fifth(line: Line, asked: Asked) -> None:
    """A proxy returns 503 with an HTML page and Retry-After 20."""
    asked.raw  # noqa: B018 - the body is read off the connection
    line.send(page(503, "Service Unavailable").having(Retry_After="20"))


for word, value in LATER.items():
    _add(f"limited-{word}", ALL, given_up("429|rate limit"), value)
for word in ("0", "1", "eleven-days"):
    _add(f"limited-from-50-{word}", after(50), given_up("429|rate limit"), LATER[word])
_add("limited-now-and-then", every(10), LEGAL, "0")
_add("limited-now-and-then-eleven-days", every(40), UNSURE, LATER["eleven-days"])
