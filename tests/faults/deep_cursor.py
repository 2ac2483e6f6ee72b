"""Deep faults of cursors: precision, offsets, positions between items, order, repetition."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from conformance.server.messages import Context
from conformance.server.moments import sort_key
from conformance.server.store import Page, Row
from conformance.values import instant
from tests.faults.base import fault
from tests.faults.deep_places import Deep, asked, later, meant, narrowed


def _cut(text: str, digits: int) -> str:
    """The sort key of a timestamp that keeps some digits of its fraction."""
    at = instant(text) or Fraction(0)
    return sort_key(Fraction(at * 10**digits // 1, 10**digits))


# --- precision ---


@fault("paging-precision", also="paging-complete", at="list_events", depth=5)
class CursorOfFourDigits(Deep):
    """The cursor of events keeps four digits of its fraction."""

    def edge_of(self, context: Context) -> str | None:
        cut = later(context) and meant(context, "list_events")
        return _cut(str(context.values["after"]), 4) if cut else super().edge_of(context)


@fault("paging-precision", also="paging-complete", at="list_event_deliveries", depth=5)
class CursorOfFiveDigits(Deep):
    """The cursor of deliveries keeps five digits of its fraction."""

    def edge_of(self, context: Context) -> str | None:
        cut = later(context) and meant(context, "list_event_deliveries")
        return _cut(str(context.values["after"]), 5) if cut else super().edge_of(context)


@fault(
    "paging-precision",
    also="paging-exclusive paging-complete",
    at="list_communication_jobs",
    depth=5,
)
class CursorThroughFloat(Deep):
    """The cursor of jobs is a binary number of seconds on its way, which misses the sixth digit by a little."""

    def edge_of(self, context: Context) -> str | None:
        if not later(context) or not meant(context, "list_communication_jobs"):
            return super().edge_of(context)
        return sort_key(Fraction(float(instant(str(context.values["after"])) or 0)))


@fault("paging-precision", also="paging-complete", at="list_workspaces", depth=5)
class LongFractionsCut(Deep):
    """A cursor of six digits is cut to three, one of three is kept."""

    def edge_of(self, context: Context) -> str | None:
        text = str(context.values.get("after", ""))
        long = meant(context, "list_workspaces") and re.search(r"\.[0-9]{4,}", text)
        return _cut(text, 3) if long else super().edge_of(context)


@fault("paging-exclusive", at="list_communication_attempts", depth=4)
class InclusiveForWholeSeconds(Deep):
    """A page of attempts begins with the item of its cursor, where that is a whole second."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        whole = later(context) and "." not in str(context.values["after"])
        if not whole or not meant(context, "list_communication_attempts"):
            return super().rows_of(context, limit)
        return self.rows_by(context, limit + 1, edge=self.edge_of(context), comparison="<=")


@fault(
    "paging-exclusive",
    also="paging-precision paging-complete paging-order",
    at="list_leads",
    depth=5,
)
class WholeSecondsRoundedUp(Deep):
    """A cursor of a whole second stands for the end of that second."""

    def edge_of(self, context: Context) -> str | None:
        text = str(context.values.get("after", ""))
        edge = super().edge_of(context)
        return (
            f"{edge}999999" if edge and "." not in text and meant(context, "list_leads") else edge
        )


