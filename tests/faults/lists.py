"""Faults of lists: limit, cursor, flag, filters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from conformance.model import Operation
from conformance.server.messages import Context, Refusal, Reply
from conformance.server.moments import sort_key
from conformance.server.store import Filter, Page, Row
from tests.faults.base import Faulty, fault

LISTS = "rows-of-two-businesses empty-list walk large-page"


def later(context: Context) -> bool:
    """Whether a page after the first is asked for."""
    return bool(context.values.get("after"))


# --- the cursor ---


@fault("paging-exclusive", also="paging-supported")
class InclusiveCursor(Faulty):
    """A page begins with the item of its cursor."""

    def comparison(self, operation: Operation) -> str:
        return "<="


@fault("paging-exclusive", also="paging-supported", at="list_agents", depth=2)
class InclusiveCursorOfAgents(Faulty):
    """A page of agents begins with the item of its cursor."""

    def comparison(self, operation: Operation) -> str:
        return "<=" if operation.id == "list_agents" else "<"


@fault("paging-exclusive", also="paging-supported", depth=4)
class InclusiveCursorWithFilter(Faulty):
    """A page of a filtered list begins with the item of its cursor."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        if not later(context) or not self.filters_of(context):
            return super().rows_of(context, limit)
        kind, edge = context.operation.kind or "", self.edge_of(context)
        return self.store.page(
            Page(
                kind,
                self.list_tenant(context),
                limit + 1,
                edge,
                "<=",
                "DESC",
                self.filters_of(context),
            )
        )


