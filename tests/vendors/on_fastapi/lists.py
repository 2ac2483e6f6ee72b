"""Pages of lists: newest first, cut by created_at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Query

from tests.vendors.on_fastapi.access import Caller, ProblemError
from tests.vendors.on_fastapi.store import Row, on, text_of

MAXIMUM = 100


@dataclass(frozen=True)
class Page:
    """The parameters after and limit of a request."""

    after: datetime | None
    limit: int

    def cursor(self) -> str | None:
        """The cursor as created_at is stored."""
        if self.after is None:
            return None
        return stored(self.after)


def stored(moment: datetime) -> str:
    """A moment of a request as it is stored. Raises ProblemError if it cannot be."""
    try:
        return text_of(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (OverflowError, ValueError):
        raise ProblemError("invalid_request", "That is no moment") from None


async def page(
    after: Annotated[datetime | None, Query()] = None,
    limit: Annotated[int, Query(ge=1)] = 20,
) -> Page:
    """The page that a request asks for; a limit above the maximum is cut down."""
    return Page(after, limit)


Paging = Annotated[Page, Depends(page)]


def serve(
    who: Caller,
    kind: str,
    page: Page,
    filters: Mapping[str, Any],
    bounds: Sequence[tuple[str, Any]] = (),
) -> dict[str, Any]:
    """A page of the objects of a business for which all filters and bounds hold."""
    where: list[tuple[str, Any]] = [("business = ?", who.business)]
    given = [(k, v) for k, v in filters.items() if v is not None]
    where += [(f"json_extract(doc, '$.{k}') = ?", v) for k, v in given]
    where += bounds
    where = _mistaken(kind, page, filters, where)
    cursor = page.cursor()
    if cursor is not None:
        where.append(_after(kind, cursor))
    limit = min(page.limit, 500 if kind == "calls" and on("over-the-maximum") else MAXIMUM)
    rows = who.store.select(kind, where, _order(kind, cursor), limit + 1)
    more = len(rows) > limit
    if kind == "webhooks" and on("full-page-means-more"):
        more = len(rows) >= limit
    return {kind: [shown(kind, row) for row in rows[:limit]], "has_more": more}


def _mistaken(
    kind: str, page: Page, filters: Mapping[str, Any], where: list[tuple[str, Any]]
) -> list[tuple[str, Any]]:
    """The conditions with the mistakes of the list."""
    if kind == "leads" and on("filter-dropped-after") and page.after is not None:
        return where[:1]
    if kind == "calls" and on("last-filter-only"):
        return where[:1] + where[1:][-1:]
    if kind == "transcripts" and on("agent-instead-of-business") and filters.get("agent_id"):
        return where[1:]
    return where


def _after(kind: str, cursor: str) -> tuple[str, Any]:
    """The condition that an item comes after the cursor."""
    if kind == "calls" and on("inclusive-cursor"):
        return "created <= ?", cursor
    if kind == "agents" and on("seconds-shown"):
        return "created < ?", cursor.replace(".000000", "")
    if kind == "transcripts" and on("cursor-in-seconds"):
        return "created < ?", cursor[:19] + ".000000Z"
    return "created < ?", cursor


def _order(kind: str, cursor: str | None) -> str:
    if kind == "events" and on("next-page-ascending") and cursor is not None:
        return "created ASC"
    if kind == "numbers" and on("order-by-number"):
        return "json_extract(doc, '$.phone_number')"
    return "created DESC"


def shown(kind: str, row: Row) -> Row:
    """An object as answers show it, without what is only for the server."""
    row = {member: value for member, value in row.items() if not member.startswith("_")}
    if kind == "agents" and on("seconds-shown"):
        row["created_at"] = row["created_at"][:19] + "Z"
    return row
