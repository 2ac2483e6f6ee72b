"""Models of servers: a correct one is never blamed for its pages, a faulty one always."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.checks import RULES
from conformance.model import Exchange
from tests.examples.base import Example, Expected, in_a_word, outcomes
from tests.support.contracts import TARGET
from tests.support.exchanges import call, page, walked

Row = dict[str, Any]

# --- a correct server -----------------------------------------------------------------------------

RULES_OF_PAGES = [
    rule for rule in RULES if rule.startswith(("paging.", "list.")) and rule != "tenant.empty"
]
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def _timestamp(micro: int, hours: int, trimmed: bool) -> str:
    """A timestamp with an offset of whole hours, its fraction full or trimmed."""
    moment = EPOCH + timedelta(microseconds=micro, hours=hours)
    fraction = f".{micro % 10**6:06d}"
    if trimmed:
        fraction = fraction.rstrip("0").rstrip(".")
    offset = f"{hours:+03d}:00" if hours else "Z"
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + fraction + offset


@dataclass(frozen=True)
class Collection:
    """The calls of a correct server in the order of its list, each with its instant.

    ``eager``: has_more is also true where exactly a page of items is left, a note at most.
    """

    rows: list[tuple[int, Row]]
    newest_first: bool
    eager: bool

    def after(self, cursor: int | None) -> list[tuple[int, Row]]:
        """What comes after an instant, or all."""
        if cursor is None:
            return self.rows
        if self.newest_first:
            return [row for row in self.rows if row[0] < cursor]
        return [row for row in self.rows if row[0] > cursor]

    def has_more(self, left: int, count: int) -> bool:
        """What a page of up to ``count`` items says where ``left`` items are left."""
        return left > count or (self.eager and left == count)


@st.composite
def collections(draw: st.DrawFn) -> Collection:
    """Calls at any instants of six seconds, many of them at the same."""
    rounding = st.sampled_from([1, 1000, 250_000])
    moments = st.integers(0, 6_000_000).map(lambda micro: micro - micro % draw(rounding))
    instants = draw(st.lists(moments, max_size=14))
    newest_first = draw(st.booleans())
    offsets, trimmed = st.sampled_from([0, 0, 2, -5]), st.booleans()
    rows = [
        (micro, call(_timestamp(micro, draw(offsets), draw(trimmed)), f"c{number}"))
        for number, micro in enumerate(sorted(instants, reverse=newest_first))
    ]
    return Collection(rows, newest_first, draw(st.booleans()))


@st.composite
def walks_of_a_correct_server(draw: st.DrawFn) -> list[Exchange]:
    """Walks in some page sizes over a list, as a server with a strict cursor answers them."""
    collection = draw(collections())
    sizes = draw(st.lists(st.integers(1, 6), min_size=1, max_size=3, unique=True))
    exchanges: list[Exchange] = []
    for size in sizes:
        cursor: int | None = None
        after: str | None = None
        more = True
        while more:
            left = collection.after(cursor)
            is_short = draw(st.booleans())
            count = draw(st.integers(1, size)) if is_short else size
            items = left[:count]
            more = collection.has_more(len(left), count)
            exchanges.append(page(f"by-{size}", [row for _, row in items], more, after, size))
            if not items:
                break
            cursor, after = items[-1][0], items[-1][1]["created_at"]
    return exchanges


@settings(max_examples=25, deadline=None)
@given(walks_of_a_correct_server())
def test_a_correct_server_is_never_blamed(exchanges: list[Exchange]) -> None:
    """Ties, fractions of any width, offsets, short pages and either direction are right."""
    target = replace(TARGET, maximum={})
    for rule in RULES_OF_PAGES:
        yielded = outcomes(Example(rule, Expected.SILENT, "", tuple(exchanges), target=target))
        assert in_a_word(yielded) is not Expected.REFUSED, (rule, yielded)


# --- faulty servers -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """A server that chooses the rows after a cursor, and has_more of a page, in its own way."""

    rule: str
    rows_after: Callable[[list[Row], str], list[Row]]
    has_more: Callable[[int, int], bool]


def _older(rows: list[Row], cursor: str) -> list[Row]:
    return [row for row in rows if row["created_at"] < cursor]


def _no_newer(rows: list[Row], cursor: str) -> list[Row]:
    return [row for row in rows if row["created_at"] <= cursor]


def _without_first(rows: list[Row], cursor: str) -> list[Row]:
    return _older(rows, cursor)[1:]


def _none(rows: list[Row], cursor: str) -> list[Row]:
    return []


FAULTS = {
    "inclusive cursor": Fault("paging.exclusive", _no_newer, lambda _, __: True),
    "skips one at each border": Fault("paging.complete", _without_first, lambda _, __: True),
    "never more": Fault("paging.more-false", _older, lambda _, __: False),
    "always more": Fault("paging.more-true", _none, lambda _, __: True),
}


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_fault_shows_in_every_page_size(name: str, size: int) -> None:
    """Each fault is blamed by its rule, whatever the size of the page."""
    fault = FAULTS[name]
    rows = [call(second) for second in range(30, 0, -1)]
    exchanges = walked(rows, 30)
    after = rows[3]["created_at"]
    for _ in range(3):
        left = fault.rows_after(rows, after)
        exchanges.append(page("w", left[:size], fault.has_more(len(left), size), after, size))
        after = left[:size][-1]["created_at"] if left else after
    yielded = outcomes(Example(fault.rule, Expected.REFUSED, "", tuple(exchanges)))
    assert in_a_word(yielded) is Expected.REFUSED
