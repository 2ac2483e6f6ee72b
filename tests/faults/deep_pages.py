"""Deep faults of pages: the flag at every edge, empty pages, positions."""

from __future__ import annotations

from typing import Any

from conformance.server.messages import Context, Reply
from conformance.server.store import Row
from tests.faults.base import fault
from tests.faults.deep_places import Deep, asked, later, meant, narrowed

PAGES = "rows-of-two-businesses empty-list walk large-page"


class Flagged(Deep):
    """The reference server with a handle for the flag of a page."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        """What the flag says."""
        return more

    def left(self, context: Context, items: list[dict[str, Any]]) -> int:
        """How many items come after a page."""
        rows = self.rows_by(context, 2000)
        last = items[-1].get("id") if items else None
        place = next(
            (
                number
                for number, row in enumerate(rows, 1)
                if last in (row.id, row.document.get("id"))
            ),
            0,
        )
        return len(rows) - place

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        page = super().render_page(context, items, more)
        flag = self.flag(context, items, more)
        return {
            n: v
            for n, v in {**page, "has_more": flag}.items()
            if n != "has_more" or flag != "nothing"
        }


# --- the flag, where something is left ---


@fault("has-more-false", at="list_leads", by=PAGES, depth=5)
class NoMoreBeyondMaximum(Flagged):
    """A limit beyond the maximum is cut, and the flag still compares with what was asked for."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        return more and not (meant(context, "list_leads") and asked(context) > 100)


@fault("has-more-false", at="list_events", depth=5)
class NoMoreBeforeFullLastPage(Flagged):
    """The flag is false where exactly one full page of events is left."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        whole = meant(context, "list_events") and more and self.left(context, items) == len(items)
        return more and not whole


@fault("has-more-false", at="list_conversations", depth=4)
class NoMoreOnSecondDefaultPage(Flagged):
    """The flag of a next page of conversations is false where no limit is given."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        return more and not (
            meant(context, "list_conversations") and later(context) and not asked(context)
        )


@fault("has-more-false", at="list_webhooks", depth=4)
class TwoLeftAreNone(Flagged):
    """The flag is false where two webhooks are left."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        return more and not (meant(context, "list_webhooks") and self.left(context, items) == 2)


@fault("has-more-false", at="list_phone_numbers", depth=5)
class OneLeftByOnesIsNone(Flagged):
    """The flag is false where one number is left and the limit is 1."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        last = (
            meant(context, "list_phone_numbers")
            and asked(context) == 1
            and more
            and self.left_numbers(context, items) == 1
        )
        return more and not last

    def left_numbers(self, context: Context, items: list[dict[str, Any]]) -> int:
        """How many numbers come after a page."""
        rows = self.rows_by(context, 2000)
        return len(rows) - [row.id for row in rows].index(items[-1]["phone_number"]) - 1


@fault("has-more-false", at="list_messages", depth=4)
class NoMoreOnFilteredLaterPages(Flagged):
    """The flag of a later page of messages of one direction is false."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        return more and not (
            meant(context, "list_messages") and later(context) and narrowed(context, "direction")
        )


@fault("has-more-false", at="list_transcripts", depth=4)
class NoMoreAtMaximumOfTranscripts(Deep):
    """No more than a hundred transcripts are ever read, so that a page of the maximum says false."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        rows = super().rows_of(context, limit)
        return rows[:100] if meant(context, "list_transcripts") else rows


@fault("has-more-false", at="list_communication_runs", depth=5)
class NoMoreAtWholeSeconds(Flagged):
    """The flag is false where the last run of a page was made at a whole second."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        whole = (
            meant(context, "list_communication_runs")
            and items
            and "." not in items[-1]["created_at"]
        )
        return more and not (whole and 0 < asked(context) < 3)


@fault("has-more-false", at="list_communication_jobs", depth=5)
class TwoFiltersEnd(Flagged):
    """The flag of jobs with two filters is false."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        return more and not (
            meant(context, "list_communication_jobs") and narrowed(context, "channel", "status")
        )


