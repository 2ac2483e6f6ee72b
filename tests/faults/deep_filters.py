"""Deep faults of filters: with a cursor, with a limit, with each other; lists of one owner, and polled ones."""

from __future__ import annotations

from typing import Any

from conformance.model import Parameter
from conformance.server.messages import Context
from conformance.server.store import Filter, Row
from tests.faults.base import fault
from tests.faults.deep_places import Deep, asked, later, meant, narrowed

WALKS = "walk filtered-walk"


class Filtered(Deep):
    """The reference server with a handle for the filters that count."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        """The filters that are heeded."""
        return filters

    def filters_of(self, context: Context) -> tuple[Filter, ...]:
        return self.kept_filters(context, super().filters_of(context))


@fault("paging-filter-kept", at="list_leads", depth=4)
class SourceDroppedWithCursor(Filtered):
    """The filter of leads by source is dropped together with a cursor."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        dropped = later(context) and meant(context, "list_leads")
        return tuple(one for one in filters if one.member != "source" or not dropped)


@fault("paging-complete", also="has-more-false paging-filter-kept", at="list_leads", depth=4)
class FirstOfJoinedCounts(Deep):
    """Of several states of leads the first counts."""

    def filter_of(self, parameter: Parameter, value: Any) -> Filter:
        return super().filter_of(parameter, value.partition(",")[0] if parameter.joined else value)


@fault("paging-complete", also="has-more-false paging-filter-kept", at="list_leads", depth=5)
class LastOfJoinedCountsLater(Filtered):
    """Of several states of leads the last counts on a later page."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        if not later(context) or not meant(context, "list_leads"):
            return filters
        return tuple(
            Filter(f.member, f.value[-1:]) if isinstance(f.value, list) else f for f in filters
        )


@fault("paging-filter-kept", at="list_leads", depth=4)
class LowerBoundDroppedWithCursor(Filtered):
    """The bound created_after is dropped together with a cursor."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        dropped = later(context) and meant(context, "list_leads")
        return tuple(one for one in filters if one.comparison != ">=" or one.member or not dropped)


@fault(
    "paging-exclusive",
    also="paging-complete paging-filter-kept has-more-false",
    at="list_events",
    depth=5,
)
class CursorReplacesUpperBound(Filtered):
    """The bound ``to`` of events is taken for a cursor of its own, and the later of both counts."""

    def edge_of(self, context: Context) -> str | None:
        edge = super().edge_of(context)
        if not edge or not meant(context, "list_events") or not narrowed(context, "to"):
            return edge
        bound = next(one.value for one in super().filters_of(context) if one.comparison == "<=")
        return max(edge, str(bound))


@fault("paging-filter-kept", also="paging-complete has-more-false", at="list_leads", depth=4)
class ScoreComparedAsText(Deep):
    """The score of leads is compared with a bound as a text."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        bound = context.values.get("score_gte")
        if bound is None or not meant(context, "list_leads"):
            return super().rows_of(context, limit)
        others = tuple(one for one in self.filters_of(context) if one.member != "score")
        rows = self.rows_by(context, 1000, edge=self.edge_of(context), filters=others)
        return [row for row in rows if str(row.document["score"]) >= str(bound)][: limit + 1]


@fault("paging-filter-kept", also="paging-complete has-more-false", at="list_leads", depth=4)
class UpdatedMeansCreated(Filtered):
    """The bounds of updated_at count for created_at."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        return tuple(
            Filter("created_at", one.value, one.comparison) if one.member == "updated_at" else one
            for one in filters
        )


@fault("paging-filter-kept", at="list_events", depth=4)
class SecondFilterIgnored(Filtered):
    """Of two filters of events the first counts."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        return filters[:1] if meant(context, "list_events") else filters


@fault("paging-filter-kept", at="list_event_deliveries", depth=5)
class SecondFilterDroppedWithCursor(Filtered):
    """Of two filters of deliveries the first counts on a later page."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        return (
            filters[:1] if meant(context, "list_event_deliveries") and later(context) else filters
        )


@fault("paging-filter-kept", at="list_messages", depth=5)
class FilterDroppedForOne(Filtered):
    """A page of one message heeds no filter."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        return () if meant(context, "list_messages") and asked(context) == 1 else filters


@fault("paging-filter-kept", at="list_communication_attempts", depth=4)
class FilterDroppedForLarge(Filtered):
    """A large page of attempts heeds no filter by status."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        return (
            () if meant(context, "list_communication_attempts") and asked(context) > 50 else filters
        )


