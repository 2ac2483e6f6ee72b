"""What the deep faults share: where a request stands in a list, and what it asks for."""

from __future__ import annotations

from typing import Any

from conformance.server.messages import Context
from conformance.server.store import Filter, Page, Row
from tests.faults.base import Faulty


class Deep(Faulty):
    """The reference server with handles for what only some requests meet."""

    def rows_by(
        self,
        context: Context,
        count: int,
        *,
        edge: str | None = None,
        comparison: str = "<",
        order: str = "DESC",
        tenant: str | None = "",
        filters: tuple[Filter, ...] | None = None,
    ) -> list[Row]:
        """Rows of the list that a request is about; by default of its own business and with its own filters."""
        owner = self.list_tenant(context) if tenant == "" else tenant
        wanted = self.filters_of(context) if filters is None else filters
        return self.store.page(
            Page(context.operation.kind or "", owner, count, edge, comparison, order, wanted)
        )


def meant(context: Context, *names: str) -> bool:
    """Whether a request means one of some operations."""
    return context.operation.id in names


def later(context: Context) -> bool:
    """Whether a page after the first is asked for."""
    return bool(context.values.get("after"))


def asked(context: Context) -> int:
    """The limit that is asked for; 0 for none."""
    value: Any = context.values.get("limit")
    return int(value) if str(value).isascii() and str(value).isdigit() else 0


def narrowed(context: Context, *names: str) -> bool:
    """Whether a list is narrowed by all of some filters."""
    return all(name in context.values for name in names)
