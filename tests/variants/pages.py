"""Legal variants of pages: limits, members, positions."""

from __future__ import annotations

import re
from itertools import count
from typing import Any

from conformance.model import Operation
from conformance.server.messages import Context, Refusal
from conformance.server.store import Filter
from tests.faults.base import Faulty, variant
from tests.faults.shared import number_of

# --- the limit ---


@variant("L02")
class ShortPages(Faulty):
    """A page holds at most seven items, with has_more true while more are left."""

    def cap_limit(self, operation: Operation, limit: int) -> int:
        return min(limit, 7)


@variant("L02")
class PagesOfChance(Faulty):
    """A page holds up to seven items fewer than its limit, but at least one."""

    def limit_of(self, context: Context) -> int:
        limit = super().limit_of(context)
        return max(1, limit - number_of(f"{context.values}") % 8)


@variant("L02", untested="paging-filter-kept")
class PagesInTurns(Faulty):
    """The same page holds one or two items fewer each time that it is asked for, in turns."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._turns = count()

    def limit_of(self, context: Context) -> int:
        limit = super().limit_of(context)
        return max(1, min(limit, 7) - next(self._turns) % 3)


@variant("L04", untested="paging-limit-maximum")
class AboveMaximumRefused(Faulty):
    """A limit above the maximum is refused."""

    def cap_limit(self, operation: Operation, limit: int) -> int:
        if limit > self.maximum(operation):
            raise self.bad_limit(operation)
        return limit


@variant("L04 L59", untested="paging-limit-maximum")
class SmallMaximumRefused(Faulty):
    """The maximum is 30 for agents and 50 elsewhere, and a larger limit is refused."""

    def maximum(self, operation: Operation) -> int:
        return 30 if operation.id == "list_agents" else 50

    def cap_limit(self, operation: Operation, limit: int) -> int:
        if limit > self.maximum(operation):
            raise self.bad_limit(operation)
        return limit


@variant("L59 L03", untested="paging-limit-maximum")
class OtherMaxima(Faulty):
    """The maximum is 10 for agents and 200 elsewhere."""

    def maximum(self, operation: Operation) -> int:
        return 10 if operation.id == "list_agents" else 200


@variant("L59", untested="paging-limit-maximum", target={"maximum": None})
class MaximumUndeclared(Faulty):
    """The maximum is 40, and the target file does not say so."""

    def maximum(self, operation: Operation) -> int:
        return 40


@variant("L05 L06 L69")
class OddPositionsIgnored(Faulty):
    """Unparsable limits and cursors are ignored."""

    def parse_limit(self, operation: Operation, text: str) -> int:
        return (
            super().parse_limit(operation, text)
            if re.fullmatch(r"0*[1-9][0-9]*", text)
            else self.default_limit(operation)
        )

    def edge_of(self, context: Context) -> str | None:
        text = context.values.get("after")
        return (
            None
            if text is None or self.parse_cursor(str(text)) is None
            else super().edge_of(context)
        )


@variant("L05")
class ZeroIsEmpty(Faulty):
    """A limit of zero returns an empty page, with has_more true if the list has items."""

    def parse_limit(self, operation: Operation, text: str) -> int:
        return 0 if text and not text.strip("0") else super().parse_limit(operation, text)


@variant("L02, the default")
class FiveByDefault(Faulty):
    """A page holds five items when no limit is given."""

    def default_limit(self, operation: Operation) -> int:
        return 5


# --- items and positions ---


@variant("L17")
class MoreMembersInLists(Faulty):
    """Lists and items have further members, some of them arrays."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        page = super().render_page(
            context, [{**item, "tags": [], "object": "item"} for item in items], more
        )
        return {"object": "list", "warnings": [], "total": 1000, "next_cursor": None, **page}


@variant(
    "design 4.7",
    untested="paging-supported paging-exclusive paging-complete paging-precision paging-order "
    "paging-filter-kept has-more-false has-more-true paging-ties created-at",
)
class PositionOfLastOnly(Faulty):
    """Only the last item of a page has created_at."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        bare = [{k: v for k, v in item.items() if k != "created_at"} for item in items[:-1]]
        return super().render_page(context, bare + items[-1:], more)


@variant("design 4.7")
class NoPositionAtTheEnd(Faulty):
    """The last item of the last page has no created_at."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        if items and not more:
            last = {k: v for k, v in items[-1].items() if k != "created_at"}
            items = [*items[:-1], last]
        return super().render_page(context, items, more)


@variant("S6", at="list_events list_event_deliveries list_communication_jobs")
class UnknownFilterNotFound(Faulty):
    """A list that is filtered by something unknown, or of another business, gets 404."""

    def filters_of(self, context: Context) -> tuple[Filter, ...]:
        filters = super().filters_of(context)
        for each in filters:
            if each.member.endswith("id") and not self.rows_by(context, 1, filters=(each,)):
                raise Refusal("not_found")
        return filters
