"""Faults of filters that a list does not keep."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from conformance.model import Parameter
from conformance.server.messages import Context
from conformance.server.store import Filter, Page, Row
from tests.faults.base import Faulty, fault, filtered_by, is_for, later_page, requested_limit
from tests.faults.shared import Filtered

WALKS = "walk filtered-walk"


# --- every filter ---


@fault("paging-filter-kept", also="business-filter")
class FilterIgnored(Faulty):
    """Lists ignore filters."""

    def filters_of(self, context: Context) -> tuple[Filter, ...]:
        return ()


@fault("paging-filter-kept", also="business-filter", depth=2)
class FilterOfFirstPageOnly(Faulty):
    """Later pages ignore filters."""

    def filters_of(self, context: Context) -> tuple[Filter, ...]:
        return () if later_page(context) else super().filters_of(context)


@fault("paging-filter-kept", depth=4)
class StatusOfFirstPageOnly(Faulty):
    """Later pages ignore the filter by status."""

    def filters_of(self, context: Context) -> tuple[Filter, ...]:
        return tuple(
            condition
            for condition in super().filters_of(context)
            if condition.member != "status" or not later_page(context)
        )


# --- single filters ---


@fault("paging-filter-kept", at="list_leads", depth=4)
class SourceDroppedWithCursor(Filtered):
    """Later pages of list_leads ignore the filter by source."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        dropped = later_page(context) and is_for(context, "list_leads")
        return tuple(
            condition for condition in filters if condition.member != "source" or not dropped
        )


@fault("paging-complete", also="has-more-false", at="list_leads", by="filtered-walk", depth=5)
class FirstOfSeveralWithCursor(Filtered):
    """Later pages of list_leads use only the first of several statuses."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        if not later_page(context) or not is_for(context, "list_leads"):
            return filters
        return tuple(map(_with_first_value, filters))


def _with_first_value(condition: Filter) -> Filter:
    value = condition.value
    return replace(condition, value=value[0]) if isinstance(value, list) else condition


@fault("paging-filter-kept", at="list_leads", depth=4)
class LowerBoundDroppedWithCursor(Filtered):
    """Later pages of list_leads ignore created_after."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        dropped = later_page(context) and is_for(context, "list_leads")
        return tuple(
            condition
            for condition in filters
            if condition.comparison != ">=" or condition.member or not dropped
        )


@fault("paging-filter-kept", also="paging-complete has-more-false", at="list_leads", depth=4)
class ScoreComparedAsText(Faulty):
    """list_leads compares scores as text."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        bound = context.values.get("score_gte")
        if bound is None or not is_for(context, "list_leads"):
            return super().rows_of(context, limit)
        others = tuple(
            condition for condition in self.filters_of(context) if condition.member != "score"
        )
        rows = self.rows_by(context, 1000, edge=self.edge_of(context), filters=others)
        return [row for row in rows if str(row.document["score"]) >= str(bound)][: limit + 1]


@fault("paging-filter-kept", also="paging-complete", at="list_leads", depth=4)
class BoundComparedAsText(Faulty):
    """list_leads compares created_before as text, whatever its zone."""

    def filter_of(self, parameter: Parameter, value: Any) -> Filter:
        if parameter.name == "created_before":
            return Filter("created_at", value, "<=")
        return super().filter_of(parameter, value)


@fault("paging-filter-kept", also="paging-complete has-more-false", at="list_leads", depth=4)
class UpdatedMeansCreated(Filtered):
    """list_leads compares the bounds of updated_at with created_at."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        return tuple(
            Filter("created_at", condition.value, condition.comparison)
            if condition.member == "updated_at"
            else condition
            for condition in filters
        )


@fault("paging-filter-kept", at="list_events", depth=4)
class SecondFilterIgnored(Filtered):
    """list_events ignores the second of two filters."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        return filters[:1] if is_for(context, "list_events") else filters


@fault("paging-filter-kept", at="list_event_deliveries", depth=5)
class SecondFilterDroppedWithCursor(Filtered):
    """Later pages of list_event_deliveries ignore the second of two filters."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        return (
            filters[:1]
            if is_for(context, "list_event_deliveries") and later_page(context)
            else filters
        )


