"""Faults of the order of a list."""

from __future__ import annotations

from typing import Any

from conformance.server.messages import Context
from conformance.server.store import Row
from tests.faults.base import Faulty, fault, filtered_by, is_for, requested_limit


@fault("paging-order", also="paging-exclusive paging-complete", at="list_agents", depth=2)
class AgentsByName(Faulty):
    """list_agents sorts the items of a page by name."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        if context.operation.id == "list_agents":
            items = sorted(items, key=lambda item: str(item["name"]))
        return super().render_page(context, items, more)


@fault("paging-order", also="paging-exclusive paging-complete", at="list_messages", depth=4)
class LargePagesTurnedAround(Faulty):
    """Pages of list_messages run from oldest to newest when the limit is above 50."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        turned = is_for(context, "list_messages") and requested_limit(context) > 50
        return super().render_page(context, items[::-1] if turned else items, more)


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
