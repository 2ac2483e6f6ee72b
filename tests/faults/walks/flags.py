"""Faults of ``has_more``: it is false while items are left, or true when none are."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from conformance.server.messages import Context
from conformance.server.store import Page, Row
from tests.faults.base import LISTS, Faulty, fault, faults_of, is_for, later_page, requested_limit
from tests.faults.shared import NO_LIMIT, Flag, Flagged, other_flag

FLAGS = {
    "has_more is always false.": Flag(
        "never-more", lambda more: False, breaks="has-more-false", also="changed-resource"),
    "has_more is false when a list is filtered by agent_id.": Flag(
        "never-more-with-filter", lambda more: False, given="agent_id", breaks="has-more-false",
        depth=4),
    "has_more of list_leads is false when the limit is above 100.": Flag(
        "no-more-beyond-maximum", lambda more: False, limits=range(101, sys.maxsize),
        breaks="has-more-false", at="list_leads", by=LISTS, depth=5),
    "has_more of list_calls is false when the limit is 25.": Flag(
        "none-after-twenty-five", lambda more: False, limits=range(25, 26), breaks="has-more-false",
        at="list_calls", by="printed-sample", depth=5),
    "has_more of later pages of list_conversations is false when no limit is given.": Flag(
        "no-more-on-second-default-page", lambda more: False, later=True, limits=NO_LIMIT,
        breaks="has-more-false", at="list_conversations", depth=4),
    "has_more of later pages of list_messages filtered by direction is false.": Flag(
        "no-more-on-filtered-later-pages", lambda more: False, later=True, given="direction",
        breaks="has-more-false", at="list_messages", depth=4),
    "has_more of list_communication_jobs is false when two filters are given.": Flag(
        "two-filters-end", lambda more: False, given="channel status", breaks="has-more-false",
        at="list_communication_jobs", depth=5),
    "has_more is always true.": Flag(
        "always-more", lambda more: True, breaks="has-more-true business-empty"),
    "has_more of list_usage is true on a page past the end.": Flag(
        "more-past-the-end", lambda more: True, later=True, empty=True, breaks="has-more-true",
        at="list_usage", depth=4),
    "has_more of list_calls is true when agent_id matches nothing.": Flag(
        "more-of-foreign-agents", lambda more: True, given="agent_id", empty=True,
        breaks="has-more-true", at="list_calls", depth=5),
    "has_more of list_communication_attempts is true when filtered by sequence_id.": Flag(
        "more-than-the-page-with-filter", lambda more: True, given="sequence_id",
        breaks="has-more-true", at="list_communication_attempts", by="filtered-walk", depth=4),
}  # fmt: skip

faults_of(other_flag, __name__, FLAGS)


# --- false while items are left ---


@fault("has-more-false", depth=4)
class OneLeftIsNone(Faulty):
    """has_more is false when exactly one item is left."""

    def look_ahead(self, limit: int) -> int:
        return limit + 2

    def has_more(self, rows: Sequence[Row], limit: int) -> bool:
        return len(rows) > limit + 1


@fault("has-more-false", at="list_webhooks", depth=4)
class TwoLeftAreNone(Flagged):
    """has_more of list_webhooks is false when exactly two items are left."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        return more and not (is_for(context, "list_webhooks") and self.left(context, items) == 2)


