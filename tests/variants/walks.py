"""Legal variants of walks: order, timestamps, and lists that change on the way."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from conformance.model import Operation
from conformance.server.messages import Context, Reply, Request
from conformance.server.moments import sort_key
from conformance.server.store import Filter, Page, Row
from tests.faults.base import Faulty, variant
from tests.faults.shared import number_of

RECENT = sort_key(Fraction(datetime(2026, 4, 15, tzinfo=UTC).timestamp()))

# --- order and positions ---


@variant("L10")
class OldestFirst(Faulty):
    """Lists run from oldest to newest."""

    def order(self, operation: Operation) -> str:
        return "ASC"

    def comparison(self, operation: Operation) -> str:
        return ">"


@variant("L10")
class FilteredOldestFirst(Faulty):
    """Lists run from newest to oldest, and from oldest to newest when they are filtered."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        if not self.filters_of(context):
            return super().rows_of(context, limit)
        edge = self.edge_of(context)
        return self.rows_by(context, limit + 1, edge=edge, comparison=">", order="ASC")


@variant("L11")
class MixedTimestamps(Faulty):
    """The timestamps of one list differ in their number of digits and their offset."""

    def render_position(self, row: Row) -> str:
        moment, kind = datetime.fromisoformat(row.position).astimezone(UTC), number_of(row.id) % 5
        digits = f"{moment.microsecond:06}"
        plain = moment.strftime("%Y-%m-%dT%H:%M:%S")
        if kind == 0:
            return f"{plain}.{digits}000Z"
        if kind == 1:
            return f"{plain}.{digits}+00:00"
        if kind == 2:
            short = digits.rstrip("0")
            return f"{plain}{'.' if short else ''}{short}+00:00"
        if kind == 3:
            east = moment + timedelta(hours=5, minutes=30)
            return f"{east.strftime('%Y-%m-%dT%H:%M:%S')}.{digits}+05:30"
        return row.position


