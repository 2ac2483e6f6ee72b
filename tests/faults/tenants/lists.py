"""Faults of lists that mix up businesses."""

from __future__ import annotations

import re
from typing import Any

from conformance.model import Parameter
from conformance.server.messages import Context, Refusal, Reply
from conformance.server.store import Filter
from tests.faults.base import Faulty, fault, faults_of, is_for, later_page, requested_limit
from tests.faults.shared import (
    LARGE_LIMIT,
    LIMIT_OF_ONE,
    Filtered,
    InOneList,
    InRequests,
    LatestSender,
    in_each_list,
)

NARROWED = (
    "list_events list_phone_numbers list_webhooks list_event_deliveries list_communication_runs "
    "poll_lead_created poll_call_completed"
)
"""Lists that a strong source narrows to a business."""


# --- rows of other businesses ---


def lists_all(entry: InRequests) -> type[Faulty]:
    """The reference server, where some requests list the objects of every business."""

    class ListsAll(Faulty):
        def list_tenant(self, context: Context) -> str | None:
            return None if entry.shows_in(context) else super().list_tenant(context)

    return ListsAll


OF_ALL = {
    "Lists show the objects of every business.": InRequests(
        "rows-of-all", breaks="business-rows",
        also="paging-filter-kept business-filter business-empty status-200 business-object"),
    "list_agents shows the agents of every business.": InRequests(
        "agents-of-all", breaks="business-rows", also="business-empty", at="list_agents", depth=2),
    "Later pages show the objects of every business.": InRequests(
        "rows-of-all-on-later-pages", later=True, breaks="business-rows",
        also="paging-complete paging-precision has-more-false paging-filter-kept business-filter",
        depth=4),
    "Lists filtered by status show the objects of every business.": InRequests(
        "rows-of-all-with-filter", given="status", breaks="business-rows",
        also="business-filter paging-complete paging-filter-kept business-rows", depth=4),
    "Later pages of list_leads filtered by status show every business.": InRequests(
        "filtered-later-pages-of-all", later=True, given="status", breaks="business-rows",
        also="paging-complete paging-exclusive has-more-false", at="list_leads", depth=5),
    "list_events shows every business when the limit is above 50.": InRequests(
        "large-pages-of-all", limits=LARGE_LIMIT, breaks="business-rows",
        also="paging-complete paging-exclusive has-more-false", at="list_events", depth=5),
    "list_evals shows every business when the limit is 1.": InRequests(
        "pages-of-one-of-all", limits=LIMIT_OF_ONE, breaks="business-rows",
        also="paging-complete paging-exclusive has-more-false business-empty", at="list_evals",
        depth=5),
    "Lists show another business when asked for one of its agents.": InRequests(
        "foreign-agent-listed", given="agent_id", breaks="business-filter", also="business-rows",
        depth=3),
    "list_event_deliveries shows the deliveries of another business's event.": InRequests(
        "deliveries-of-foreign-event", given="event_id", breaks="business-filter",
        also="business-rows", at="list_event_deliveries", depth=4),
    "With a limit, list_messages shows a conversation of another business.": InRequests(
        "messages-of-foreign-conversation", given="conversation_id limit", breaks="business-filter",
        at="list_messages", depth=4),
    "Later pages of list_communication_jobs show the jobs of another business's run.": InRequests(
        "jobs-of-foreign-run-later", later=True, given="communication_run_id",
        breaks="business-filter", at="list_communication_jobs", depth=5),
    "list_messages shows any conversation if the request also names a direction.": InRequests(
        "direction-shows-foreign-messages", given="conversation_id direction",
        breaks="business-filter", at="list_messages", depth=5),
}  # fmt: skip

faults_of(lists_all, __name__, OF_ALL)


