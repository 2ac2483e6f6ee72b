"""Faults of ``has_more``: it is false while items are left, or true when none are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conformance.server.messages import Context
from conformance.server.store import Page, Row
from tests.faults.base import LISTS, Faulty, fault, filtered_by, is_for, later_page, requested_limit
from tests.faults.shared import Flagged

# --- false while items are left ---


@fault("has-more-false", also="changed-resource")
class NeverMore(Faulty):
    """has_more is always false."""

    def has_more(self, rows: Sequence[Row], limit: int) -> bool:
        return False


@fault("has-more-false", depth=4)
class NeverMoreWithFilter(Faulty):
    """has_more is false when a list is filtered by agent_id."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        return super().render_page(context, items, more and "agent_id" not in context.values)


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


@fault("has-more-false", at="list_leads", by=LISTS, depth=5)
class NoMoreBeyondMaximum(Flagged):
    """has_more of list_leads is false when the limit is above 100."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        return more and not (is_for(context, "list_leads") and requested_limit(context) > 100)


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


@fault("has-more-false", at="list_calls", by="printed-sample", depth=5)
class NoneAfterTwentyFive(Faulty):
    """has_more of list_calls is false when the limit is 25."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        return super().render_page(
            context,
            items,
            more and not (is_for(context, "list_calls") and requested_limit(context) == 25),
        )


@fault("has-more-false", at="list_events", depth=5)
class NoMoreBeforeFullLastPage(Flagged):
    """has_more of list_events is false when exactly one full page is left."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        whole = is_for(context, "list_events") and more and self.left(context, items) == len(items)
        return more and not whole


@fault("has-more-false", at="list_conversations", depth=4)
class NoMoreOnSecondDefaultPage(Flagged):
    """has_more of later pages of list_conversations is false when no limit is given."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        return more and not (
            is_for(context, "list_conversations")
            and later_page(context)
            and not requested_limit(context)
        )


@fault("has-more-false", at="list_messages", depth=4)
class NoMoreOnFilteredLaterPages(Flagged):
    """has_more of later pages of list_messages filtered by direction is false."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        return more and not (
            is_for(context, "list_messages")
            and later_page(context)
            and filtered_by(context, "direction")
        )


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


@fault("has-more-false", at="list_communication_jobs", depth=5)
class TwoFiltersEnd(Flagged):
    """has_more of list_communication_jobs is false when two filters are given."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        return more and not (
            is_for(context, "list_communication_jobs") and filtered_by(context, "channel", "status")
        )


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


@fault("has-more-true business-empty")
class AlwaysMore(Faulty):
    """has_more is always true."""

    def has_more(self, rows: Sequence[Row], limit: int) -> bool:
        return True


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


@fault("has-more-true", at="list_usage", depth=4)
class MorePastTheEnd(Flagged):
    """has_more of list_usage is true on a page past the end."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        return more or (is_for(context, "list_usage") and not items and later_page(context))


@fault("has-more-true", also="business-empty", at="list_leads", depth=5)
class MoreOfNothingFiltered(Flagged):
    """has_more of list_leads is true when the filters match nothing."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        return more or (
            is_for(context, "list_leads") and not items and bool(self.filters_of(context))
        )


@fault("has-more-true", at="list_calls", depth=5)
class MoreOfForeignAgents(Flagged):
    """has_more of list_calls is true when agent_id matches nothing."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        return more or (
            is_for(context, "list_calls") and not items and filtered_by(context, "agent_id")
        )


@fault("has-more-true", at="list_communication_attempts", by="filtered-walk", depth=4)
class MoreThanThePageWithFilter(Faulty):
    """list_communication_attempts compares the limit with all that pass the filter."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        if is_for(context, "list_communication_attempts") and "sequence_id" in context.values:
            more = True
        return super().render_page(context, items, more)
