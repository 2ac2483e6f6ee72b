"""The data in SQLite: a table with columns for each kind."""

from __future__ import annotations

import json
import sqlite3
import threading
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

TABLES = {
    "workspaces": "name, metadata, external_ref, lifecycle_state, updated_at",
    "leads": (
        "name, first_name, last_name, email, phone, address, city, state, zip, status, source, "
        "source_url, source_page, notes, message, event_date, event_type, agent_id, timezone, "
        "score, updated_at"
    ),
    "agents": "name, status, phone_number, sms_prompt",
    "conversations": "agent_id, phone_number",
    "messages": "conversation_id, direction, message",
    "evals": "agent_id, name, description, messages, deleted",
    "deliveries": "event_id, webhook_id, status",
    "usage": "path",
    "calls": "agent_id, status, transcript",
}
JSON = ("metadata", "messages")
Thing = dict[str, Any]

WRONG: set[str] = set()
lock = threading.RLock()


def wrong(name: str) -> bool:
    """Whether something is wrong in this process."""
    return name in WRONG


class Data:
    """The connection, and the few queries that routes share."""

    def __init__(self) -> None:
        self.db = sqlite3.connect(":memory:", check_same_thread=False)
        self.db.row_factory = sqlite3.Row
        self.last = datetime.now(UTC)
        for name, columns in TABLES.items():
            self.db.execute(f"CREATE TABLE {name} (id TEXT, business_id, {columns}, created_at)")
        self.db.execute("CREATE UNIQUE INDEX ref ON workspaces (business_id, external_ref)")
        self.db.execute("CREATE TABLE keys (token, business_id, scopes, expires_at, revoked)")

    def tick(self) -> str:
        """The present as text; no moment comes twice."""
        self.last = max(datetime.now(UTC), self.last + timedelta(microseconds=1))
        return self.last.isoformat(timespec="microseconds")

    def insert(self, table: str, /, **values: Any) -> Thing:
        """Store a row and return it."""
        row = {"id": str(uuid.uuid4()), "created_at": self.tick(), **values}
        packed = {name: _packed(name, value) for name, value in row.items()}
        marks = ", ".join("?" for _ in packed)
        query = f"INSERT INTO {table} ({', '.join(packed)}) VALUES ({marks})"
        self.db.execute(query, list(packed.values()))
        found = self.find(table, row["id"])
        assert found is not None
        return found

    def find(self, table: str, id_: Any, business: str | None = None) -> Thing | None:
        """A row by its id, of one business if one is given."""
        query, values = f"SELECT * FROM {table} WHERE id = ?", [id_]
        if business is not None:
            query, values = query + " AND business_id = ?", [id_, business]
        row = self.db.execute(query, values).fetchone()
        return unpacked(row) if row else None

    def update(self, table: str, id_: str, values: Thing) -> None:
        """Change columns of a row."""
        for name, value in values.items():
            query = f"UPDATE {table} SET {name} = ? WHERE id = ?"
            self.db.execute(query, (_packed(name, value), id_))


def _packed(name: str, value: Any) -> Any:
    return json.dumps(value) if name in JSON and value is not None else value


def unpacked(row: sqlite3.Row) -> Thing:
    """A row as a dict, with JSON columns read."""
    thing = dict(row)
    for name in JSON:
        if thing.get(name) is not None:
            thing[name] = json.loads(thing[name])
    return thing
