"""When requests were under way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from conformance.model import Exchange

ROUNDED = 0.002
"""Seconds of overlap of two requests that may come from rounded times alone."""


@dataclass(frozen=True, eq=False)
class Span:
    """When a request was sent and its response received, in seconds since 1970.

    A request without a readable time counts as one of no length, at the end of the one before it.
    """

    begin: float
    end: float

    def overlaps(self, other: Span) -> bool:
        """Whether both were under way at some time."""
        return self.begin < other.end and other.begin < self.end


def spans_of(exchanges: Iterable[Exchange]) -> Iterator[tuple[Exchange, Span]]:
    """Each exchange with its span."""
    end = 0.0  # of the last exchange with a readable time
    for exchange in exchanges:
        begin = _moment(exchange.started)
        if begin is None:
            yield exchange, Span(end, end)
            continue
        end = begin + max(exchange.elapsed_ms, 0) / 1000
        yield exchange, Span(begin, end)


def at_once(one: Exchange, other: Exchange) -> bool:
    """Whether two requests were under way at the same time, and not just one after the other.

    A log may round times to milliseconds.
    """
    (_, first), (_, second) = spans_of([one, other])
    overlap = min(first.end, second.end) - max(first.begin, second.begin)
    return overlap >= ROUNDED


def _moment(text: str) -> float | None:
    """The seconds since 1970 of a timestamp in the log; None if the text is not a timestamp."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return None
