"""Faults of the cursor: it is ignored, misread, or the next page repeats items."""

from __future__ import annotations

import re
from fractions import Fraction

from conformance.base.values import instant
from conformance.model import Operation
from conformance.server.messages import Context, Reply, Request
from conformance.server.moments import sort_key
from conformance.server.store import Page, Row
from tests.faults.base import Faulty, fault, faults_of, filtered_by, is_for, later_page
from tests.faults.shared import Filtered, InOneList, InRequests, Items, in_each_list, other_items

# --- cursors that do not work ---


def ignores_cursor(entry: InRequests) -> type[Faulty]:
    """The reference server, where some requests lose their cursor."""

    class IgnoresCursor(Faulty):
        def edge_of(self, context: Context) -> str | None:
            return None if entry.shows_in(context) else super().edge_of(context)

    return IgnoresCursor


IGNORED = {
    "Lists ignore the cursor.": InRequests(
        "cursor-ignored", breaks="paging-supported",
        also="paging-exclusive paging-order paging-complete has-more-true"),
    "list_communication_jobs ignores the cursor when two filters are given.": InRequests(
        "cursor-ignored-with-two-filters", given="channel status", breaks="paging-exclusive",
        also="paging-complete has-more-false", at="list_communication_jobs", depth=5),
    "list_transcripts ignores the cursor when days is given.": InRequests(
        "days-for-cursor", given="days", breaks="paging-exclusive",
        also="paging-supported paging-order", at="list_transcripts", by="walk-with-option",
        depth=5),
}  # fmt: skip

faults_of(ignores_cursor, __name__, IGNORED)


@fault("paging-supported", also="paging-filter-kept paging-samples status-200")
class CursorIsAnId(Faulty):
    """Lists reject a timestamp as the cursor and expect an id."""

    def parse_cursor(self, text: str) -> Fraction | None:
        return super().parse_cursor(text) if "-" in text and "T" not in text else None


@fault(
    "paging-supported", also="paging-exclusive paging-order paging-complete has-more-true", depth=2
)
class CursorOnlyInSession(Faulty):
    """Lists ignore the cursor unless the request carries the cookie of a session."""

    def all_headers(self, request: Request, reply: Reply, body: bytes) -> list[tuple[str, str]]:
        return [*super().all_headers(request, reply, body), ("Set-Cookie", "session=1; Path=/")]

    def edge_of(self, context: Context) -> str | None:
        edge = super().edge_of(context)
        return edge if context.request.header("cookie") else None


# --- pages that include the item of their cursor ---


@fault("paging-exclusive", also="paging-supported")
class InclusiveCursor(Faulty):
    """A page includes the item of its cursor."""

    def comparison(self, operation: Operation) -> str:
        return "<="


@fault("paging-exclusive", also="paging-supported", at="list_agents", depth=2)
class InclusiveCursorOfAgents(Faulty):
    """list_agents includes the item of the cursor."""

    def comparison(self, operation: Operation) -> str:
        return "<=" if operation.id == "list_agents" else "<"


@fault("paging-exclusive", also="paging-supported", depth=4)
class InclusiveForOthers(Faulty):
    """The cursor is inclusive for every business but the first one."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        tenant = self.tenant_of(context.identity)
        if tenant == self.main_tenant():
            return super().rows_of(context, limit)
        return self.rows_by(context, limit + 1, edge=self.edge_of(context), comparison="<=")


@fault("paging-exclusive", also="paging-supported", depth=4)
class InclusiveCursorWithFilter(Faulty):
    """Filtered lists include the item of the cursor."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        if not later_page(context) or not self.filters_of(context):
            return super().rows_of(context, limit)
        kind, edge = context.operation.kind or "", self.edge_of(context)
        return self.store.page(
            Page(
                kind,
                self.list_tenant(context),
                limit + 1,
                edge,
                "<=",
                "DESC",
                self.filters_of(context),
            )
        )


@fault("paging-exclusive", at="list_communication_attempts", depth=4)
class InclusiveForWholeSeconds(Faulty):
    """list_communication_attempts includes the item of a cursor without a fraction."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        whole = later_page(context) and "." not in str(context.values["after"])
        if not whole or not is_for(context, "list_communication_attempts"):
            return super().rows_of(context, limit)
        return self.rows_by(context, limit + 1, edge=self.edge_of(context), comparison="<=")


@fault("paging-exclusive", at="poll_call_completed", depth=4)
class PolledTwice(Faulty):
    """poll_call_completed includes the item of the cursor."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        if not later_page(context) or not is_for(context, "poll_call_completed"):
            return super().rows_of(context, limit)
        return self.rows_by(context, limit + 1, edge=self.edge_of(context), comparison="<=")


@in_each_list("paging-exclusive", also="paging-supported paging-filter-kept")
class Inclusive(InOneList):
    """A page includes the item of its cursor."""

    def comparison(self, operation: Operation) -> str:
        return "<=" if operation.id == self.here else super().comparison(operation)


# --- cursors that are misread ---


@fault(
    "paging-exclusive",
    also="paging-complete paging-supported paging-order paging-precision "
    "has-more-true has-more-false",
)
class CursorTheWrongWay(Faulty):
    """Later pages hold the items that are newer than the cursor."""

    def comparison(self, operation: Operation) -> str:
        return ">"


