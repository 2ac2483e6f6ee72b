"""Legal variants of lists."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from conformance.model import Operation, Parameter
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.moments import sort_key
from conformance.server.store import Page, Row
from tests.faults.base import Faulty, variant


def _number(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)


# --- the limit ---


@variant("L02")
class ShortPages(Faulty):
    """A page has at most seven items, with has_more true while more are left."""

    def cap_limit(self, operation: Operation, limit: int) -> int:
        return min(limit, 7)


@variant("L02")
class PagesOfChance(Faulty):
    """A page has one to seven items less than its limit, but never none."""

    def limit_of(self, context: Context) -> int:
        limit = super().limit_of(context)
        return max(1, limit - _number(f"{context.values}") % 8)


@variant("L04", untested="paging-limit-maximum")
class AboveMaximumRefused(Faulty):
    """A limit above the maximum is refused."""

    def cap_limit(self, operation: Operation, limit: int) -> int:
        if limit > self.maximum(operation):
            raise self.bad_limit(operation)
        return limit


@variant("L04 L59", untested="paging-limit-maximum")
class SmallMaximumRefused(Faulty):
    """The maximum of agents is 30, of calls 50, and a limit above it is refused."""

    def maximum(self, operation: Operation) -> int:
        return 30 if operation.id == "list_agents" else 50

    def cap_limit(self, operation: Operation, limit: int) -> int:
        if limit > self.maximum(operation):
            raise self.bad_limit(operation)
        return limit


@variant("L59 L03", untested="paging-limit-maximum")
class OtherMaxima(Faulty):
    """The maximum of agents is 10, of calls 200."""

    def maximum(self, operation: Operation) -> int:
        return 10 if operation.id == "list_agents" else 200


@variant("L59", untested="paging-limit-maximum", target={"maximum": None})
class MaximumUndeclared(Faulty):
    """The maximum is 40, and the target file does not say so."""

    def maximum(self, operation: Operation) -> int:
        return 40


@variant("L05 L06 L69")
class OddPositionsIgnored(Faulty):
    """A limit that is no number above zero is the usual one; a cursor that is no timestamp is none."""

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
    """A limit of zero gives an empty page, with has_more true where the list has items."""

    def parse_limit(self, operation: Operation, text: str) -> int:
        return 0 if text and not text.strip("0") else super().parse_limit(operation, text)


@variant("L02, the default")
class FiveByDefault(Faulty):
    """A page has five items where no limit is given."""

    def default_limit(self, operation: Operation) -> int:
        return 5


# --- order and positions ---


@variant("L10")
class OldestFirst(Faulty):
    """Lists run from old to new."""

    def order(self, operation: Operation) -> str:
        return "ASC"

    def comparison(self, operation: Operation) -> str:
        return ">"


@variant("L11")
class MixedTimestamps(Faulty):
    """Timestamps have 0, 3, 6 or 9 digits and Z or an offset, mixed in one list."""

    def render_position(self, row: Row) -> str:
        moment, kind = datetime.fromisoformat(row.position).astimezone(UTC), _number(row.id) % 5
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
    """Timestamps are served and compared in whole seconds; items that share one are lost at a border."""

    def render_position(self, row: Row) -> str:
        return datetime.fromisoformat(row.position).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def cursor_key(self, cursor: Fraction) -> str:
        return sort_key(Fraction(cursor // 1))


@variant("L09", untested="paging-precision")
class TiesRepeated(Faulty):
    """Timestamps are served in whole seconds; items that share one are repeated at a border, all others are not."""

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


@variant(
    "design 4.7",
    untested="paging-supported paging-exclusive paging-complete paging-precision paging-order paging-filter-kept "
    "has-more-false has-more-true paging-ties",
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
        bare = (
            items[-1:]
            if more
            else [{k: v for k, v in item.items() if k != "created_at"} for item in items[-1:]]
        )
        return super().render_page(context, items[:-1] + bare, more)


@variant("L15")
class EmptyCursorRefused(Faulty):
    """An empty cursor is refused."""

    def edge_of(self, context: Context) -> str | None:
        if "after=&" in context.request.query_text + "&":
            raise self.bad_cursor(context.operation)
        return super().edge_of(context)


# --- the flag ---


@variant("L01, a quiet list")
class FullPageSaysMore(Faulty):
    """has_more is true when a page is full, so that an empty page with false may follow."""

    def look_ahead(self, limit: int) -> int:
        return limit

    def has_more(self, rows: Sequence[Row], limit: int) -> bool:
        return len(rows) == limit


@variant("L17")
class MoreMembersInLists(Faulty):
    """Lists and items have further members, arrays among them."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        page = super().render_page(
            context, [{**item, "tags": [], "object": "item"} for item in items], more
        )
        return {"object": "list", "warnings": [], "total": 1000, "next_cursor": None, **page}


