"""Faults of lists in which several items share a time."""

from __future__ import annotations

from datetime import UTC, datetime

from conformance.server.messages import Context
from conformance.server.store import Row
from tests.faults.base import Faulty, fault, is_for, later_page


class InWholeHours(Faulty):
    """The reference server, with the times of leads in whole hours."""

    def render_position(self, row: Row) -> str:
        return super().render_position(row) if row.kind != "lead" else _hour_of(row)


def _hour_of(row: Row) -> str:
    return datetime.fromisoformat(row.position).astimezone(UTC).strftime("%Y-%m-%dT%H:00:00Z")


@fault(
    "paging-complete",
    also="paging-supported paging-exclusive paging-precision has-more-true has-more-false",
    at="list_leads",
    depth=5,
)
class OneItemOfEachTime(InWholeHours):
    """Times of leads are in whole hours, and later pages of list_leads show one of each hour."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        rows = super().rows_of(context, limit)
        if not is_for(context, "list_leads") or not later_page(context):
            return rows
        return list({_hour_of(row): row for row in rows}.values())


@fault(
    "paging-exclusive",
    also="paging-supported paging-complete paging-order paging-precision has-more-true",
    at="list_leads",
    depth=5,
)
class TiedCursorIgnoredWithSource(InWholeHours):
    """Times of leads are in whole hours, and list_leads ignores its cursor with a source."""

    def edge_of(self, context: Context) -> str | None:
        ignored = is_for(context, "list_leads") and "source" in context.values
        return None if ignored else super().edge_of(context)