@fault("paging-complete", also="has-more-false", at="list_transcripts", depth=5)
class FilterWithinNewestHundred(Deep):
    """A filter of transcripts looks at the newest hundred only."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        rows = super().rows_of(context, limit)
        if not meant(context, "list_transcripts") or not self.filters_of(context):
            return rows
        newest = self.rows_by(context, 100, filters=())
        return [row for row in rows if row.sort >= newest[-1].sort] if newest else rows


@fault("paging-complete", also="has-more-false", at="list_calls", depth=5)
class FilterAfterLimitOnLaterPages(Deep):
    """A later page of calls is cut first and filtered then."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        if not later(context) or not self.filters_of(context) or not meant(context, "list_calls"):
            return super().rows_of(context, limit)
        wanted = {row.id for row in self.rows_by(context, 1000)}
        return [
            row
            for row in self.rows_by(context, limit + 1, edge=self.edge_of(context), filters=())
            if row.id in wanted
        ]


@fault(
    "paging-exclusive", also="paging-complete has-more-false", at="list_communication_jobs", depth=5
)
class CursorIgnoredWithTwoFilters(Deep):
    """The cursor of jobs is ignored together with two filters."""

    def edge_of(self, context: Context) -> str | None:
        both = meant(context, "list_communication_jobs") and narrowed(context, "channel", "status")
        return None if both else super().edge_of(context)


@fault("business-filter", at="list_evals", depth=4)
class UnknownAgentIsNoFilter(Filtered):
    """The filter of evals by an agent that the key cannot reach is ignored."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        if not meant(context, "list_evals"):
            return filters
        return tuple(
            one
            for one in filters
            if one.member != "agent_id" or self.find("agent", str(one.value), context)
        )


# --- lists of one owner ---


@fault(
    "paging-filter-kept",
    also="paging-complete has-more-false business-filter",
    at="list_agent_versions",
    by=WALKS,
    depth=4,
)
class VersionsOfAllAgentsLater(Filtered):
    """Later pages show the versions of every agent."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        return () if meant(context, "list_agent_versions") and later(context) else filters


@fault("paging-filter-kept", also="business-filter", at="list_eval_runs", by=WALKS, depth=4)
class RunsOfAllAgents(Filtered):
    """The runs of an agent are those of all agents."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        return () if meant(context, "list_eval_runs") else filters


@fault("paging-filter-kept", also="paging-complete", at="list_eval_runs", by=WALKS, depth=5)
class RunsOfAllAgentsInLargePages(Filtered):
    """The runs of an agent are those of all agents on a page of more than fifty."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        return () if meant(context, "list_eval_runs") and asked(context) > 50 else filters


# --- polled lists ---


@fault("has-more-present", at="poll_lead_created", by="walk", depth=4)
class PolledPageWithoutFlag(Deep):
    """A polled page of new leads has no flag where a limit is given."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        page = super().render_page(context, items, more)
        bare = meant(context, "poll_lead_created") and asked(context)
        return {name: value for name, value in page.items() if name != "has_more" or not bare}


@fault("paging-limit", at="poll_call_completed", by="walk", depth=4)
class PolledPageTooLong(Deep):
    """A polled page of calls has one item more than its limit, from the second on."""

    def limit_of(self, context: Context) -> int:
        return super().limit_of(context) + int(
            meant(context, "poll_call_completed") and later(context)
        )


@fault("paging-exclusive", at="poll_call_completed", depth=4)
class PolledTwice(Deep):
    """A later polled page of calls begins with the call of its cursor."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        if not later(context) or not meant(context, "poll_call_completed"):
            return super().rows_of(context, limit)
        return self.rows_by(context, limit + 1, edge=self.edge_of(context), comparison="<=")


@fault("paging-complete", at="poll_lead_created", depth=5)
class PolledPagesLoseOne(Deep):
    """A later polled page of more than five leads leaves out its second one."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        rows = super().rows_of(context, limit + 1)
        lost = later(context) and asked(context) > 5 and meant(context, "poll_lead_created")
        return rows[:1] + rows[2:] if lost else rows[: limit + 1]
