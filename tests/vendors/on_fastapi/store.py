"""The data in SQLite: a table for each kind, with the members of an object as JSON."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

KINDS = ("agents", "calls", "leads", "webhooks", "events", "numbers", "pool", "transcripts")
Row = dict[str, Any]

broken: set[str] = set()
"""The names of what is wrong in this process."""


def on(name: str) -> bool:
    """Whether something is wrong."""
    return name in broken


def text_of(moment: datetime) -> str:
    """A moment as it is stored, with microseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Store:
    """The tables, and what is asked of them.

    One connection serves all requests: they are `async` down to their dependencies, so that all of
    them run in the thread of the event loop. SQLite refuses any other thread.
    """

    def __init__(self) -> None:
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        self.latest = datetime.now(UTC)
        for kind in KINDS:
            self.db.execute(
                f"CREATE TABLE {kind} (id TEXT PRIMARY KEY, business TEXT, created TEXT, doc TEXT)"
            )
        self.db.execute(
            "CREATE TABLE keys (token TEXT, business TEXT, scopes TEXT, expires TEXT, revoked INT)"
        )

    def now(self) -> datetime:
        """The present; no moment comes twice."""
        self.latest = max(datetime.now(UTC), self.latest + timedelta(microseconds=1))
        return self.latest

    def add(
        self, kind: str, business: str | None, doc: Mapping[str, Any], at: datetime | None = None
    ) -> Row:
        """Store a new object and return it."""
        row = {"id": f"{kind[:2]}_{secrets.token_hex(8)}", **doc}
        if business is not None:
            row["business_id"] = business
        row["created_at"] = text_of(at or self.now())
        self.db.execute(
            f"INSERT INTO {kind} VALUES (?, ?, ?, ?)",
            (row["id"], business, row["created_at"], _dump(row)),
        )
        return row

    def save(self, kind: str, row: Row) -> None:
        """Store a changed object."""
        self.db.execute(f"UPDATE {kind} SET doc = ? WHERE id = ?", (_dump(row), row["id"]))

    def remove(self, kind: str, id_: str) -> None:
        """Delete an object."""
        self.db.execute(f"DELETE FROM {kind} WHERE id = ?", (id_,))

    def one(self, kind: str, business: str | None, value: str, member: str = "id") -> Row | None:
        """The object of a business whose id or other member has a value."""
        where = [(f"json_extract(doc, '$.{member}') = ?", value)]
        if business is not None:
            where.append(("business = ?", business))
        found = self.select(kind, where, "created DESC", 1)
        return found[0] if found else None

    def select(
        self, kind: str, where: Sequence[tuple[str, Any]], order: str, limit: int
    ) -> list[Row]:
        """The objects for which all conditions hold."""
        terms = " AND ".join(term for term, _ in where) or "1"
        query = f"SELECT doc FROM {kind} WHERE {terms} ORDER BY {order} LIMIT ?"
        values = [value for _, value in where]
        return [json.loads(doc) for (doc,) in self.db.execute(query, [*values, limit])]

    def issue(self, business: str, scopes: Sequence[str], prefix: str = "kc_live_") -> str:
        """Make a key and return its text."""
        token = prefix + secrets.token_urlsafe(33)
        self.db.execute(
            "INSERT INTO keys VALUES (?, ?, ?, NULL, 0)", (token, business, json.dumps(scopes))
        )
        return token


def _dump(row: Row) -> str:
    return json.dumps(row, ensure_ascii=False)
