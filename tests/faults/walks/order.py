"""Faults of the order of a list."""

from __future__ import annotations

from conformance.server.messages import Context
from conformance.server.store import Row
from tests.faults.base import Faulty, fault, faults_of, filtered_by, is_for
from tests.faults.shared import LARGE_LIMIT, Items, other_items

ITEMS = {
    "list_agents sorts the items of a page by name.": Items(
        "agents-by-name", lambda items: sorted(items, key=lambda item: str(item["name"])),
        breaks="paging-order", also="paging-exclusive paging-complete", at="list_agents", depth=2),
    "Pages of list_messages run from oldest to newest when the limit is above 50.": Items(
        "large-pages-turned-around", lambda items: items[::-1], limits=LARGE_LIMIT,
        breaks="paging-order", also="paging-exclusive paging-complete", at="list_messages",
        depth=4),
}  # fmt: skip

faults_of(other_items, __name__, ITEMS)


@fault(
    "paging-order",
    also="paging-exclusive paging-complete paging-supported has-more-false",
    at="list_events",
    depth=4,
)
class FilteredTurnedAround(Faulty):
    """list_events filtered by event_type runs from oldest to newest, unlike its cursor."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        if not is_for(context, "list_events") or not filtered_by(context, "event_type"):
            return super().rows_of(context, limit)
        return self.rows_by(context, limit + 1, edge=self.edge_of(context), order="ASC")
