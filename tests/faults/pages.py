"""Faults of a single page: its limit, its items, its flag, its positions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from conformance.model import Operation
from conformance.server.messages import Context, Reply
from conformance.server.store import Row
from tests.faults.base import LISTS, Faulty, fault, filtered_by, is_for, later_page, requested_limit
from tests.faults.shared import LEFT_OUT, Flagged, InOneList, in_each_list

# --- the limit ---


@fault("paging-limit", by=LISTS)
class OneTooMany(Faulty):
    """A page holds one item more than its limit."""

    def cap_limit(self, operation: Operation, limit: int) -> int:
        return min(limit + 1, self.maximum(operation))


@fault("paging-limit", also="paging-complete", by=LISTS, depth=2)
class LimitOfFirstPageOnly(Faulty):
    """Later pages ignore the limit."""

    def limit_of(self, context: Context) -> int:
        return (
            self.default_limit(context.operation)
            if later_page(context)
            else super().limit_of(context)
        )


@fault("paging-limit", at="list_agents", by=LISTS, depth=2)
class LimitIgnoredByAgents(Faulty):
    """list_agents ignores the limit."""

    def limit_of(self, context: Context) -> int:
        return 20 if context.operation.id == "list_agents" else super().limit_of(context)


@fault("paging-limit", by=f"{LISTS} filtered-walk", depth=4)
class LimitIgnoredWithFilter(Faulty):
    """Filtered lists ignore the limit."""

    def limit_of(self, context: Context) -> int:
        return 20 if self.filters_of(context) else super().limit_of(context)


@fault("paging-limit", at="list_evals", by=LISTS, depth=4)
class LimitOfOneIsNone(Faulty):
    """list_evals ignores a limit of 1."""

    def limit_of(self, context: Context) -> int:
        none = is_for(context, "list_evals") and requested_limit(context) == 1
        return self.default_limit(context.operation) if none else super().limit_of(context)


@fault("paging-limit paging-limit-maximum", at="list_transcripts", by=LISTS, depth=5)
class OneMoreAtMaximum(Faulty):
    """list_transcripts returns one item too many at the maximum limit."""

    def cap_limit(self, operation: Operation, limit: int) -> int:
        capped = super().cap_limit(operation, limit)
        return capped + 1 if operation.id == "list_transcripts" and limit == 100 else capped


@fault("paging-limit", at="list_webhooks", by=LISTS, depth=4)
class LaterPagesInFives(Faulty):
    """Later pages of list_webhooks round the limit up to a multiple of five."""

    def limit_of(self, context: Context) -> int:
        limit = super().limit_of(context)
        return (
            -(-limit // 5) * 5
            if later_page(context) and is_for(context, "list_webhooks")
            else limit
        )


@fault("paging-limit", at="list_event_deliveries", by=f"{LISTS} filtered-walk", depth=5)
class LimitCountsBeforeJoin(Faulty):
    """Later pages of list_event_deliveries filtered by event_id hold twice the limit."""

    def limit_of(self, context: Context) -> int:
        limit = super().limit_of(context)
        joined = (
            later_page(context)
            and filtered_by(context, "event_id")
            and is_for(context, "list_event_deliveries")
        )
        return 2 * limit if joined else limit


@fault("paging-limit", at="list_eval_runs", by=LISTS, depth=4)
class LimitOnlyBelowDefault(Faulty):
    """Later pages of list_eval_runs raise a limit below 5 to 5."""

    def limit_of(self, context: Context) -> int:
        limit = super().limit_of(context)
        return max(limit, 5) if later_page(context) and is_for(context, "list_eval_runs") else limit


@fault("paging-limit", at="poll_call_completed", by="walk", depth=4)
class PolledPageTooLong(Faulty):
    """Later pages of poll_call_completed hold one item more than the limit."""

    def limit_of(self, context: Context) -> int:
        return super().limit_of(context) + int(
            is_for(context, "poll_call_completed") and later_page(context)
        )


# --- the maximum ---


@fault("paging-limit-maximum", by="large-page", depth=2)
class NoMaximum(Faulty):
    """A page holds as many items as the request asks for."""

    def cap_limit(self, operation: Operation, limit: int) -> int:
        return limit


@fault("paging-limit-maximum", by="large-page", depth=4)
class NoMaximumFarAbove(Faulty):
    """Limits of 1,000 or more are not capped."""

    def cap_limit(self, operation: Operation, limit: int) -> int:
        return limit if limit >= 1000 else super().cap_limit(operation, limit)


@fault("paging-limit-maximum", at="list_events", by=LISTS, depth=5)
class OneMoreBeyondMaximum(Faulty):
    """list_events caps a limit above 100 at 101."""

    def cap_limit(self, operation: Operation, limit: int) -> int:
        beyond = operation.id == "list_events" and limit > 100
        return 101 if beyond else super().cap_limit(operation, limit)


@fault("paging-samples", also="paging-supported", at="list_calls", depth=2)
class SampleRefused(Faulty):
    """list_calls rejects limits from 21 to 99, including the documented one."""

    def cap_limit(self, operation: Operation, limit: int) -> int:
        if operation.id == "list_calls" and 20 < limit < 100:
            raise self.bad_limit(operation)
        return super().cap_limit(operation, limit)


# --- the flag ---


@fault("has-more-present", at="list_agents", by=LISTS)
class NoFlagForAgents(Faulty):
    """list_agents omits has_more."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        page = super().render_page(context, items, more)
        return {"agents": items} if context.operation.id == "list_agents" else page