@variant("L09", untested="paging-precision")
class TiesLost(Faulty):
    """Timestamps are in whole seconds, and a page boundary loses items that share one."""

    def render_position(self, row: Row) -> str:
        return datetime.fromisoformat(row.position).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def cursor_key(self, cursor: Fraction) -> str:
        return sort_key(Fraction(cursor // 1))


@variant("L09", untested="paging-precision")
class TiesRepeated(Faulty):
    """Timestamps are in whole seconds, and a page boundary repeats items that share one."""

    def render_position(self, row: Row) -> str:
        return datetime.fromisoformat(row.position).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def edge_of(self, context: Context) -> str | None:
        cursor = self.parse_cursor(str(context.values.get("after", "")))
        if cursor is None:
            return super().edge_of(context)
        second = Fraction(cursor // 1)
        kind, tenant = context.operation.kind or "", self.list_tenant(context)
        next_ones = self.store.page(
            Page(kind, tenant, 2, sort_key(second + 1), filters=self.filters_of(context))
        )
        tied = sum(row.sort >= sort_key(second) for row in next_ones) > 1
        return sort_key(second + 1) if tied else sort_key(second)


@variant("L15")
class EmptyCursorRefused(Faulty):
    """An empty cursor is refused."""

    def edge_of(self, context: Context) -> str | None:
        if "after=&" in context.request.query_text + "&":
            raise self.bad_cursor(context.operation)
        return super().edge_of(context)


@variant("L01, a quiet list")
class FullPageSaysMore(Faulty):
    """has_more is true whenever a page is full, so an empty page may follow."""

    def look_ahead(self, limit: int) -> int:
        return limit

    def has_more(self, rows: Sequence[Row], limit: int) -> bool:
        return len(rows) == limit


@variant(
    "L01, silence on what a list holds without filters",
    untested="paging-limit-maximum has-more-true",
)
class RecentUnlessFiltered(Faulty):
    """A list without filters shows what is newer than two days; with one, it is searched whole."""

    def filters_of(self, context: Context) -> tuple[Filter, ...]:
        return super().filters_of(context) or (Filter("", RECENT, ">="),)


# --- lists that change ---


class _Moving(Faulty):
    """The reference server, where the main business's lists change at every few requests."""

    every = 7

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._asked = 0

    def move(self, context: Context) -> None:
        raise NotImplementedError

    def act_list(self, context: Context) -> Reply:
        self._asked += 1
        if self._asked % self.every == 0 and context.identity and context.identity.name == "full":
            self.move(context)
        return super().act_list(context)

    def add_alike(self, kind: str, tenant: str) -> None:
        """Add an object like the oldest one, which nobody who uses the server has just made."""
        alike = next(iter(self.store.page(Page(kind, tenant, 1, order="ASC"))), None)
        if alike is not None:
            names = {self.contract.identifier, self.contract.identifier_of(kind)} & set(
                alike.document
            )
            fresh = {
                name: f"+1777{self._asked:07}" if name == "phone_number" else self.new_id(kind)
                for name in names
            }
            identifier = fresh.get(self.contract.identifier_of(kind))
            self.add(kind, tenant, {**alike.document, **fresh}, identifier=identifier)


@variant("L12")
class NewAtTheHead(_Moving):
    """Every seventh list request finds a new item at the head."""

    def move(self, context: Context) -> None:
        kind, tenant = context.operation.kind or "", self.tenant_of(context.identity)
        self.add_alike(kind, tenant)


@variant("L12 L10")
class NewAtTheTail(_Moving):
    """Lists run from oldest to newest, and every seventh request finds a new item at the end."""

    def order(self, operation: Operation) -> str:
        return "ASC"

    def comparison(self, operation: Operation) -> str:
        return ">"

    def move(self, context: Context) -> None:
        kind, tenant = context.operation.kind or "", self.tenant_of(context.identity)
        self.add_alike(kind, tenant)


@variant("L13 L01")
class DeletedMeanwhile(_Moving):
    """Every fortieth list request finds the twentieth item deleted, unless a client made it."""

    every = 40

    def move(self, context: Context) -> None:
        kind, tenant = context.operation.kind or "", self.tenant_of(context.identity)
        row = self.store.page(Page(kind, tenant, 20))[-1]
        if "Sample" not in json.dumps(row.document):
            self.store.remove(row)


@variant("L12 L13")
class ChangedAndBack(_Moving):
    """Every list request finds the status of some leads changed by others, or changed back."""

    every = 1

    def move(self, context: Context) -> None:
        for row in self.store.page(Page("lead", self.tenant_of(context.identity), 100))[::4]:
            if row.document.get("status") in ("new", "contacted"):
                turn = number_of(f"{row.id} {self._asked}") % 2
                self.store.change(row, {"status": ("new", "contacted")[turn]})


OTHERS = ("call", "lead", "message", "event", "eval_run")
"""Kinds whose objects come with those of other kinds."""


class MakesAnother(Faulty):
    """The reference server, which makes an object like the oldest one of its kind."""

    def _add_another(self, kind: str, tenant: str) -> None:
        for oldest in self.store.page(Page(kind=kind, tenant=tenant, count=1, order="ASC")):
            self.add(kind, tenant, oldest.document)


@variant("silent: what else a write makes")
class WritesMakeOthers(MakesAnother):
    """Whatever is made brings a call, a lead, a message, an event and a run of an eval with it."""

    def act(self, context: Context) -> Reply:
        reply = super().act(context)
        makes = context.operation.action in ("create", "perform") and context.identity is not None
        for kind in OTHERS if makes else ():
            if kind != context.operation.kind:
                self._add_another(kind, self.own_tenant(context))
        return reply


@variant("silent: what others do meanwhile")
class OthersGoOn(MakesAnother):
    """Whatever is asked of events, another business makes one meanwhile."""

    def dispatch(self, request: Request) -> Reply:
        try:
            return super().dispatch(request)
        finally:
            if request.path.rpartition("/")[2] in ("replay", "backfill"):
                self._add_another("event", str(self.store.note("tenant:other")))
