"""Server time: a clock that can be moved forward, and moments as text and as sort keys.

A moment is an integer number of microseconds since 1970. The sort key of an instant is text: the
seconds at a fixed width, then the fraction without trailing zeros. Comparing two keys as text
compares the instants exactly, so a cursor of any precision is compared with stored objects without
rounding.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from conformance.base.values import instant

MICRO = 1_000_000
"""Microseconds in a second."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHIFT = 10**11  # keeps the seconds of the years before 1970 positive
_FURTHEST = 100 * 366 * 86_400  # seconds that the clock may run ahead


class Clock:
    """Real time plus an offset. ``source`` returns nanoseconds since 1970."""

    def __init__(self, source: Callable[[], int] = time.time_ns) -> None:
        self._source = source
        self.added = 0  # microseconds

    def now(self) -> int:
        """The current moment."""
        return self._source() // 1000 + self.added

    def forward(self, seconds: float) -> bool:
        """Move the clock forward. If that is negative or too far, return False and leave it."""
        added = self.added + round(seconds * MICRO)
        if seconds < 0:
            return False
        if added > _FURTHEST * MICRO:
            return False
        self.added = added
        return True


def render(moment: int) -> str:
    """A moment as ISO 8601 text in UTC, with 0, 3 or 6 fractional digits as needed."""
    seconds, fraction = divmod(moment, MICRO)
    text = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    if not fraction:
        return text + "Z"
    if fraction % 1000 == 0:
        return f"{text}.{fraction // 1000:03}Z"
    return f"{text}.{fraction:06}Z"


def moment_of(text: str) -> int:
    """The moment of a timestamp written by the server itself."""
    seconds = instant(text)
    assert seconds is not None
    return int(seconds * MICRO)


def sort_key(seconds: Fraction) -> str:
    """The sort key of an instant, given in seconds since 1970."""
    whole = seconds.numerator // seconds.denominator
    rest = seconds - whole
    digits = []
    while rest:  # the next 18 digits of the fraction
        rest *= 10**18
        part = rest.numerator // rest.denominator
        digits.append(f"{part:018}")
        rest -= part
    return f"{whole + _SHIFT:012}." + "".join(digits).rstrip("0")


def key_of(moment: int) -> str:
    """The sort key of a moment."""
    return sort_key(Fraction(moment, MICRO))