# --- filters ---


@variant("L24")
class EmptyForForeignBusiness(Faulty):
    """A list that is asked for another business is empty."""

    def check_tenant(self, parameter: Parameter, value: str, context: Context) -> None:
        if context.operation.action != "list":
            super().check_tenant(parameter, value, context)

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        asked = context.values.get("business_id")
        return (
            []
            if asked and not self.may_reach(str(asked), context.identity)
            else super().rows_of(context, limit)
        )


@variant("L24")
class NotFoundForForeignBusiness(Faulty):
    """A list that is asked for another business is not found."""

    def check_tenant(self, parameter: Parameter, value: str, context: Context) -> None:
        if not self.may_reach(value, context.identity):
            raise Refusal("not_found")


@variant("L24")
class ForbiddenForForeignAgent(Faulty):
    """A list that is asked for an agent of another business is refused with 403, for an unknown agent with 404."""

    def act_list(self, context: Context) -> Reply:
        if "agent_id" in context.values:
            row = self.store.get("agent", str(context.values["agent_id"]))
            if row is None or not self.may_reach(row.tenant, context.identity):
                raise Refusal("forbidden" if row else "not_found")
        return super().act_list(context)


# --- lists that move ---


class _Moving(Faulty):
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
            own = fresh.get(self.contract.identifier_of(kind))
            self.add(kind, tenant, {**alike.document, **fresh}, identifier=own)


@variant("L12")
class NewAtTheHead(_Moving):
    """Every seventh list finds a new item at its head."""

    def move(self, context: Context) -> None:
        kind, tenant = context.operation.kind or "", self.tenant_of(context.identity)
        self.add_alike(kind, tenant)


@variant("L12 L10")
class NewAtTheTail(_Moving):
    """Lists run from old to new, and every seventh finds a new item at its end."""

    def order(self, operation: Operation) -> str:
        return "ASC"

    def comparison(self, operation: Operation) -> str:
        return ">"

    def move(self, context: Context) -> None:
        kind, tenant = context.operation.kind or "", self.tenant_of(context.identity)
        self.add_alike(kind, tenant)


@variant("L13 L01")
class DeletedMeanwhile(_Moving):
    """Every fortieth list finds the item gone that stood twentieth, unless a client has made it since."""

    every = 40

    def move(self, context: Context) -> None:
        kind, tenant = context.operation.kind or "", self.tenant_of(context.identity)
        row = self.store.page(Page(kind, tenant, 20))[-1]
        if "Conformance" not in json.dumps(row.document):
            self.store.remove(row)


# --- ids ---


@variant("silent: the form of ids")
class NumericIds(Faulty):
    """All ids but those of businesses are texts of digits."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._ids: dict[str, str] = {}
        self._businesses = {
            str(self.store.note(f"tenant:{name}")) for name in ("main", "other", "empty")
        }

    def shown(self, value: Any) -> Any:
        """A value with numbers in the place of ids."""
        if isinstance(value, dict):
            return {name: self.shown(member) for name, member in value.items()}
        if isinstance(value, list):
            return [self.shown(member) for member in value]
        if (
            not isinstance(value, str)
            or not re.fullmatch(r"[0-9a-f-]{36}", value)
            or value in self._businesses
        ):
            return value
        number = str(_number(value))
        self._ids[number] = value
        return number

    def meant_by(self, value: Any) -> Any:
        """The ids that numbers in a value stand for."""
        if isinstance(value, list):
            return [self.meant_by(one) for one in value]
        return self._ids.get(value, value) if isinstance(value, str) else value

    def succeed(self, context: Context, body: Any) -> Reply:
        return super().succeed(
            context, body if context.operation.action == "fetch" else self.shown(body)
        )

    def take_in(
        self, operation: Operation, request: Request, in_path: Mapping[str, str]
    ) -> dict[str, Any]:
        return {
            name: self.meant_by(value)
            for name, value in super().take_in(operation, request, in_path).items()
        }
