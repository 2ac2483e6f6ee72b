"""Faults that lose items between the pages of a list."""

from __future__ import annotations

import sys
from dataclasses import KW_ONLY, dataclass
from typing import Any

from conformance.base.values import instant
from conformance.model import Operation, Parameter
from conformance.server.messages import Context, Reply
from conformance.server.moments import sort_key
from conformance.server.store import Filter, Page, Row
from tests.faults.base import Faulty, fault, faults_of, is_for, later_page, requested_limit
from tests.faults.shared import LIMIT_OF_ONE, NO_LIMIT, Filtered, InRequests

# --- cursors that skip items ---


@fault(
    "paging-complete",
    also="has-more-false paging-supported paging-precision paging-samples paging-exclusive "
    "status-no-5xx-for-mistakes",
    depth=2,
)
class CursorIsAnOffset(Faulty):
    """The first four digits of a cursor count the rows to skip."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        if not later_page(context):
            return super().rows_of(context, limit)
        kind, skip = context.operation.kind or "", int(str(context.values["after"])[:4])
        rows = self.store.page(
            Page(
                kind, self.list_tenant(context), skip + limit + 1, filters=self.filters_of(context)
            )
        )
        return rows[skip:]


@fault(
    "paging-complete",
    also="has-more-false paging-supported paging-precision",
    at="list_webhooks",
    depth=4,
)
class CursorOfDeletedFindsNothing(Faulty):
    """list_webhooks returns an empty page when the webhook of the cursor is gone."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        edge = self.edge_of(context) if later_page(context) else None
        gone = edge is not None and not self.store.is_taken(
            "webhook", self.tenant_of(context.identity), edge
        )
        return [] if gone and is_for(context, "list_webhooks") else super().rows_of(context, limit)


@fault("paging-complete", also="has-more-false", at="list_conversations", depth=5)
class FutureCursorFindsNothing(Faulty):
    """list_conversations returns an empty page for a cursor in the far future."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        future = (
            later_page(context)
            and str(context.values["after"]) > "2100"
            and is_for(context, "list_conversations")
        )
        return [] if future else super().rows_of(context, limit)


@fault(
    "paging-complete",
    also="paging-exclusive has-more-false has-more-true paging-order",
    at="list_workspaces",
    depth=5,
)
class ZonesIgnoredBothWays(Faulty):
    """Two faults: list_workspaces shows a wrong UTC offset, and ignores it in cursors."""

    def render_item(self, operation: Operation, row: Row) -> dict[str, object]:
        item = super().render_item(operation, row)
        if row.kind != "workspace":
            return item
        at = instant(row.position)
        return (
            {**item, "created_at": row.position.removesuffix("Z") + "+02:00"}
            if at is not None
            else item
        )

    def edge_of(self, context: Context) -> str | None:
        text = str(context.values.get("after") or "")
        if not is_for(context, "list_workspaces") or instant(text) is None:
            return super().edge_of(context)
        naive = instant(text[:19] + text[19:].rstrip("Z").partition("+")[0].partition("-")[0] + "Z")
        return super().edge_of(context) if naive is None else sort_key(naive)


@fault(
    "paging-complete",
    also="has-more-false paging-precision",
    at="list_evals list_webhooks list_workspaces list_agents",
    depth=5,
)
class InclusiveAndFirstDropped(Faulty):
    """Two faults: four lists include the item of the cursor, and drop the first item."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        if not later_page(context) or not is_for(
            context, "list_evals", "list_webhooks", "list_workspaces", "list_agents"
        ):
            return super().rows_of(context, limit)
        return self.rows_by(context, limit + 2, edge=self.edge_of(context), comparison="<=")[1:]


# --- items lost at a page boundary ---


@dataclass(frozen=True)
class Lost(InRequests):
    """The position on its page of the item that a page loses, from 0."""

    index: int
    _: KW_ONLY
    breaks: str = "paging-complete"


def loses_item(entry: Lost) -> type[Faulty]:
    """The reference server, where some pages lose an item."""

    class LosesItem(Faulty):
        def rows_of(self, context: Context, limit: int) -> list[Row]:
            if not entry.shows_in(context):
                return super().rows_of(context, limit)
            rows = super().rows_of(context, limit + 1)
            return rows[: entry.index] + rows[entry.index + 1 :]

    return LosesItem


LOST = {
    "Later pages lose their first item.": Lost(
        "next-item-skipped", 0, later=True, also="paging-precision", depth=2),
    "Pages lose their first item when the limit is 1.": Lost(
        "first-item-lost-by-one", 0, limits=LIMIT_OF_ONE, also="paging-precision", depth=4),
    "Later pages lose their first item when the limit is 100.": Lost(
        "lost-behind-ahundred", 0, later=True, limits=range(100, 101), depth=5),
    "Later pages of list_numbers lose their first item when no limit is given.": Lost(
        "lost-between-default-pages", 0, later=True, limits=NO_LIMIT, at="list_numbers", depth=4),
    "Later pages of poll_lead_created lose their second item when the limit is above 5.": Lost(
        "polled-pages-lose-one", 1, later=True, limits=range(6, sys.maxsize),
        at="poll_lead_created", depth=5),
}  # fmt: skip

