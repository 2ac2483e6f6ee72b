"""Faults of filters that a list does not keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, replace
from functools import cached_property
from typing import Any

from conformance.model import Parameter
from conformance.server.messages import Context
from conformance.server.store import Filter, Page, Row
from tests.faults.base import Faulty, fault, faults_of, is_for, later_page
from tests.faults.shared import LARGE_LIMIT, LIMIT_OF_ONE, Filtered, InRequests

WALKS = "walk filtered-walk"


@dataclass(frozen=True)
class Dropped(InRequests):
    """Filters that are ignored: those by a member, or all but the first few."""

    _: KW_ONLY
    breaks: str = "paging-filter-kept"
    depth: int = 4
    member: str = ""
    kept: int = 0


def drops_filters(entry: Dropped) -> type[Faulty]:
    """The reference server, where some requests lose filters."""

    class DropsFilters(Filtered):
        def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
            if not entry.shows_in(context):
                return filters
            if entry.member:
                return tuple(each for each in filters if each.member != entry.member)
            return filters[: entry.kept]

    return DropsFilters


DROPPED = {
    "Lists ignore filters.": Dropped("filter-ignored", also="business-filter", depth=1),
    "Later pages ignore filters.": Dropped(
        "filter-of-first-page-only", later=True, also="business-filter", depth=2),
    "Later pages ignore the filter by status.": Dropped(
        "status-of-first-page-only", later=True, member="status"),
    "Later pages of list_leads ignore the filter by source.": Dropped(
        "source-dropped-with-cursor", later=True, member="source", at="list_leads"),
    "list_leads ignores the filter for an e-mail address on later pages.": Dropped(
        "address-lost-on-later-pages", later=True, member="email", also="paging-exclusive",
        at="list_leads"),
    "list_events ignores the second of two filters.": Dropped(
        "second-filter-ignored", kept=1, at="list_events"),
    "Later pages of list_event_deliveries ignore the second of two filters.": Dropped(
        "second-filter-dropped-with-cursor", later=True, kept=1, at="list_event_deliveries",
        depth=5),
    "list_messages ignores filters when the limit is 1.": Dropped(
        "filter-dropped-for-one", limits=LIMIT_OF_ONE, at="list_messages", depth=5),
    "list_communication_attempts ignores filters when the limit is above 50.": Dropped(
        "filter-dropped-for-large", limits=LARGE_LIMIT, at="list_communication_attempts"),
    "list_calls ignores its filters when a business is named.": Dropped(
        "filters-lost-beside-abusiness", given="business_id", at="list_calls"),
    "Later pages of list_agent_versions show the versions of every agent.": Dropped(
        "versions-of-all-agents-later", later=True,
        also="paging-complete has-more-false business-filter", at="list_agent_versions", by=WALKS),
    "list_eval_runs shows the runs of every agent.": Dropped(
        "runs-of-all-agents", also="business-filter", at="list_eval_runs", by=WALKS),
    "list_eval_runs shows the runs of every agent when the limit is above 50.": Dropped(
        "runs-of-all-agents-in-large-pages", limits=LARGE_LIMIT, also="paging-complete",
        at="list_eval_runs", by=WALKS, depth=5),
}  # fmt: skip

faults_of(drops_filters, __name__, DROPPED)


# --- single filters ---


@fault("paging-complete", also="has-more-false", at="list_leads", by="filtered-walk", depth=5)
class FirstOfSeveralWithCursor(Filtered):
    """Later pages of list_leads use only the first of several statuses."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        if not later_page(context) or not is_for(context, "list_leads"):
            return filters
        return tuple(_with_first_value(condition) for condition in filters)


