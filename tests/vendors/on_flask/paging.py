"""Pages of lists: oldest first, cut by created_at."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from flask import g, request

from tests.vendors.on_flask.data import Thing, unpacked, wrong
from tests.vendors.on_flask.web import ApiError, argument, data, moment

MAXIMUM = {"messages": 20}
Terms = list[tuple[str, Any]]


def size(table: str) -> int:
    """The limit of the request: cut to the maximum, and 25 for what is no number."""
    asked = request.args.get("limit") or "25"
    if table == "evals" and wrong("limit-crashes"):
        int(asked)
    try:
        limit = int(asked)
    except ValueError:
        if table == "deliveries" and wrong("traceback"):
            raise ApiError(400, "invalid_request", traceback.format_exc()) from None
        limit = 25
    if limit < 0 and table == "messages" and wrong("negative-limit"):
        return -1
    return min(limit if limit > 0 else 25, MAXIMUM.get(table, 50))


def cursor(table: str) -> Terms:
    """The condition that an item comes after the cursor."""
    after = moment("after")
    if table == "deliveries" and wrong("http-date") and after is None:
        after = http_date()
    if after is None:
        return []
    if table == "leads" and wrong("inclusive-cursor"):
        return [("created_at >= ?", after)]
    if table == "workspaces" and wrong("milliseconds-shown"):
        return [("created_at > ?", after[:23] + "+00:00")]
    if table == "agents" and wrong("cursor-is-a-day"):
        return [("created_at > ?", after[:10])]
    return [("created_at > ?", after)]


def http_date() -> str | None:
    """The cursor as the date of an HTTP header."""
    try:
        read = parsedate_to_datetime(argument("after") or "")
    except ValueError:
        return None
    return read.isoformat(timespec="microseconds").replace("+00:00", ".000000+00:00"[7:])


def filtered(table: str, filters: Mapping[str, Any]) -> Terms:
    """The conditions that the rows are of the business, and pass the filters."""
    business = ("business_id = ?", g.business)
    terms: Terms = [(f"{name} = ?", value) for name, value in filters.items() if value is not None]
    if table == "workspaces" and wrong("all-workspaces"):
        return []
    if table == "messages" and wrong("thread-instead-of-business") and filters["conversation_id"]:
        return terms
    return [business, *terms]


def page(
    table: str,
    collection: str,
    filters: Mapping[str, Any],
    bounds: Sequence[tuple[str, Any]] = (),
    show: Callable[[Thing], Thing] = dict,
) -> Any:
    """A page of the rows of the business for which all filters and bounds hold."""
    terms = [*filtered(table, filters), *bounds, *cursor(table)]
    limit = size(table)
    where = " AND ".join(term for term, _ in terms) or "1"
    order = "" if table == "evals" and wrong("no-order") else "ORDER BY created_at"
    query = f"SELECT * FROM {table} WHERE {where} {order} LIMIT ?"
    values = [value for _, value in terms]
    rows = data().db.execute(query, [*values, limit + 1 if limit > 0 else limit]).fetchall()
    shown = rows if limit < 0 else rows[:limit]
    if table == "evals" and wrong("one-too-many"):
        shown = rows
    items = [stamped(table, show(unpacked(row))) for row in shown]
    return {collection: items, "has_more": more(table, len(rows), limit)}


def more(table: str, count: int, limit: int) -> Any:
    """Whether items remain after the page."""
    remain = 0 <= limit < count
    if table == "agents" and wrong("count-of-all"):
        every: int = data().db.execute("SELECT COUNT(*) FROM agents").fetchone()[0]
        return min(count, limit) < every
    if table == "usage" and wrong("never-more"):
        return False
    return int(remain) if table == "conversations" and wrong("more-is-one") else remain


def stamped(table: str, item: Thing) -> Thing:
    """An item with created_at as its list shows it."""
    if table == "workspaces" and wrong("milliseconds-shown"):
        item["created_at"] = item["created_at"][:23] + "+00:00"
    if table == "deliveries" and wrong("http-date"):
        item["created_at"] = datetime.fromisoformat(item["created_at"])
    return item