@fault("paging-filter-kept", at="list_messages", depth=5)
class FilterDroppedForOne(Filtered):
    """list_messages ignores filters when the limit is 1."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        return () if is_for(context, "list_messages") and requested_limit(context) == 1 else filters


@fault("paging-filter-kept", at="list_communication_attempts", depth=4)
class FilterDroppedForLarge(Filtered):
    """list_communication_attempts ignores filters when the limit is above 50."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        return (
            ()
            if is_for(context, "list_communication_attempts") and requested_limit(context) > 50
            else filters
        )


@fault("paging-complete", at="list_leads", by="filtered-walk", depth=5)
class ScoreOnTheBoundLost(Faulty):
    """The filter score_gte of list_leads leaves out the leads with just that score."""

    def filter_of(self, parameter: Parameter, value: Any) -> Filter:
        condition = super().filter_of(parameter, value)
        return replace(condition, comparison=">") if parameter.name == "score_gte" else condition


# --- lists of one owner ---


@fault(
    "paging-filter-kept",
    also="paging-complete has-more-false business-filter",
    at="list_agent_versions",
    by=WALKS,
    depth=4,
)
class VersionsOfAllAgentsLater(Filtered):
    """Later pages of list_agent_versions show the versions of every agent."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        return () if is_for(context, "list_agent_versions") and later_page(context) else filters


@fault("paging-filter-kept", also="business-filter", at="list_eval_runs", by=WALKS, depth=4)
class RunsOfAllAgents(Filtered):
    """list_eval_runs shows the runs of every agent."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        return () if is_for(context, "list_eval_runs") else filters


@fault("paging-filter-kept", also="paging-complete", at="list_eval_runs", by=WALKS, depth=5)
class RunsOfAllAgentsInLargePages(Filtered):
    """list_eval_runs shows the runs of every agent when the limit is above 50."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        return (
            () if is_for(context, "list_eval_runs") and requested_limit(context) > 50 else filters
        )


@fault("paging-filter-kept", at="list_leads", by="filtered-walk", depth=4)
class AllForNoMatch(Filtered):
    """list_leads shows all leads where none has the e-mail address."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        sought = [each.value for each in filters if each.member == "email"]
        rows = self.store.page(Page("lead", None, 1_000))
        known = {row.document.get("email") for row in rows}
        return filters if known.issuperset(sought) else ()


# --- bounds ---


@fault("paging-filter-kept", at="list_leads", by="filtered-walk", depth=4)
class LowerBoundDroppedBesideUpper(Filtered):
    """list_leads ignores created_after if created_before is also given."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        both = {"created_after", "created_before"} <= context.values.keys()
        return tuple(each for each in filters if each.comparison != ">=" or not both)


@fault("paging-filter-kept", at="list_leads", by="filtered-walk", depth=4)
class ZeroIsNoBound(Filtered):
    """list_leads treats a bound of zero as absent."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        return tuple(each for each in filters if each.value != 0 or each.comparison == "=")


@fault("paging-filter-kept", at="list_calls", depth=4)
class FiltersLostBesideABusiness(Faulty):
    """list_calls ignores its filters when a business is named."""

    def filters_of(self, context: Context) -> tuple[Filter, ...]:
        if is_for(context, "list_calls") and filtered_by(context, "business_id"):
            return ()
        return super().filters_of(context)


@fault("paging-filter-kept", also="paging-exclusive", at="list_leads", depth=4)
class AddressLostOnLaterPages(Faulty):
    """list_leads ignores the filter for an e-mail address on later pages."""

    def filters_of(self, context: Context) -> tuple[Filter, ...]:
        filters = super().filters_of(context)
        if is_for(context, "list_leads") and later_page(context):
            return tuple(each for each in filters if each.member != "email")
        return filters