# --- the flag, where nothing is left ---


@fault("has-more-true business-empty", at="list_workspaces", depth=4)
class MoreOfOthers(Deep):
    """The flag of workspaces counts those of other businesses."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        counted = meant(context, "list_workspaces") and len(
            self.rows_by(context, len(items) + 1, tenant=None)
        ) > len(items)
        return super().render_page(context, items, more or counted)


@fault("has-more-true", at="list_usage", depth=4)
class MorePastTheEnd(Flagged):
    """The flag of a page past the end of usage is true."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        return more or (meant(context, "list_usage") and not items and later(context))


@fault("has-more-true", at="list_leads", depth=5)
class MoreOfNothingFiltered(Flagged):
    """The flag of leads is true where a filter finds nothing at all."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        return more or (
            meant(context, "list_leads") and not items and bool(self.filters_of(context))
        )


@fault("has-more-true", at="list_calls", depth=5)
class MoreOfForeignAgents(Flagged):
    """The flag of calls by an agent that the key cannot reach is true, though the page is empty."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        return more or (
            meant(context, "list_calls") and not items and narrowed(context, "agent_id")
        )


# --- the flag itself ---


@fault("has-more-present", at="list_communication_attempts", by=PAGES, depth=4)
class NoFlagOnLaterPagesOfOne(Flagged):
    """A later page of one attempt has no flag."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        bare = (
            meant(context, "list_communication_attempts") and later(context) and asked(context) == 1
        )
        return "nothing" if bare else more


@fault("has-more-present", at="list_numbers", by=PAGES, depth=5)
class NullForFullLastPage(Flagged):
    """The flag is null where the last page of numbers is full."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        full = meant(context, "list_numbers") and not more and len(items) == asked(context) > 0
        return None if full else more


@fault("has-more-present", at="list_usage", by=PAGES, depth=4)
class NoFlagPastTheEnd(Flagged):
    """A page past the end of usage has no flag."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        return "nothing" if meant(context, "list_usage") and later(context) and not items else more


@fault("has-more-present", at="list_available_numbers", by=PAGES, depth=4)
class CountForMore(Flagged):
    """The flag of free numbers is how many are left, from the second page on."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        return int(more) if meant(context, "list_available_numbers") and later(context) else more


# --- the page itself ---


@fault(
    "list-items",
    also="success-members business-empty paging-filter-kept",
    at="list_events",
    by=PAGES,
    depth=4,
)
class NullPastTheEnd(Deep):
    """A page past the end of events has null for its items."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        page = super().render_page(context, items, more)
        null = meant(context, "list_events") and later(context) and not items
        return (
            {name: None if value == [] else value for name, value in page.items()} if null else page
        )


@fault("business-empty", at="list_communication_jobs", depth=4)
class EmptyWithLimitNotFound(Deep):
    """The jobs of a business without any are not found, where a limit is given."""

    def act_list(self, context: Context) -> Reply:
        reply = super().act_list(context)
        if meant(context, "list_communication_jobs") and asked(context) and not later(context):
            empty = not self.rows_by(context, 1, filters=())
            if empty:
                raise self.not_found(context.operation)
        return reply


@fault("paging-cursor-position", at="list_evals", by=PAGES, depth=5)
class LocalTimeInDeepPages(Deep):
    """Behind the first page the created_at of evals has no zone."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        if meant(context, "list_evals") and later(context):
            items = [{**item, "created_at": item["created_at"].rstrip("Z")} for item in items]
        return super().render_page(context, items, more)


@fault("paging-cursor-position", also="paging-supported", at="list_leads", by=PAGES, depth=5)
class NoPositionAtMaximum(Deep):
    """The last lead of a page of a hundred has no created_at."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        if meant(context, "list_leads") and len(items) == 100:
            items = [
                *items[:-1],
                {name: value for name, value in items[-1].items() if name != "created_at"},
            ]
        return super().render_page(context, items, more)
