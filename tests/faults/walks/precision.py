"""Faults of the precision with which a cursor is read."""

from __future__ import annotations

import re
from dataclasses import KW_ONLY, dataclass
from fractions import Fraction

from conformance.base.values import instant
from conformance.server.messages import Context
from conformance.server.moments import MICRO, key_of, sort_key
from conformance.server.store import Row
from tests.faults.base import Faulty, fault, faults_of, is_for, later_page
from tests.faults.shared import InRequests

HOUR = 3_600 * MICRO
"""Microseconds of an hour; what the server held from the start is older."""


def _cut(text: str, digits: int) -> str:
    """The sort key of a timestamp, cut to a number of fractional digits."""
    at = instant(text) or Fraction(0)
    return sort_key(Fraction(at * 10**digits // 1, 10**digits))


@dataclass(frozen=True)
class Cut(InRequests):
    """The number of fractional digits that are left of a cursor."""

    digits: int
    _: KW_ONLY
    breaks: str = "paging-precision"
    also: str = "paging-complete"
    depth: int = 5


def cuts_cursor(entry: Cut) -> type[Faulty]:
    """The reference server, which cuts some cursors."""

    class CutsCursor(Faulty):
        def edge_of(self, context: Context) -> str | None:
            edge = super().edge_of(context)
            if edge is None or not entry.shows_in(context):
                return edge
            return _cut(str(context.values["after"]), entry.digits)

    return CutsCursor


DIGITS = {
    "Lists cut the cursor to whole seconds.": Cut("cursor-in-seconds", 0, depth=2),
    "Lists cut the cursor to milliseconds.": Cut("cursor-in-milliseconds", 3, depth=4),
    "list_agents cuts the cursor to whole seconds.": Cut(
        "cursor-of-agents-in-seconds", 0, at="list_agents", depth=4),
    "list_events cuts the cursor to four fractional digits.": Cut(
        "cursor-of-four-digits", 4, at="list_events"),
    "list_event_deliveries cuts the cursor to five fractional digits.": Cut(
        "cursor-of-five-digits", 5, at="list_event_deliveries"),
}  # fmt: skip

faults_of(cuts_cursor, __name__, DIGITS)


@fault("paging-precision", also="paging-exclusive paging-supported", depth=4)
class CursorRoundedUp(Faulty):
    """Lists round the cursor up to milliseconds."""

    def cursor_key(self, cursor: Fraction) -> str:
        return sort_key(Fraction(-(-cursor * 1000 // 1), 1000))


@fault("paging-precision", also="paging-complete", at="list_leads", by="burst", depth=5)
class CursorOfNewLeadsInSeconds(Faulty):
    """list_leads cuts the cursor of new leads to whole seconds; older ones lie far apart."""

    def edge_of(self, context: Context) -> str | None:
        edge = super().edge_of(context)
        if edge is None or not is_for(context, "list_leads"):
            return edge
        is_new = edge > key_of(self.clock.now() - HOUR)
        return edge.partition(".")[0] + "." if is_new else edge


@fault(
    "paging-precision",
    also="paging-exclusive paging-complete",
    at="list_communication_jobs",
    depth=5,
)
class CursorThroughFloat(Faulty):
    """list_communication_jobs reads the cursor as a float, which blurs the sixth digit."""

    def edge_of(self, context: Context) -> str | None:
        if not later_page(context) or not is_for(context, "list_communication_jobs"):
            return super().edge_of(context)
        return sort_key(Fraction(float(instant(str(context.values["after"])) or 0)))


@fault("paging-precision", also="paging-complete", at="list_workspaces", depth=5)
class LongFractionsCut(Faulty):
    """list_workspaces cuts a cursor with more than three fractional digits to three."""

    def edge_of(self, context: Context) -> str | None:
        text = str(context.values.get("after", ""))
        long = is_for(context, "list_workspaces") and re.search(r"\.[0-9]{4,}", text)
        return _cut(text, 3) if long else super().edge_of(context)


@fault(
    "paging-precision",
    also="paging-exclusive paging-complete has-more-false",
    at="list_phone_numbers",
    depth=4,
)
class CursorComparedAsText(Faulty):
    """list_phone_numbers compares the cursor as text."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        if not later_page(context) or not is_for(context, "list_phone_numbers"):
            return super().rows_of(context, limit)
        rows = self.rows_by(context, 1000)
        return [row for row in rows if row.position < str(context.values["after"])][: limit + 1]