@fault(
    "paging-exclusive",
    also="paging-precision paging-complete paging-order",
    at="list_leads",
    depth=5,
)
class WholeSecondsRoundedUp(Faulty):
    """list_leads reads a cursor without a fraction as the end of that second."""

    def edge_of(self, context: Context) -> str | None:
        text = str(context.values.get("after", ""))
        edge = super().edge_of(context)
        return (
            f"{edge}999999" if edge and "." not in text and is_for(context, "list_leads") else edge
        )


def local_time(text: str) -> tuple[Fraction, int]:
    """A timestamp read as if it were UTC, and its offset in minutes."""
    offset = re.search(r"([+-])([0-9]{2}):?([0-9]{2})$", text)
    if not offset:
        return instant(text) or Fraction(0), 0
    minutes = int(offset[1] + "1") * (int(offset[2]) * 60 + int(offset[3]))
    return (instant(text) or Fraction(0)) + 60 * minutes, minutes


@fault("paging-exclusive", also="paging-complete has-more-false", at="list_evals", depth=4)
class OffsetIgnored(Faulty):
    """list_evals ignores the UTC offset of a cursor."""

    def edge_of(self, context: Context) -> str | None:
        edge = super().edge_of(context)
        return (
            sort_key(local_time(str(context.values["after"]))[0])
            if edge and is_for(context, "list_evals")
            else edge
        )


@fault("paging-complete", also="paging-exclusive has-more-false", depth=5)
class OffsetsOfTheWestTurnedEast(Faulty):
    """Lists ignore the minus sign in the UTC offset of a cursor."""

    def edge_of(self, context: Context) -> str | None:
        edge = super().edge_of(context)
        local, minutes = local_time(str(context.values.get("after", "")))
        return sort_key(local + 60 * minutes) if edge and minutes < 0 else edge


@fault("paging-exclusive", also="paging-complete has-more-false paging-precision", depth=5)
class HalfHoursDropped(Faulty):
    """Lists ignore the minutes in the UTC offset of a cursor."""

    def edge_of(self, context: Context) -> str | None:
        edge = super().edge_of(context)
        local, minutes = local_time(str(context.values.get("after", "")))
        return (
            sort_key(local - 60 * (abs(minutes) // 60 * 60) * (1 if minutes > 0 else -1))
            if edge and minutes % 60
            else edge
        )


@fault(
    "paging-exclusive",
    also="paging-supported paging-complete paging-precision",
    at="list_evals",
    depth=4,
)
class CursorOfDeletedStartsAnew(Faulty):
    """list_evals returns the first page when the eval of the cursor is gone."""

    def edge_of(self, context: Context) -> str | None:
        edge = super().edge_of(context)
        known = edge is None or self.store.is_taken("eval", self.tenant_of(context.identity), edge)
        return edge if known or not is_for(context, "list_evals") else None


@fault("paging-exclusive", also="paging-complete", at="list_transcripts", depth=5)
class AncientCursorStartsAnew(Faulty):
    """list_transcripts ignores a cursor before the year 2000."""

    def edge_of(self, context: Context) -> str | None:
        ancient = (
            later_page(context)
            and str(context.values["after"]) < "2000"
            and is_for(context, "list_transcripts")
        )
        return None if ancient else super().edge_of(context)


@fault(
    "paging-exclusive",
    also="paging-complete paging-filter-kept has-more-false",
    at="list_events",
    depth=5,
)
class CursorReplacesUpperBound(Filtered):
    """list_events starts at the later of the cursor and the filter to."""

    def edge_of(self, context: Context) -> str | None:
        edge = super().edge_of(context)
        if not edge or not is_for(context, "list_events") or not filtered_by(context, "to"):
            return edge
        bound = next(
            condition.value
            for condition in super().filters_of(context)
            if condition.comparison == "<="
        )
        return max(edge, str(bound))


# --- items that come twice ---


ITEMS = {
    "Pages run from newest to oldest, but the items of a page the other way.": Items(
        "page-turned-around", lambda items: items[::-1], breaks="paging-exclusive",
        also="paging-order paging-complete paging-supported has-more-false has-more-true"),
    "A page of 100 in list_usage ends with the same entry twice.": Items(
        "last-twice-at-maximum", lambda items: [*items[:98], items[99], items[99]], count=100,
        breaks="paging-exclusive", also="paging-complete", at="list_usage", depth=5),
    "list_event_deliveries filtered by webhook_id shows each delivery twice.": Items(
        "joined-twice",
        lambda items: [copy for item in items for copy in (item, item)][: len(items)],
        given="webhook_id", breaks="paging-exclusive", also="paging-complete has-more-false",
        at="list_event_deliveries", depth=4),
}  # fmt: skip

faults_of(other_items, __name__, ITEMS)


@fault("paging-exclusive", at="list_workspaces", depth=4)
class NewestPinned(Faulty):
    """Every later page of list_workspaces begins with the newest workspace."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        rows = super().rows_of(context, limit)
        if not later_page(context) or not is_for(context, "list_workspaces") or not rows:
            return rows
        return [*self.rows_by(context, 1), *rows][: limit + 1]


@fault("paging-exclusive", also="paging-supported", at="list_agent_versions", depth=4)
class DeepPagesRepeat(Faulty):
    """Past the 200th version, list_agent_versions repeats the same page."""

    def edge_of(self, context: Context) -> str | None:
        edge = super().edge_of(context)
        if edge is None or not is_for(context, "list_agent_versions"):
            return edge
        known = self.store.page(
            Page("agent_version", self.list_tenant(context), 200, filters=self.filters_of(context))
        )
        return max(edge, known[-1].sort) if len(known) == 200 else edge