@fault("business-rows", at="list_usage", depth=5)
class BoundedUsageKept(Faulty):
    """list_usage caches its responses by URL, for every key, if a bound is given."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._kept: dict[str, Reply] = {}

    def act_list(self, context: Context) -> Reply:
        reply = super().act_list(context)
        if not is_for(context, "list_usage") or "start" not in context.values:
            return reply
        return self._kept.setdefault(context.request.query_text, reply)


@in_each_list("business-rows", also="business-filter business-empty paging-filter-kept status-200")
class AllRows(InOneList):
    """Rows of every business are shown."""

    def list_tenant(self, context: Context) -> str | None:
        return None if context.operation.id == self.here else super().list_tenant(context)


@fault("business-rows", at="list_evals", by="scope-opens", depth=5)
class ScopedKeysSeeAll(Faulty):
    """list_evals shows every business to a key with a single scope."""

    def list_tenant(self, context: Context) -> str | None:
        scoped = context.identity is not None and context.identity.name.endswith(":read")
        return None if scoped and is_for(context, "list_evals") else super().list_tenant(context)


@fault("business-rows", at="list_transcripts", depth=5)
class ReadersSeeAll(Faulty):
    """list_transcripts shows every business to a read-only key."""

    def list_tenant(self, context: Context) -> str | None:
        reader = context.identity is not None and context.identity.name == "read_only"
        return (
            None if reader and is_for(context, "list_transcripts") else super().list_tenant(context)
        )


@fault("business-rows", at="list_transcripts", depth=5)
class HeaderNamesBusiness(Faulty):
    """list_transcripts trusts the business in the header X-Business-Id."""

    def list_tenant(self, context: Context) -> str | None:
        named = (
            context.request.header("x-business-id") if is_for(context, "list_transcripts") else None
        )
        return named or super().list_tenant(context)


@fault("business-rows", at="list_conversations", depth=5)
class QueryNamesBusiness(Faulty):
    """list_conversations trusts an undocumented business_id in the query string."""

    def list_tenant(self, context: Context) -> str | None:
        named = (
            context.request.query.get("business_id")
            if is_for(context, "list_conversations")
            else None
        )
        return named or super().list_tenant(context)


@fault("business-rows", also="business-filter", at="list_leads", depth=5)
class LastBusinessListed(Faulty):
    """Given two business ids, list_leads checks the first and lists the last."""

    def list_tenant(self, context: Context) -> str | None:
        named = (
            re.findall(r"business_id=([^&]+)", context.request.query_text)
            if is_for(context, "list_leads")
            else []
        )
        return named[-1] if len(named) > 1 else super().list_tenant(context)


@fault("business-rows", at="sign_up", depth=4)
class AccountsShareBusiness(Faulty):
    """sign_up puts every account into the same business."""

    def succeed(self, context: Context, body: Any) -> Reply:
        shared = {**body, "business_id": "business-of-all"} if is_for(context, "sign_up") else body
        return super().succeed(context, shared)


@fault("business-rows", at="list_calls list_agents", by="overlapping-lists", depth=5)
class KeyOfOverlappingRequest(LatestSender):
    """Overlapping requests list the calls and agents of the latest sender."""

    slow = ("list_calls", "list_agents")


# --- filters by what belongs to another business ---


@fault("business-filter", also="business-rows", depth=2)
class ForeignBusinessListed(Faulty):
    """Lists show another business when asked for its id."""

    def check_tenant(self, parameter: Parameter, value: str, context: Context) -> None:
        if context.operation.action != "list":
            super().check_tenant(parameter, value, context)

    def list_tenant(self, context: Context) -> str | None:
        return str(context.values.get("business_id") or super().list_tenant(context))


@fault(
    "business-filter",
    at=NARROWED,
    depth=3,
)
class ForeignBusinessIgnored(Faulty):
    """Lists ignore the id of another business and show their own objects."""

    def check_tenant(self, parameter: Parameter, value: str, context: Context) -> None:
        if context.operation.action != "list":
            super().check_tenant(parameter, value, context)


@fault("business-filter", at="list_evals", depth=4)
class UnknownAgentIsNoFilter(Filtered):
    """list_evals ignores an agent_id that the key cannot reach."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        if not is_for(context, "list_evals"):
            return filters
        return tuple(
            condition
            for condition in filters
            if condition.member != "agent_id" or self.find("agent", str(condition.value), context)
        )


@fault("business-filter", at="list_eval_runs", depth=4)
class RunsOfForeignAgent(Faulty):
    """list_eval_runs shows the runs of another business's agent."""

    def list_tenant(self, context: Context) -> str | None:
        return None if is_for(context, "list_eval_runs") else super().list_tenant(context)

    def check_reference(self, parameter: Parameter, value: Any, context: Context) -> None:
        if not is_for(context, "list_eval_runs"):
            super().check_reference(parameter, value, context)


