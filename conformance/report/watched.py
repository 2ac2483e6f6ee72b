"""The differences between a full run and its spot checks, as reports show them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from conformance.base.text import amount, clean
from conformance.base.values import cut
from conformance.model import WATCHED, Difference, Exchange, Run, mistake_of
from conformance.report import view
from conformance.report.exhibit import Exhibit, exhibit_of
from conformance.report.phrases import OF_KEYS, flawed, with_key

TITLE = WATCHED
MOST = 50
"""Maximum number of differences that a page shows."""
LINES = 10
"""Maximum number of differences that the terminal and the summary list."""
SHORT = 70
"""Characters of a value on one line."""
EXPLANATION = (
    "The same request was handled rightly in the full run, but not in spot checks at random times "
    "with other keys. A fault that shows only now and then looks the same."
)


@dataclass(frozen=True)
class Pair:
    """A difference, its request in words, and its two exchanges as a page shows them."""

    difference: Difference
    request: str
    watched: Exhibit
    unwatched: Exhibit


def pairs(run: Run) -> list[Pair]:
    """The first differences of spot checks from their full run."""
    return [
        Pair(
            each,
            _request(run, each.unwatched),
            exhibit_of(each.watched),
            exhibit_of(each.unwatched),
        )
        for each in run.differences[:MOST]
    ]


def heading(run: Run) -> str:
    """The title of all differences with their number; empty if there are none."""
    found = len(run.differences)
    return f"{WATCHED} ({amount(found, 'request')})" if found else ""


def lines(run: Run) -> Iterator[str]:
    """The first differences of spot checks, each on one line."""
    for each in run.differences[:LINES]:
        expected, actual = view.shown(each.expected, SHORT), view.shown(each.actual, SHORT)
        yield f"{_request(run, each.unwatched)}: expected {expected}, got {actual}"
    if len(run.differences) > LINES:
        yield f"and {len(run.differences) - LINES:,} more"


def _request(run: Run, exchange: Exchange) -> str:
    """A request in words, with its key, and with its mistake if that does not concern the key."""
    operation = run.contract.operations.get(exchange.operation)
    path = operation.path if operation else urlsplit(exchange.request.url).path
    flaw = "" if exchange.facts.form in OF_KEYS else mistake_of(exchange)
    words = f"{exchange.request.method} {path} {with_key(exchange)}{flawed(flaw)}"
    return cut(clean(words), view.LIMIT)