@fault(
    "paging-precision",
    also="paging-exclusive paging-complete has-more-false",
    at="list_phone_numbers",
    depth=4,
)
class CursorComparedAsText(Deep):
    """Numbers are compared with the text of their cursor: a point sorts before a Z."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        if not later(context) or not meant(context, "list_phone_numbers"):
            return super().rows_of(context, limit)
        rows = self.rows_by(context, 1000)
        return [row for row in rows if row.position < str(context.values["after"])][: limit + 1]


# --- offsets ---


def _local(text: str) -> tuple[Fraction, int]:
    """A timestamp as if it were UTC, and the minutes of its offset."""
    found = re.search(r"([+-])([0-9]{2}):?([0-9]{2})$", text)
    if not found:
        return instant(text) or Fraction(0), 0
    minutes = int(found[1] + "1") * (int(found[2]) * 60 + int(found[3]))
    return (instant(text) or Fraction(0)) + 60 * minutes, minutes


@fault("paging-exclusive", also="paging-complete has-more-false", at="list_evals", depth=4)
class OffsetIgnored(Deep):
    """The offset of a cursor is ignored in the list of evals."""

    def edge_of(self, context: Context) -> str | None:
        edge = super().edge_of(context)
        return (
            sort_key(_local(str(context.values["after"]))[0])
            if edge and meant(context, "list_evals")
            else edge
        )


@fault("paging-complete", also="paging-exclusive has-more-false", depth=5)
class OffsetsOfTheWestTurnedEast(Deep):
    """An offset below zero is read without its sign."""

    def edge_of(self, context: Context) -> str | None:
        edge = super().edge_of(context)
        local, minutes = _local(str(context.values.get("after", "")))
        return sort_key(local + 60 * minutes) if edge and minutes < 0 else edge


@fault("paging-exclusive", also="paging-complete has-more-false paging-precision", depth=5)
class HalfHoursDropped(Deep):
    """The minutes of an offset are dropped."""

    def edge_of(self, context: Context) -> str | None:
        edge = super().edge_of(context)
        local, minutes = _local(str(context.values.get("after", "")))
        return (
            sort_key(local - 60 * (abs(minutes) // 60 * 60) * (1 if minutes > 0 else -1))
            if edge and minutes % 60
            else edge
        )


# --- positions ---


@fault("paging-complete", also="has-more-false paging-supported", at="list_webhooks", depth=4)
class CursorOfDeletedFindsNothing(Deep):
    """The page after a webhook that was deleted since is empty: the cursor is looked up."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        edge = self.edge_of(context) if later(context) else None
        gone = edge is not None and not self.store.taken(
            "webhook", self.tenant_of(context.identity), edge
        )
        return [] if gone and meant(context, "list_webhooks") else super().rows_of(context, limit)


@fault("paging-exclusive", also="paging-supported paging-complete", at="list_evals", depth=4)
class CursorOfDeletedStartsAnew(Deep):
    """The page after an eval that was deleted since is the first page."""

    def edge_of(self, context: Context) -> str | None:
        edge = super().edge_of(context)
        known = edge is None or self.store.taken("eval", self.tenant_of(context.identity), edge)
        return edge if known or not meant(context, "list_evals") else None


@fault("paging-exclusive", also="paging-complete", at="list_transcripts", depth=5)
class AncientCursorStartsAnew(Deep):
    """A cursor before the year 2000 is taken for none."""

    def edge_of(self, context: Context) -> str | None:
        ancient = (
            later(context)
            and str(context.values["after"]) < "2000"
            and meant(context, "list_transcripts")
        )
        return None if ancient else super().edge_of(context)


@fault("paging-complete", also="has-more-false", at="list_conversations", depth=5)
class FutureCursorFindsNothing(Deep):
    """A cursor after the newest conversation finds nothing, though the list runs from new to old."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        future = (
            later(context)
            and str(context.values["after"]) > "2100"
            and meant(context, "list_conversations")
        )
        return [] if future else super().rows_of(context, limit)


@fault(
    "paging-complete",
    also="has-more-false",
    at="list_evals list_webhooks list_workspaces list_agents",
    depth=5,
)
class InclusiveAndFirstDropped(Deep):
    """Two mistakes that hide each other: a page begins with the item of its cursor, and its first item is dropped."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        if not later(context) or not meant(
            context, "list_evals", "list_webhooks", "list_workspaces", "list_agents"
        ):
            return super().rows_of(context, limit)
        return self.rows_by(context, limit + 2, edge=self.edge_of(context), comparison="<=")[1:]


# --- order and repetition ---