@fault("has-more-present", by=LISTS, depth=2)
class NoFlagOnLastPage(Faulty):
    """The last page omits has_more."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        page = super().render_page(context, items, more)
        return page if more else {k: v for k, v in page.items() if k != "has_more"}


@fault("has-more-present", by=LISTS, depth=2)
class NoFlagOnEmptyPage(Faulty):
    """An empty page omits has_more."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        page = super().render_page(context, items, more)
        return page if items else {k: v for k, v in page.items() if k != "has_more"}


@in_each_list("has-more-present")
class NoFlag(InOneList):
    """has_more is missing."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        page = super().render_page(context, items, more)
        return {
            n: v for n, v in page.items() if n != "has_more" or context.operation.id != self.here
        }


@fault("has-more-present", by=LISTS, depth=2)
class FlagAsText(Faulty):
    """has_more is a string."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        return {**super().render_page(context, items, more), "has_more": str(more).lower()}


@fault("has-more-present", by=LISTS, depth=3)
class FlagAsNumber(Faulty):
    """has_more is 1 or 0."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        return {**super().render_page(context, items, more), "has_more": int(more)}


@fault("has-more-present", at="poll_lead_created", by="walk", depth=4)
class PolledPageWithoutFlag(Faulty):
    """poll_lead_created omits has_more when a limit is given."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        page = super().render_page(context, items, more)
        bare = is_for(context, "poll_lead_created") and requested_limit(context)
        return {name: value for name, value in page.items() if name != "has_more" or not bare}


@fault("has-more-present", at="list_communication_attempts", by=LISTS, depth=4)
class NoFlagOnLaterPagesOfOne(Flagged):
    """Later pages of list_communication_attempts omit has_more when the limit is 1."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        bare = (
            is_for(context, "list_communication_attempts")
            and later_page(context)
            and requested_limit(context) == 1
        )
        return LEFT_OUT if bare else more


@fault("has-more-present", at="list_numbers", by=LISTS, depth=5)
class NullForFullLastPage(Flagged):
    """has_more of list_numbers is null when the last page is full."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        full = (
            is_for(context, "list_numbers")
            and not more
            and len(items) == requested_limit(context) > 0
        )
        return None if full else more


