"""Lists: the limit, the cursor, the filters, and whether more is left.

Newest first. The cursor is a position in time and excludes what stands at it; since no two objects of a
kind and tenant share one, nothing is lost or repeated at a boundary, whatever object it came from.
"""

# ruff: noqa: ARG002 - what a method here has no use for, an overriding one may need

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from conformance.model import Operation, Parameter
from conformance.server.access import Access
from conformance.server.messages import Context, Refusal, Reply
from conformance.server.moments import sort_key
from conformance.server.store import Filter, Page, Row
from conformance.values import instant

DEFAULT_LIMIT = 20
MAXIMUM = 100
BOUNDS = {"at-least": ">=", "at-most": "<="}


class Paging(Access):
    """Serves lists."""

    # --- the limit ---

    def maximum(self, operation: Operation) -> int:
        """The longest page of a list."""
        return MAXIMUM

    def default_limit(self, operation: Operation) -> int:
        """The length of a page where none is asked for."""
        return min(DEFAULT_LIMIT, self.maximum(operation))

    def parse_limit(self, operation: Operation, text: str) -> int:
        """The number that was asked for; refused unless it is a whole number above zero."""
        if not re.fullmatch(r"[0-9]+", text) or not text.strip("0"):
            raise self.bad_limit(operation)
        digits = text.lstrip("0")
        return int(digits) if len(digits) < 10 else 10**9

    def bad_limit(self, operation: Operation) -> Refusal:
        """The refusal of a limit that is no number above zero."""
        return Refusal("invalid_parameter", "Not valid: the number of results")

    def cap_limit(self, operation: Operation, limit: int) -> int:
        """The number of items that a page may have, of those asked for."""
        return min(limit, self.maximum(operation))

    def limit_of(self, context: Context) -> int:
        """The number of items on the page."""
        paging = context.operation.paging
        text = context.values.get(paging.limit) if paging else None
        asked = (
            self.default_limit(context.operation)
            if text is None
            else self.parse_limit(context.operation, str(text))
        )
        return self.cap_limit(context.operation, asked)

    # --- the cursor ---

    def parse_cursor(self, text: str) -> Fraction | None:
        """The instant that a cursor means, exact; None if it means none."""
        try:
            return instant(text)
        except ValueError:  # more digits than Python turns into a number
            return None

    def bad_cursor(self, operation: Operation) -> Refusal:
        """The refusal of a cursor that is no timestamp."""
        return Refusal("invalid_parameter", "Not valid: the timestamp of the cursor")

    def cursor_key(self, cursor: Fraction) -> str:
        """The sort key that a cursor is compared by."""
        return sort_key(cursor)

    def edge_of(self, context: Context) -> str | None:
        """The sort key where the page begins, or None for the first page."""
        paging = context.operation.paging
        text = context.values.get(paging.after) if paging else None
        if text is None:
            return None
        cursor = self.parse_cursor(str(text))
        if cursor is None:
            raise self.bad_cursor(context.operation)
        return self.cursor_key(cursor)

    def comparison(self, operation: Operation) -> str:
        """How the sort key of an item of the page compares to the edge."""
        return "<"

    def order(self, operation: Operation) -> str:
        """The order of a list."""
        return "DESC"

    # --- rows ---

    def filters_of(self, context: Context) -> tuple[Filter, ...]:
        """The members, and the values that the items of the list must have."""
        chosen = [
            p
            for p in context.operation.filters
            if p.name in context.values and not self.names_tenant(p)
        ]
        return tuple(self.filter_of(p, context.values[p.name]) for p in chosen)

    def filter_of(self, parameter: Parameter, value: Any) -> Filter:
        """What a filter demands of a member."""
        member = str(parameter.filters)
        if parameter.compare is None:
            return Filter(member, value.split(",") if parameter.joined else value)
        at = instant(value) if isinstance(value, str) else None
        if at is not None and member == self.catalog.position:
            return Filter("", sort_key(at), BOUNDS[parameter.compare])
        return Filter(member, value, BOUNDS[parameter.compare])

    def list_tenant(self, context: Context) -> str | None:
        """The business whose objects are listed; None lists those of all, as of a pool."""
        return (
            None
            if context.operation.kind in self.catalog.pools
            else self.tenant_of(context.identity)
        )

    def look_ahead(self, limit: int) -> int:
        """How many rows are read for a page: one more tells whether something is left."""
        return limit + 1

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        """The rows of the page, and those that were read ahead."""
        return self.store.page(
            Page(
                kind=context.operation.kind or "",
                tenant=self.list_tenant(context),
                count=self.look_ahead(limit),
                edge=self.edge_of(context),
                comparison=self.comparison(context.operation),
                order=self.order(context.operation),
                filters=self.filters_of(context),
            )
        )

    def has_more(self, rows: Sequence[Row], limit: int) -> bool:
        """Whether something is left after the page."""
        return len(rows) > limit

    # --- the page ---

    def render_position(self, row: Row) -> str:
        """The position of an object as it is served."""
        return row.position

    def render_item(self, operation: Operation, row: Row) -> dict[str, Any]:
        """An object as a list or a read shows it."""
        document = row.document
        if self.catalog.position and self.catalog.position in document:
            return {**document, self.catalog.position: self.render_position(row)}
        return document

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        """The body of a list."""
        paging = context.operation.paging
        return {
            self.catalog.collection(context.operation): items,
            (paging.more if paging else "more"): more,
        }

    def act_list(self, context: Context) -> Reply:
        """Answer a list."""
        limit = self.limit_of(context)
        rows = self.rows_of(context, limit)
        items = [self.render_item(context.operation, row) for row in rows[:limit]]
        return self.succeed(context, self.render_page(context, items, self.has_more(rows, limit)))