# --- businesses without data ---


@fault("business-empty", also="paging-supported status-200 business-filter paging-filter-kept")
class EmptyListNotFound(Faulty):
    """An empty list returns 404."""

    def act_list(self, context: Context) -> Reply:
        reply = super().act_list(context)
        if not reply.body[self.catalog.collection(context.operation)]:
            raise Refusal("not_found")
        return reply


@fault("business-empty", also="paging-supported", depth=3)
class EmptyListForbidden(Faulty):
    """list_agents returns 403 for a business without agents."""

    def act_list(self, context: Context) -> Reply:
        reply = super().act_list(context)
        if (
            not later_page(context)
            and context.operation.id == "list_agents"
            and not reply.body["agents"]
        ):
            raise Refusal("forbidden")
        return reply


@fault("business-empty", at="list_conversations", depth=4)
class EmptyBusinessUnknown(Faulty):
    """list_conversations returns 404 for a business without conversations."""

    def act_list(self, context: Context) -> Reply:
        reply = super().act_list(context)
        if is_for(context, "list_conversations") and not self.rows_by(context, 1, filters=()):
            raise self.not_found(context.operation)
        return reply


@fault("business-empty", at="list_communication_jobs", depth=4)
class EmptyWithLimitNotFound(Faulty):
    """With a limit, list_communication_jobs returns 404 for a business without jobs."""

    def act_list(self, context: Context) -> Reply:
        reply = super().act_list(context)
        if (
            is_for(context, "list_communication_jobs")
            and requested_limit(context)
            and not later_page(context)
        ):
            empty = not self.rows_by(context, 1, filters=())
            if empty:
                raise self.not_found(context.operation)
        return reply


# --- a filter that opens the list ---


def opened_by(entry: InRequests) -> type[Faulty]:
    """The reference server, where some requests may also name another business."""

    class OpenedBy(Faulty):
        def list_tenant(self, context: Context) -> str | None:
            return None if entry.shows_in(context) else super().list_tenant(context)

        def check_tenant(self, parameter: Parameter, value: str, context: Context) -> None:
            if not entry.shows_in(context):
                super().check_tenant(parameter, value, context)

    return OpenedBy


OPENED_BY = {
    "With days, list_transcripts shows every business.": InRequests(
        "transcripts-of-all-in-days", given="days", breaks="business-rows",
        also="business-empty business-filter paging-filter-kept", at="list_transcripts",
        by="rows-of-two-businesses", depth=5),
    "With from and to, list_events shows every business.": InRequests(
        "events-of-all-in-window", given="from to", breaks="business-rows",
        also="business-empty business-filter paging-filter-kept", at="list_events",
        by="rows-of-two-businesses", depth=5),
    "With created_after, list_leads shows another business that the query names.": InRequests(
        "leads-of-foreign-business-since", given="business_id created_after",
        breaks="business-rows", also="business-filter", at="list_leads", depth=5),
}  # fmt: skip

faults_of(opened_by, __name__, OPENED_BY)


@fault("business-rows", also="business-filter", at="list_calls", depth=5)
class CallsOfTwoBusinesses(Faulty):
    """list_calls splits business_id at commas, but checks only the first business."""

    def splits(self, context: Context) -> bool:
        """Whether a request names several businesses."""
        return is_for(context, "list_calls") and "," in context.request.query.get("business_id", "")

    def check_tenant(self, parameter: Parameter, value: str, context: Context) -> None:
        first = value.partition(",")[0] if is_for(context, "list_calls") else value
        super().check_tenant(parameter, first, context)

    def list_tenant(self, context: Context) -> str | None:
        return None if self.splits(context) else super().list_tenant(context)

    def filters_of(self, context: Context) -> tuple[Filter, ...]:
        return () if self.splits(context) else super().filters_of(context)


@fault("business-rows", at="list_webhooks", by="foreign-filter", depth=4)
class EmptyBusinessIsEvery(Faulty):
    """list_webhooks shows every business if the query names an empty one."""

    def list_tenant(self, context: Context) -> str | None:
        query = context.request.query
        if is_for(context, "list_webhooks") and query.get("business_id") == "":
            return None
        return super().list_tenant(context)