@fault("has-more-present", at="list_usage", by=LISTS, depth=4)
class NoFlagPastTheEnd(Flagged):
    """list_usage omits has_more on a page past the end."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        return (
            LEFT_OUT
            if is_for(context, "list_usage") and later_page(context) and not items
            else more
        )


@fault("has-more-present", at="list_available_numbers", by=LISTS, depth=4)
class CountForMore(Flagged):
    """Later pages of list_available_numbers have 1 or 0 as has_more."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        return (
            int(more) if is_for(context, "list_available_numbers") and later_page(context) else more
        )


# --- the items ---


@fault("list-items has-more-present", also="success-members", at="list_agents", by=LISTS)
class BareArray(Faulty):
    """list_agents returns a bare array."""

    def act_list(self, context: Context) -> Reply:
        reply = super().act_list(context)
        return (
            Reply(reply.status, reply.body["agents"])
            if context.operation.id == "list_agents"
            else reply
        )


@fault("list-items", also="success-members business-empty", by=LISTS, depth=3)
class NullForNoItems(Faulty):
    """An empty page has null in place of its items."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        page = super().render_page(context, items, more)
        return page if items else {k: None if v == [] else v for k, v in page.items()}


@fault(
    "list-items",
    also="success-members business-empty paging-filter-kept",
    at="list_events",
    by=LISTS,
    depth=4,
)
class NullPastTheEnd(Faulty):
    """list_events has null in place of its items on a page past the end."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        page = super().render_page(context, items, more)
        null = is_for(context, "list_events") and later_page(context) and not items
        return (
            {name: None if value == [] else value for name, value in page.items()} if null else page
        )


# --- positions ---


@fault("paging-cursor-position", by=LISTS, depth=2)
class LastItemWithoutPosition(Faulty):
    """The last item of every page has no created_at."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        bare = [{k: v for k, v in item.items() if k != "created_at"} for item in items[-1:]]
        return super().render_page(context, items[:-1] + bare, more)


@fault(
    "paging-cursor-position",
    also="paging-supported paging-filter-kept paging-samples status-200",
    by=LISTS,
    depth=2,
)
class PositionForPeople(Faulty):
    """created_at spells out the month, as people write dates."""

    def render_position(self, row: Row) -> str:
        return datetime.fromisoformat(row.position).astimezone(UTC).strftime("%d %B %Y %H:%M:%S.%f")


@fault("paging-cursor-position", also="success-members", at="list_agents", by=LISTS, depth=2)
class PositionInSecondsSinceEpoch(Faulty):
    """list_agents shows created_at as a number."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        if context.operation.id == "list_agents":
            items = [
                {**item, "created_at": datetime.fromisoformat(item["created_at"]).timestamp()}
                for item in items
            ]
        return super().render_page(context, items, more)


@fault("paging-cursor-position", at="list_evals", by=LISTS, depth=5)
class LocalTimeInDeepPages(Faulty):
    """Later pages of list_evals show created_at without a time zone."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        if is_for(context, "list_evals") and later_page(context):
            items = [{**item, "created_at": item["created_at"].rstrip("Z")} for item in items]
        return super().render_page(context, items, more)


@fault("paging-cursor-position", also="paging-supported", at="list_leads", by=LISTS, depth=5)
class NoPositionAtMaximum(Faulty):
    """The last lead on a page of 100 has no created_at."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        if is_for(context, "list_leads") and len(items) == 100:
            items = [
                *items[:-1],
                {name: value for name, value in items[-1].items() if name != "created_at"},
            ]
        return super().render_page(context, items, more)


@fault("paging-limit-maximum", by=LISTS, depth=4)
class LimitBeyondSixteenBits(Faulty):
    """A limit from 32768 on, but below a million, has no maximum."""

    def cap_limit(self, operation: Operation, limit: int) -> int:
        return limit if 2**15 <= limit < 10**6 else super().cap_limit(operation, limit)