@fault("has-more-false", at="list_phone_numbers", depth=5)
class OneLeftByOnesIsNone(Flagged):
    """has_more of list_phone_numbers is false when one item is left and the limit is 1."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        last = (
            is_for(context, "list_phone_numbers")
            and requested_limit(context) == 1
            and more
            and self.left_numbers(context, items) == 1
        )
        return more and not last

    def left_numbers(self, context: Context, items: list[dict[str, Any]]) -> int:
        """How many numbers come after a page."""
        rows = self.rows_by(context, 2000)
        return len(rows) - [row.id for row in rows].index(items[-1]["phone_number"]) - 1


@fault("has-more-false", depth=4)
class NoMoreForOthers(Faulty):
    """has_more is false for every business but the first one."""

    def has_more(self, rows: Sequence[Row], limit: int) -> bool:
        return super().has_more(rows, limit) and rows[0].tenant == self.main_tenant()


@fault("has-more-false", also="has-more-true", at="list_evals", depth=5)
class TwoAheadTwoWanted(Faulty):
    """Two faults: list_evals reads two rows ahead, and sets has_more only if it finds both."""

    def look_ahead(self, limit: int) -> int:
        return limit + 2

    def has_more(self, rows: Sequence[Row], limit: int) -> bool:
        return len(rows) > limit + 1

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        if is_for(context, "list_evals"):
            return super().rows_of(context, limit)
        rows = super().rows_of(context, limit)
        return rows if len(rows) != limit + 1 else [*rows, rows[-1]]


@fault("has-more-false", depth=4)
class NoMoreAtMaximum(Faulty):
    """Lists never read more than 100 rows, so has_more is false at limit 100."""

    def look_ahead(self, limit: int) -> int:
        return min(limit + 1, 100)


@fault("has-more-false", at="list_transcripts", depth=4)
class NoMoreAtMaximumOfTranscripts(Faulty):
    """list_transcripts never reads more than 100 rows, so has_more is false at limit 100."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        rows = super().rows_of(context, limit)
        return rows[:100] if is_for(context, "list_transcripts") else rows


@fault("has-more-false", depth=4)
class NoMoreAfterPagesOfOne(Faulty):
    """has_more of a first page is false when the limit is 1."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        return super().render_page(
            context,
            items,
            more and (later_page(context) or str(context.values.get("limit")) != "1"),
        )


@fault("has-more-false", at="list_events", depth=5)
class NoMoreBeforeFullLastPage(Flagged):
    """has_more of list_events is false when exactly one full page is left."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        whole = is_for(context, "list_events") and more and self.left(context, items) == len(items)
        return more and not whole


@fault("has-more-false", at="list_communication_runs", depth=5)
class NoMoreAtWholeSeconds(Flagged):
    """has_more of short pages of list_communication_runs is false after a whole second."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        whole = (
            is_for(context, "list_communication_runs")
            and items
            and "." not in items[-1]["created_at"]
        )
        return more and not (whole and 0 < requested_limit(context) < 3)


@fault("has-more-false", also="paging-complete", depth=4)
class FilterAfterLimit(Faulty):
    """Lists apply the limit before the filter, so has_more misses later matches."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        filters = {condition.member: condition.value for condition in self.filters_of(context)}
        if not filters:
            return super().rows_of(context, limit)
        kind = context.operation.kind or ""
        rows = self.store.page(
            Page(kind, self.list_tenant(context), limit + 1, self.edge_of(context))
        )
        return [
            row
            for row in rows
            if all(row.document.get(name) == value for name, value in filters.items())
        ]


# --- true when no items are left ---


@fault("has-more-true", depth=2)
class MoreByTotal(Faulty):
    """has_more compares the page with the whole list, wherever the page begins."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        page = Page(
            context.operation.kind or "",
            self.list_tenant(context),
            10_000,
            filters=self.filters_of(context),
        )
        return super().render_page(context, items, len(self.store.page(page)) > len(items))


@fault("has-more-true", depth=4)
class MoreWithoutFilter(Faulty):
    """has_more of a filtered list ignores the filter."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        page = Page(
            context.operation.kind or "", self.list_tenant(context), 1, self.edge_of(context)
        )
        left = bool(self.filters_of(context)) and bool(self.store.page(page))
        return super().render_page(context, items, more or left)


@fault("has-more-true business-empty", at="list_workspaces", depth=4)
class MoreOfOthers(Faulty):
    """has_more of list_workspaces counts the workspaces of other businesses."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        counted = is_for(context, "list_workspaces") and len(
            self.rows_by(context, len(items) + 1, tenant=None)
        ) > len(items)
        return super().render_page(context, items, more or counted)


@fault("has-more-true", also="business-empty", at="list_leads", depth=5)
class MoreOfNothingFiltered(Flagged):
    """has_more of list_leads is true when the filters match nothing."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        return more or (
            is_for(context, "list_leads") and not items and bool(self.filters_of(context))
        )
