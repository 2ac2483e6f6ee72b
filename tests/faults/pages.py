"""Faults of a single page: its limit, its items, its flag, its positions."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from datetime import UTC, datetime
from typing import Any

from conformance.model import Operation
from conformance.server.messages import Context, Reply
from conformance.server.store import Row
from tests.faults.base import (
    LISTS,
    ODD_REQUESTS,
    Entry,
    Faulty,
    fault,
    faults_of,
    filtered_by,
    is_for,
    later_page,
    requested_limit,
)
from tests.faults.shared import (
    ANY_LIMIT,
    LEFT_OUT,
    LIMIT_OF_ONE,
    Flag,
    Flagged,
    InOneList,
    InRequests,
    Items,
    in_each_list,
    other_flag,
    other_items,
)

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


@dataclass(frozen=True)
class Limit(InRequests):
    """How many items a page may hold, as a function of the limit."""

    limit: Callable[[int], int]
    _: KW_ONLY
    breaks: str = "paging-limit"
    by: str = LISTS


def other_limit(entry: Limit) -> type[Faulty]:
    """The reference server, where some pages have another limit."""

    class OtherLimit(Faulty):
        def limit_of(self, context: Context) -> int:
            limit = super().limit_of(context)
            return entry.limit(limit) if entry.shows_in(context) else limit

    return OtherLimit


LIMITS = {
    "list_agents ignores the limit.": Limit(
        "limit-ignored-by-agents", lambda limit: 20, at="list_agents", depth=2),
    "Later pages of list_webhooks round the limit up to a multiple of five.": Limit(
        "later-pages-in-fives", lambda limit: -(-limit // 5) * 5, later=True, at="list_webhooks",
        depth=4),
    "Later pages of list_event_deliveries filtered by event_id hold twice the limit.": Limit(
        "limit-counts-before-join", lambda limit: 2 * limit, later=True, given="event_id",
        at="list_event_deliveries", by=f"{LISTS} filtered-walk", depth=5),
    "Later pages of list_eval_runs raise a limit below 5 to 5.": Limit(
        "limit-only-below-default", lambda limit: max(limit, 5), later=True, at="list_eval_runs",
        depth=4),
    "Later pages of poll_call_completed hold one item more than the limit.": Limit(
        "polled-page-too-long", lambda limit: limit + 1, later=True, at="poll_call_completed",
        by="walk", depth=4),
}  # fmt: skip

faults_of(other_limit, __name__, LIMITS)


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


# --- the maximum ---


@fault("paging-limit-maximum", at="list_communication_jobs", by=ODD_REQUESTS, depth=4)
class NegativeLimitLifts(Faulty):
    """list_communication_jobs shows everything if the limit is below -1."""

    def limit_of(self, context: Context) -> int:
        text = str(context.values.get("limit"))
        is_lifted = text.startswith("-") and text != "-1"
        if is_lifted and is_for(context, "list_communication_jobs"):
            return 1_000
        return super().limit_of(context)


@fault("paging-limit-maximum", at="list_transcripts", by=f"{LISTS} large-page", depth=4)
class DaysLiftTheMaximum(Faulty):
    """list_transcripts has no maximum if days is given."""

    def limit_of(self, context: Context) -> int:
        usual = super().limit_of(context)
        is_lifted = is_for(context, "list_transcripts") and filtered_by(context, "days")
        return max(usual, requested_limit(context)) if is_lifted else usual


@dataclass(frozen=True)
class Cap(Entry):
    """Limits that are capped at another number; None if they are not capped."""

    limits: range
    capped: int | None
    _: KW_ONLY
    breaks: str = "paging-limit-maximum"
    by: str = LISTS


def other_maximum(entry: Cap) -> type[Faulty]:
    """The reference server, where some limits have another maximum."""

    class OtherMaximum(Faulty):
        def cap_limit(self, operation: Operation, limit: int) -> int:
            if limit not in entry.limits or not entry.is_at(operation.id):
                return super().cap_limit(operation, limit)
            return limit if entry.capped is None else entry.capped

    return OtherMaximum


CAPS = {
    "A page holds as many items as the request asks for.": Cap(
        "no-maximum", ANY_LIMIT, None, by="large-page", depth=2),
    "Limits of 1,000 or more are not capped.": Cap(
        "no-maximum-far-above", range(1000, sys.maxsize), None, by="large-page", depth=4),
    "Limits from 32,768 on, but below a million, are not capped.": Cap(
        "limit-beyond-sixteen-bits", range(2**15, 10**6), None, depth=4),
    "list_transcripts returns one item too many at the maximum limit.": Cap(
        "one-more-at-maximum", range(100, 101), 101, breaks="paging-limit paging-limit-maximum",
        at="list_transcripts", depth=5),
    "list_events caps a limit above 100 at 101.": Cap(
        "one-more-beyond-maximum", range(101, sys.maxsize), 101, at="list_events", depth=5),
}  # fmt: skip

faults_of(other_maximum, __name__, CAPS)


@fault("paging-samples", also="paging-supported", at="list_calls", depth=2)
class SampleRefused(Faulty):
    """list_calls rejects limits from 21 to 99, including the documented one."""

    def cap_limit(self, operation: Operation, limit: int) -> int:
        if operation.id == "list_calls" and 20 < limit < 100:
            raise self.bad_limit(operation)
        return super().cap_limit(operation, limit)


# --- the flag ---


FLAGS = {
    "list_agents omits has_more.": Flag(
        "no-flag-for-agents", lambda more: LEFT_OUT, breaks="has-more-present", at="list_agents",
        by=LISTS),
    "The last page omits has_more.": Flag(
        "no-flag-on-last-page", lambda more: LEFT_OUT, last=True, breaks="has-more-present",
        by=LISTS, depth=2),
    "An empty page omits has_more.": Flag(
        "no-flag-on-empty-page", lambda more: LEFT_OUT, empty=True, breaks="has-more-present",
        by=LISTS, depth=2),
    "has_more is a string.": Flag(
        "flag-as-text", lambda more: str(more).lower(), breaks="has-more-present", by=LISTS,
        depth=2),
    "has_more is 1 or 0.": Flag(
        "flag-as-number", int, breaks="has-more-present", by=LISTS, depth=3),
    "poll_lead_created omits has_more when a limit is given.": Flag(
        "polled-page-without-flag", lambda more: LEFT_OUT, limits=ANY_LIMIT,
        breaks="has-more-present", at="poll_lead_created", by="walk", depth=4),
    "Later pages of list_communication_attempts omit has_more when the limit is 1.": Flag(
        "no-flag-on-later-pages-of-one", lambda more: LEFT_OUT, later=True, limits=LIMIT_OF_ONE,
        breaks="has-more-present", at="list_communication_attempts", by=LISTS, depth=4),
    "list_usage omits has_more on a page past the end.": Flag(
        "no-flag-past-the-end", lambda more: LEFT_OUT, later=True, empty=True,
        breaks="has-more-present", at="list_usage", by=LISTS, depth=4),
    "Later pages of list_available_numbers have 1 or 0 as has_more.": Flag(
        "count-for-more", int, later=True, breaks="has-more-present",
        at="list_available_numbers", by=LISTS, depth=4),
}  # fmt: skip

faults_of(other_flag, __name__, FLAGS)


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


def _without_positions(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: item[name] for name in item if name != "created_at"} for item in items]


def _each_position(
    items: list[dict[str, Any]], change: Callable[[str], Any]
) -> list[dict[str, Any]]:
    """Items with another position."""
    return [{**item, "created_at": change(item["created_at"])} for item in items]


POSITIONS = {
    "The last item of every page has no created_at.": Items(
        "last-item-without-position",
        lambda items: [*items[:-1], *_without_positions(items[-1:])],
        breaks="paging-cursor-position", by=LISTS, depth=2),
    "list_agents shows created_at as a number.": Items(
        "position-in-seconds-since-epoch",
        lambda items: _each_position(items, lambda at: datetime.fromisoformat(at).timestamp()),
        breaks="paging-cursor-position", also="success-members", at="list_agents", by=LISTS,
        depth=2),
    "Later pages of list_evals show created_at without a time zone.": Items(
        "local-time-in-deep-pages", lambda items: _each_position(items, lambda at: at.rstrip("Z")),
        later=True, breaks="paging-cursor-position", at="list_evals", by=LISTS, depth=5),
    "The last lead on a page of 100 has no created_at.": Items(
        "no-position-at-maximum", lambda items: [*items[:-1], *_without_positions(items[-1:])],
        count=100, breaks="paging-cursor-position", also="paging-supported", at="list_leads",
        by=LISTS, depth=5),
}  # fmt: skip

faults_of(other_items, __name__, POSITIONS)


@fault(
    "paging-cursor-position",
    also="paging-supported paging-filter-kept paging-samples status-200",
    by=LISTS,
    depth=2,
)
class PositionForPeople(Faulty):
    """created_at is written for people, with the month spelled out."""

    def render_position(self, row: Row) -> str:
        return datetime.fromisoformat(row.position).astimezone(UTC).strftime("%d %B %Y %H:%M:%S.%f")
