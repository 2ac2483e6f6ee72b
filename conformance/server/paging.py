"""Lists: the limit, the cursor, the filters, and whether more items remain.

Lists are ordered from new to old. The cursor is a position in time and excludes the item at that
position. No two objects of a kind and tenant share a position, so page boundaries neither lose nor
repeat items.
"""

# ruff: noqa: ARG002 - a method may ignore an argument that an overriding one needs

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from conformance.base.values import instant
from conformance.model import Operation, Parameter
from conformance.server.access import Access
from conformance.server.messages import Context, Refusal, Reply
from conformance.server.moments import MICRO, render, sort_key
from conformance.server.store import Filter, Page, Row

DEFAULT_LIMIT = 20
MAXIMUM = 100
HUGE = 10**9
"""The value used for a limit of ten digits or more."""
BOUNDS = {"at-least": ">=", "at-most": "<="}
"""How a filter parameter compares -> the SQL operator for that."""


class Paging(Access):
    """Serves lists."""

    # --- the limit ---

    def maximum(self, operation: Operation) -> int:
        """The maximum number of items on a page."""
        return MAXIMUM

    def default_limit(self, operation: Operation) -> int:
        """The number of items on a page if the request has no limit."""
        return min(DEFAULT_LIMIT, self.maximum(operation))

    def parse_limit(self, operation: Operation, text: str) -> int:
        """The number in the limit parameter. Raises Refusal unless it is a positive integer."""
        if not re.fullmatch(r"[0-9]+", text):
            raise self.bad_limit(operation)
        digits = text.lstrip("0")
        if not digits:  # the number is zero
            raise self.bad_limit(operation)
        if len(digits) >= 10:
            return HUGE
        return int(digits)

    def bad_limit(self, operation: Operation) -> Refusal:
        """The refusal of an invalid limit."""
        return Refusal("invalid_parameter", "Not valid: the number of results")

    def cap_limit(self, operation: Operation, limit: int) -> int:
        """The limit that the server applies, given the requested one."""
        return min(limit, self.maximum(operation))

    def limit_of(self, context: Context) -> int:
        """The maximum number of items on the requested page."""
        operation = context.operation
        text = context.values.get(operation.paging.limit) if operation.paging else None
        if text is None:
            return self.cap_limit(operation, self.default_limit(operation))
        return self.cap_limit(operation, self.parse_limit(operation, str(text)))

    # --- the cursor ---

    def parse_cursor(self, text: str) -> Fraction | None:
        """The exact time of a cursor in seconds since 1970; None if it is not a timestamp."""
        try:
            return instant(text)
        except ValueError:  # more digits than Python converts to a number
            return None

    def bad_cursor(self, operation: Operation) -> Refusal:
        """The refusal of an invalid cursor."""
        return Refusal("invalid_parameter", "Not valid: the timestamp of the cursor")

    def cursor_key(self, cursor: Fraction) -> str:
        """The sort key for comparing a cursor with items."""
        return sort_key(cursor)

    def edge_of(self, context: Context) -> str | None:
        """The sort key of the cursor; None for the first page. Raises Refusal if it is invalid."""
        paging = context.operation.paging
        text = context.values.get(paging.after) if paging else None
        if text is None:
            return None
        cursor = self.parse_cursor(str(text))
        if cursor is None:
            raise self.bad_cursor(context.operation)
        return self.cursor_key(cursor)

    def comparison(self, operation: Operation) -> str:
        """The SQL operator between the sort key of an item and that of the cursor."""
        return "<"

    def order(self, operation: Operation) -> str:
        """The SQL order of a list: DESC for new to old."""
        return "DESC"

    # --- rows ---

    def filters_of(self, context: Context) -> tuple[Filter, ...]:
        """The conditions that list items must satisfy."""
        filters = []
        for parameter in context.operation.filters:
            if parameter.name in context.values and not self.names_tenant(parameter):
                filters.append(self.filter_of(parameter, context.values[parameter.name]))
        return tuple(filters)

    def filter_of(self, parameter: Parameter, value: Any) -> Filter:
        """The condition that a filter parameter puts on a member.

        A value of a ``joined`` parameter holds several, separated by commas. If the parameter is a
        bound and its value a timestamp, times are compared, and those of positions exactly.
        """
        member = parameter.filters
        if parameter.compare is None:
            return Filter(member, value.split(",") if parameter.joined else value)
        bound = BOUNDS[parameter.compare]
        moment = instant(value) if isinstance(value, str) else None
        if moment is None:
            return Filter(member, value, bound)
        if member == self.catalog.position:
            return Filter("", sort_key(moment), bound)
        return Filter(member, render(int(moment * MICRO)), bound)

    def list_tenant(self, context: Context) -> str | None:
        """The id of the tenant whose objects are listed, or None for all tenants."""
        if context.operation.kind in self.catalog.pools:
            return None
        return self.tenant_of(context.identity)

    def look_ahead(self, limit: int) -> int:
        """The number of rows to read for a page. One extra row shows whether items remain."""
        return limit + 1

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        """The rows of the page, and the extra row if there is one."""
        return self.store.page(
            Page(
                kind=context.operation.kind,
                tenant=self.list_tenant(context),
                count=self.look_ahead(limit),
                edge=self.edge_of(context),
                comparison=self.comparison(context.operation),
                order=self.order(context.operation),
                filters=self.filters_of(context),
            )
        )

    def has_more(self, rows: Sequence[Row], limit: int) -> bool:
        """Whether items remain after the page, given the rows that were read for it."""
        return len(rows) > limit

    # --- the page ---

    def render_position(self, row: Row) -> str:
        """The timestamp of an object as the client sees it."""
        return row.position

    def render_item(self, operation: Operation, row: Row) -> dict[str, Any]:
        """An object as a list or a read shows it."""
        position = self.catalog.position
        if position and position in row.document:
            return {**row.document, position: self.render_position(row)}
        return row.document

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        """The body of a list."""
        paging = context.operation.paging
        more_name = paging.more if paging else "more"
        return {self.catalog.collection(context.operation): items, more_name: more}

    def act_list(self, context: Context) -> Reply:
        """Return a page of a list."""
        limit = self.limit_of(context)
        rows = self.rows_of(context, limit)
        items = [self.render_item(context.operation, row) for row in rows[:limit]]
        return self.succeed(context, self.render_page(context, items, self.has_more(rows, limit)))