@fault("paging-order", also="paging-exclusive paging-complete", at="list_messages", depth=4)
class LargePagesTurnedAround(Deep):
    """Pages of more than fifty messages run from old to new."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        turned = meant(context, "list_messages") and asked(context) > 50
        return super().render_page(context, items[::-1] if turned else items, more)


@fault(
    "paging-order",
    also="paging-exclusive paging-complete paging-supported has-more-false",
    at="list_events",
    depth=4,
)
class FilteredTurnedAround(Deep):
    """Events of one type run from old to new, while their cursor still goes the other way."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        if not meant(context, "list_events") or not narrowed(context, "event_type"):
            return super().rows_of(context, limit)
        return self.rows_by(context, limit + 1, edge=self.edge_of(context), order="ASC")


@fault("paging-exclusive", also="paging-complete", at="list_usage", depth=5)
class LastTwiceAtMaximum(Deep):
    """A page of a hundred entries of usage ends with the same one twice."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        full = meant(context, "list_usage") and len(items) == 100
        return super().render_page(
            context, [*items[:98], items[99], items[99]] if full else items, more
        )


@fault("paging-exclusive", at="list_workspaces", depth=4)
class NewestPinned(Deep):
    """Every later page of workspaces begins with the newest one, as if it were pinned."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        rows = super().rows_of(context, limit)
        if not later(context) or not meant(context, "list_workspaces") or not rows:
            return rows
        return [*self.rows_by(context, 1), *rows][: limit + 1]


@fault(
    "paging-exclusive", also="paging-complete has-more-false", at="list_event_deliveries", depth=4
)
class JoinedTwice(Deep):
    """Deliveries of one webhook stand twice, as after a join."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        twice = meant(context, "list_event_deliveries") and narrowed(context, "webhook_id")
        doubled = [one for item in items for one in (item, item)][: len(items)]
        return super().render_page(context, doubled if twice else items, more)


@fault("paging-exclusive", also="paging-supported", at="list_agent_versions", depth=4)
class DeepPagesRepeat(Deep):
    """Behind the two hundredth version a page begins with the two hundredth again."""

    def edge_of(self, context: Context) -> str | None:
        edge = super().edge_of(context)
        if edge is None or not meant(context, "list_agent_versions"):
            return edge
        known = self.store.page(
            Page("agent_version", self.list_tenant(context), 200, filters=self.filters_of(context))
        )
        return max(edge, known[-1].sort) if len(known) == 200 else edge


# --- losses at borders ---


@fault("paging-complete", depth=5)
class LostBehindAHundred(Deep):
    """The second page of a hundred leaves out its first item."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        rows = super().rows_of(context, limit + 1)
        return rows[1:] if later(context) and asked(context) == 100 else rows[: limit + 1]


@fault("paging-complete", at="list_numbers", depth=4)
class LostBetweenDefaultPages(Deep):
    """A next page without a limit leaves out its first number."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        rows = super().rows_of(context, limit + 1)
        lost = later(context) and not asked(context) and meant(context, "list_numbers")
        return rows[1:] if lost else rows[: limit + 1]


@fault("paging-complete", also="has-more-false", at="list_usage", depth=4)
class LastEntryNeverShown(Deep):
    """The oldest entry of usage is on no page of less than ten."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        rows = super().rows_of(context, limit)
        oldest = (
            self.rows_by(context, 1, order="ASC")
            if meant(context, "list_usage") and 0 < asked(context) < 10
            else []
        )
        return [row for row in rows if row not in oldest]


@fault("paging-complete", also="paging-precision", at="list_transcripts", depth=5)
class NeighboursTakenForTies(Deep):
    """Of two transcripts within a thousandth of a second a page of less than five shows one."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        rows = super().rows_of(context, 2 * limit + 2)
        if not meant(context, "list_transcripts") or not 0 < asked(context) < 5:
            return rows[: limit + 1]
        return list({row.sort.ljust(19, "0")[:16]: row for row in reversed(rows)}.values())[::-1][
            : limit + 1
        ]