@fault("paging-complete", also="has-more-false", at="list_leads", by="filtered-walk", depth=5)
class ThirdOfSeveralIgnored(Filtered):
    """list_leads uses only the first two of several statuses."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        if not is_for(context, "list_leads"):
            return filters
        return tuple(
            replace(each, value=each.value[:2]) if isinstance(each.value, list) else each
            for each in filters
        )


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


class ComparesAsText(Faulty):
    """The reference server, which compares one bound as text, whatever its zone."""

    textual, sign = "", ""

    def filter_of(self, parameter: Parameter, value: Any) -> Filter:
        if parameter.name == self.textual:
            return Filter("created_at", value, self.sign)
        return super().filter_of(parameter, value)


@fault("paging-filter-kept", also="paging-complete", at="list_leads", depth=4)
class BoundComparedAsText(ComparesAsText):
    """list_leads compares created_before as text, whatever its zone."""

    textual, sign = "created_before", "<="


@fault("paging-filter-kept", at="list_events", by="filtered-walk", depth=4)
class LowerBoundComparedAsText(ComparesAsText):
    """list_events compares the bound from as text, whatever its zone."""

    textual, sign = "from", ">="


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


@fault("paging-complete", at="list_leads", by="filtered-walk", depth=5)
class ScoreOnTheBoundLost(Faulty):
    """The filter score_gte of list_leads leaves out the leads with just that score."""

    def filter_of(self, parameter: Parameter, value: Any) -> Filter:
        condition = super().filter_of(parameter, value)
        return replace(condition, comparison=">") if parameter.name == "score_gte" else condition


@fault("paging-filter-kept", at="list_leads", by="filtered-walk", depth=4)
class AllForNoMatch(Filtered):
    """list_leads shows all leads if none has the e-mail address."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        sought = [each.value for each in filters if each.member == "email"]
        rows = self.store.page(Page("lead", None, 1_000))
        known = {row.document.get("email") for row in rows}
        return filters if known.issuperset(sought) else ()


@fault("paging-filter-kept", at="list_leads", by="filtered-walk", depth=5)
class EmailSoughtByPattern(Filtered):
    """The filter email of list_leads takes _ and % for any characters."""

    def filter_of(self, parameter: Parameter, value: Any) -> Filter:
        condition = super().filter_of(parameter, value)
        return replace(condition, comparison="LIKE") if parameter.name == "email" else condition


@fault("paging-filter-kept", at="list_leads update_lead", by="generated", depth=5)
class PlusInEmailIsSpace(Filtered):
    """The filter email of list_leads decodes its value twice, so a plus sign becomes a space."""

    def filter_of(self, parameter: Parameter, value: Any) -> Filter:
        condition = super().filter_of(parameter, value)
        if parameter.name != "email":
            return condition
        return replace(condition, value=str(value).replace("+", " "))


# --- bounds ---


@fault("paging-filter-kept", at="list_leads", by="filtered-walk", depth=4)
class LowerBoundDroppedBesideUpper(Filtered):
    """list_leads ignores created_after if created_before is also given."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        both = {"created_after", "created_before"} <= context.values.keys()
        return tuple(each for each in filters if each.comparison != ">=" or not both)


@fault("paging-filter-kept", at="list_leads", by="filtered-walk", depth=4)
class ZeroIsNoBound(Filtered):
    """list_leads ignores a bound of zero."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        return tuple(each for each in filters if each.value != 0 or each.comparison == "=")


class LeadIndex(Faulty):
    """list_leads filters by a member in an index, which may differ from that of the lead."""

    member = "status"

    @cached_property
    def indexed(self) -> dict[str, Any]:
        """The member of leads by id, where it differs from what they show."""
        return {}

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        wanted = context.values.get(self.member)
        if wanted is None or not is_for(context, "list_leads"):
            return super().rows_of(context, limit)
        others = tuple(
            condition for condition in self.filters_of(context) if condition.member != self.member
        )
        rows = self.rows_by(context, 1000, edge=self.edge_of(context), filters=others)
        words = wanted if isinstance(wanted, list) else str(wanted).split(",")
        values = {row.id: self.indexed.get(row.id, row.document.get(self.member)) for row in rows}
        return [row for row in rows if values[row.id] in words][: limit + 1]


@fault("paging-filter-kept", at="list_leads update_lead", by="update", depth=4)
class StatusOfTheCreation(LeadIndex):
    """list_leads filters by the status that a lead had when it was created."""

    def add(
        self, kind: str, tenant: str, document: Mapping[str, Any], identifier: str | None = None
    ) -> Row:
        row = super().add(kind, tenant, document, identifier)
        if kind == "lead":
            self.indexed[row.id] = row.document.get(self.member)
        return row


@fault("paging-filter-kept", at="list_leads update_lead", by="update", depth=5)
class PhoneOfTheCreation(StatusOfTheCreation):
    """list_leads filters by the phone number that a lead had when it was created."""

    member = "phone"