faults_of(loses_item, __name__, LOST)


@fault("paging-complete", also="paging-precision", at="list_calls", depth=4)
class ItemLostDeepDown(Faulty):
    """Past the 100th call, pages lose their third item when the limit is 7."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        rows = super().rows_of(context, limit + 1)
        deep = self.store.page(Page("call", self.list_tenant(context), 101))
        if (
            context.operation.id == "list_calls"
            and limit == 7
            and len(deep) > 100
            and rows
            and rows[0].sort < deep[100].sort
        ):
            return rows[:2] + rows[3:]
        return rows[: limit + 1]


@fault("paging-complete", also="has-more-false", at="list_usage", depth=4)
class LastEntryNeverShown(Faulty):
    """list_usage loses its oldest entry when the limit is below 10."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        rows = super().rows_of(context, limit)
        oldest = (
            self.rows_by(context, 1, order="ASC")
            if is_for(context, "list_usage") and 0 < requested_limit(context) < 10
            else []
        )
        return [row for row in rows if row not in oldest]


@fault("paging-complete", also="paging-precision", at="list_transcripts", depth=5)
class NeighboursTakenForTies(Faulty):
    """list_transcripts loses one of two close neighbours when the limit is below 5."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        rows = super().rows_of(context, 2 * limit + 2)
        if not is_for(context, "list_transcripts") or not 0 < requested_limit(context) < 5:
            return rows[: limit + 1]
        return list({row.sort.ljust(19, "0")[:16]: row for row in reversed(rows)}.values())[::-1][
            : limit + 1
        ]


@fault(
    "paging-complete",
    also="paging-precision",
    at="list_agents list_webhooks list_evals",
    by="mixed-walk",
    depth=5,
)
class ChangeShiftsPages(Faulty):
    """After an update, the next later page of three lists loses its first item."""

    shifted = False

    def act_update(self, context: Context) -> Reply:
        self.shifted = True
        return super().act_update(context)

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        if not (
            self.shifted
            and later_page(context)
            and is_for(context, "list_agents", "list_webhooks", "list_evals")
        ):
            return super().rows_of(context, limit)
        self.shifted = False
        return super().rows_of(context, limit + 1)[1:]


@fault(
    "paging-complete",
    also="paging-exclusive paging-order paging-supported has-more-false",
    at="list_numbers",
    depth=5,
)
class AskedAgainGoesOn(Faulty):
    """list_numbers loses its first item when the same request is repeated."""

    latest = ""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        rows = super().rows_of(context, limit)
        if not is_for(context, "list_numbers") or later_page(context):
            return rows
        again, self.latest = self.latest == context.request.query_text, context.request.query_text
        return rows[1:] if again else rows


# --- items lost to a filter ---


@fault("paging-complete", also="has-more-false paging-filter-kept", at="list_leads", depth=4)
class FirstOfJoinedCounts(Faulty):
    """list_leads uses only the first of several joined filter values."""

    def filter_of(self, parameter: Parameter, value: Any) -> Filter:
        return super().filter_of(parameter, value.partition(",")[0] if parameter.joined else value)


@fault("paging-complete", also="has-more-false paging-filter-kept", at="list_leads", depth=5)
class LastOfJoinedCountsLater(Filtered):
    """Later pages of list_leads use only the last of several joined filter values."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        if not later_page(context) or not is_for(context, "list_leads"):
            return filters
        return tuple(
            Filter(f.member, f.value[-1:]) if isinstance(f.value, list) else f for f in filters
        )


@fault("paging-complete", also="has-more-false", at="list_transcripts", depth=5)
class FilterWithinNewestHundred(Faulty):
    """list_transcripts filters only its newest 100 items."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        rows = super().rows_of(context, limit)
        if not is_for(context, "list_transcripts") or not self.filters_of(context):
            return rows
        newest = self.rows_by(context, 100, filters=())
        return [row for row in rows if row.sort >= newest[-1].sort] if newest else rows


@fault("paging-complete", also="has-more-false", at="list_calls", depth=5)
class FilterAfterLimitOnLaterPages(Faulty):
    """Later pages of list_calls apply the limit before the filter."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        if (
            not later_page(context)
            or not self.filters_of(context)
            or not is_for(context, "list_calls")
        ):
            return super().rows_of(context, limit)
        wanted = {row.id for row in self.rows_by(context, 1000)}
        return [
            row
            for row in self.rows_by(context, limit + 1, edge=self.edge_of(context), filters=())
            if row.id in wanted
        ]


@fault("paging-complete", also="has-more-false", at="list_calls", by="filtered-walk", depth=4)
class UsualStateShowsNothing(Faulty):
    """list_calls finds nothing for the status completed."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        usual = is_for(context, "list_calls") and context.values.get("status") == "completed"
        return [] if usual else super().rows_of(context, limit)