@fault("paging-precision", also="paging-complete", depth=2)
class CursorInSeconds(Faulty):
    """The fraction of a second of a cursor is cut off."""

    def cursor_key(self, cursor: Fraction) -> str:
        return sort_key(Fraction(cursor // 1))


@fault("paging-precision", also="paging-complete", depth=4)
class CursorInMilliseconds(Faulty):
    """A cursor is cut to milliseconds."""

    def cursor_key(self, cursor: Fraction) -> str:
        return sort_key(Fraction(cursor * 1000 // 1, 1000))


@fault("paging-precision", also="paging-exclusive", depth=4)
class CursorRoundedUp(Faulty):
    """A cursor is rounded up to milliseconds."""

    def cursor_key(self, cursor: Fraction) -> str:
        return sort_key(Fraction(-(-cursor * 1000 // 1), 1000))


@fault("paging-precision", also="paging-complete", at="list_agents", depth=4)
class CursorOfAgentsInSeconds(Faulty):
    """The fraction of a second of a cursor is cut off in the list of agents."""

    def edge_of(self, context: Context) -> str | None:
        edge = super().edge_of(context)
        return (
            edge.partition(".")[0] + "." if edge and context.operation.id == "list_agents" else edge
        )


@fault(
    "paging-supported", also="paging-exclusive paging-order paging-complete has-more-true", depth=1
)
class CursorIgnored(Faulty):
    """Every page is the first."""

    def edge_of(self, context: Context) -> str | None:
        return None


@fault("paging-supported", also="paging-filter-kept paging-samples status-200")
class CursorIsAnId(Faulty):
    """The cursor has to be an id; a timestamp is refused."""

    def parse_cursor(self, text: str) -> Fraction | None:
        return super().parse_cursor(text) if "-" in text and "T" not in text else None


@fault(
    "paging-complete",
    also="has-more-false paging-supported paging-precision paging-samples paging-exclusive status-no-5xx-for-mistakes",
    depth=2,
)
class CursorIsAnOffset(Faulty):
    """The digits that a cursor begins with count the rows to leave out."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        if not later(context):
            return super().rows_of(context, limit)
        kind, skip = context.operation.kind or "", int(str(context.values["after"])[:4])
        rows = self.store.page(
            Page(
                kind, self.list_tenant(context), skip + limit + 1, filters=self.filters_of(context)
            )
        )
        return rows[skip:]


@fault(
    "paging-exclusive",
    also="paging-complete paging-supported paging-order has-more-true has-more-false",
)
class CursorTheWrongWay(Faulty):
    """A next page holds what is newer than its cursor, newest first."""

    def comparison(self, operation: Operation) -> str:
        return ">"


@fault("paging-complete", depth=2)
class NextItemSkipped(Faulty):
    """A next page leaves its first item out."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        return (
            super().rows_of(context, limit + 1)[1:]
            if later(context)
            else super().rows_of(context, limit)
        )


@fault("paging-complete", also="paging-precision", depth=4)
class FirstItemLostByOne(Faulty):
    """A page of one item leaves out the first."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        return super().rows_of(context, 2)[1:] if limit == 1 else super().rows_of(context, limit)


@fault("paging-complete", also="paging-precision", at="list_calls", depth=4)
class ItemLostDeepDown(Faulty):
    """Behind the hundredth call, a page of seven leaves out its third item."""

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


@fault(
    "paging-exclusive",
    also="paging-order paging-complete paging-supported has-more-false has-more-true",
)
class PageTurnedAround(Faulty):
    """The pages run from new to old, the items of a page from old to new."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        return super().render_page(context, items[::-1], more)


@fault("paging-order", also="paging-exclusive paging-complete", at="list_agents", depth=2)
class AgentsByName(Faulty):
    """The items of a page of agents are sorted by name."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        if context.operation.id == "list_agents":
            items = sorted(items, key=lambda item: str(item["name"]))
        return super().render_page(context, items, more)


# --- positions ---


@fault("paging-cursor-position", by=LISTS, depth=2)
class LastItemWithoutPosition(Faulty):
    """The last item of a page has no created_at."""

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
    """created_at is a date as people write it."""

    def render_position(self, row: Row) -> str:
        return datetime.fromisoformat(row.position).astimezone(UTC).strftime("%d %B %Y %H:%M:%S.%f")


@fault("paging-cursor-position", also="success-members", at="list_agents", by=LISTS, depth=2)
class PositionInSecondsSinceEpoch(Faulty):
    """created_at of listed agents is a number."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        if context.operation.id == "list_agents":
            items = [
                {**item, "created_at": datetime.fromisoformat(item["created_at"]).timestamp()}
                for item in items
            ]
        return super().render_page(context, items, more)


# --- the limit ---


@fault("paging-limit", by=LISTS)
class OneTooMany(Faulty):
    """A page has one item more than its limit."""

    def cap_limit(self, operation: Operation, limit: int) -> int:
        return min(limit + 1, self.maximum(operation))


@fault("paging-limit", also="paging-complete", by=LISTS, depth=2)
class LimitOfFirstPageOnly(Faulty):
    """The limit is ignored together with a cursor."""

    def limit_of(self, context: Context) -> int:
        return (
            self.default_limit(context.operation) if later(context) else super().limit_of(context)
        )


@fault("paging-limit", at="list_agents", by=LISTS, depth=2)
class LimitIgnoredByAgents(Faulty):
    """The list of agents ignores its limit."""

    def limit_of(self, context: Context) -> int:
        return 20 if context.operation.id == "list_agents" else super().limit_of(context)


@fault("paging-limit", by=f"{LISTS} filtered-walk", depth=4)
class LimitIgnoredWithFilter(Faulty):
    """The limit is ignored together with a filter."""

    def limit_of(self, context: Context) -> int:
        return 20 if self.filters_of(context) else super().limit_of(context)


@fault("paging-limit-maximum", by="large-page", depth=2)
class NoMaximum(Faulty):
    """A page holds as many items as are asked for."""

    def cap_limit(self, operation: Operation, limit: int) -> int:
        return limit


@fault("paging-limit-maximum", by="large-page", depth=4)
class NoMaximumFarAbove(Faulty):
    """A limit just above the maximum is cut, one far above is not."""

    def cap_limit(self, operation: Operation, limit: int) -> int:
        return limit if limit >= 1000 else super().cap_limit(operation, limit)


@fault("paging-samples", also="paging-supported", at="list_calls", depth=2)
class SampleRefused(Faulty):
    """The list of calls takes no limit above 20, not even the printed one."""

    def cap_limit(self, operation: Operation, limit: int) -> int:
        if operation.id == "list_calls" and 20 < limit < 100:
            raise self.bad_limit(operation)
        return super().cap_limit(operation, limit)


# --- the flag ---


@fault("has-more-present", at="list_agents", by=LISTS)
class NoFlagForAgents(Faulty):
    """The list of agents has no has_more."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        page = super().render_page(context, items, more)
        return {"agents": items} if context.operation.id == "list_agents" else page


@fault("has-more-present", by=LISTS, depth=2)
class NoFlagOnLastPage(Faulty):
    """has_more is left out when nothing is left."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        page = super().render_page(context, items, more)
        return page if more else {k: v for k, v in page.items() if k != "has_more"}


@fault("has-more-present", by=LISTS, depth=2)
class NoFlagOnEmptyPage(Faulty):
    """An empty page has no has_more."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        page = super().render_page(context, items, more)
        return page if items else {k: v for k, v in page.items() if k != "has_more"}


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


@fault("has-more-false")
class NeverMore(Faulty):
    """has_more is always false."""

    def has_more(self, rows: Sequence[Row], limit: int) -> bool:
        return False


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
    """has_more of a filtered list counts what the filter leaves out."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        page = Page(
            context.operation.kind or "", self.list_tenant(context), 1, self.edge_of(context)
        )
        left = bool(self.filters_of(context)) and bool(self.store.page(page))
        return super().render_page(context, items, more or left)


@fault("has-more-false", depth=4)
class NeverMoreWithFilter(Faulty):
    """has_more of a list filtered by agent is false."""

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


@fault("has-more-false", depth=4)
class NoMoreAtMaximum(Faulty):
    """No more than a hundred rows are ever read, so that a full page of the maximum says false."""

    def look_ahead(self, limit: int) -> int:
        return min(limit + 1, 100)


@fault("has-more-false", depth=4)
class NoMoreAfterPagesOfOne(Faulty):
    """has_more of a first page is false when its limit is 1."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        return super().render_page(
            context, items, more and (later(context) or str(context.values.get("limit")) != "1")
        )


# --- the list itself ---


@fault("list-items has-more-present", also="success-members", at="list_agents", by=LISTS)
class BareArray(Faulty):
    """The list of agents is an array."""

    def act_list(self, context: Context) -> Reply:
        reply = super().act_list(context)
        return (
            Reply(reply.status, reply.body["agents"])
            if context.operation.id == "list_agents"
            else reply
        )


@fault("list-items", also="success-members business-empty", by=LISTS, depth=3)
class NullForNoItems(Faulty):
    """An empty page has null for its items."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        page = super().render_page(context, items, more)
        return page if items else {k: None if v == [] else v for k, v in page.items()}


@fault("business-empty", also="paging-supported status-200 business-filter paging-filter-kept")
class EmptyListNotFound(Faulty):
    """A list without items is answered 404."""

    def act_list(self, context: Context) -> Reply:
        reply = super().act_list(context)
        if not reply.body[self.catalog.collection(context.operation)]:
            raise Refusal("not_found")
        return reply


@fault("business-empty", also="paging-supported", depth=3)
class EmptyListForbidden(Faulty):
    """The list of agents of a business without data is answered 403."""

    def act_list(self, context: Context) -> Reply:
        reply = super().act_list(context)
        if (
            not later(context)
            and context.operation.id == "list_agents"
            and not reply.body["agents"]
        ):
            raise Refusal("forbidden")
        return reply


# --- filters ---


@fault("paging-filter-kept", also="business-filter")
class FilterIgnored(Faulty):
    """Filters are ignored."""

    def filters_of(self, context: Context) -> tuple[Filter, ...]:
        return ()


@fault("paging-filter-kept", also="business-filter", depth=2)
class FilterOfFirstPageOnly(Faulty):
    """A filter is dropped together with a cursor."""

    def filters_of(self, context: Context) -> tuple[Filter, ...]:
        return () if later(context) else super().filters_of(context)


@fault("paging-filter-kept", depth=4)
class StatusOfFirstPageOnly(Faulty):
    """The filter by status is dropped together with a cursor."""

    def filters_of(self, context: Context) -> tuple[Filter, ...]:
        return tuple(
            one
            for one in super().filters_of(context)
            if one.member != "status" or not later(context)
        )


@fault("has-more-false", also="paging-complete", depth=4)
class FilterAfterLimit(Faulty):
    """A page is cut first and filtered then, so that what the filter takes behind the page is lost."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        filters = {one.member: one.value for one in self.filters_of(context)}
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
