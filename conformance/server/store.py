"""The data of the server in SQLite, with tables for objects of all kinds, for keys and for notes.

An object stores its position twice: as the client sees it, and as a sort key (see ``moments``). Its
members are one JSON document. A page is one query along the position index.
The amount of data created by clients is limited. Beyond the limit, the oldest is removed, as if by
another client. All threads share one connection with a lock. Holding the lock makes
check-then-insert safe.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_TABLES = """
CREATE TABLE IF NOT EXISTS objects (
    kind TEXT NOT NULL, id TEXT NOT NULL, tenant TEXT NOT NULL,
    position TEXT NOT NULL, sort TEXT NOT NULL, document TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS objects_by_position ON objects (kind, tenant, sort);
CREATE TABLE IF NOT EXISTS keys (
    key TEXT PRIMARY KEY, name TEXT NOT NULL, tenant TEXT NOT NULL,
    scopes TEXT NOT NULL, expires INTEGER, revoked INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
"""
_COLUMNS = "kind, id, tenant, position, sort, document"
_INSERT = f"INSERT INTO objects ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608

MOST = 10_000
"""Maximum number of objects and notes that are kept, of those created since the server started."""
MOST_CHARACTERS = 64 << 20
"""Maximum total characters of these objects and notes."""
_NOTE = ""
"""Stands for the kind of an object where a note is meant."""


@dataclass(frozen=True)
class Row:
    """A stored object. ``position`` is its timestamp, ``sort`` the sort key of that time."""

    kind: str
    id: str
    tenant: str
    position: str
    sort: str
    document: dict[str, Any]


@dataclass(frozen=True)
class Identity:
    """The identity of a key: a name, a tenant and scopes. ``expires`` is a moment, or None."""

    name: str
    key: str
    tenant: str
    scopes: frozenset[str]
    expires: int | None = None
    revoked: bool = False


@dataclass(frozen=True)
class Filter:
    """A condition on a member, such as ``status = done``. A list of values matches any value in it.

    An empty ``member`` stands for the sort key.
    """

    member: str
    value: Any
    comparison: str = "="


@dataclass(frozen=True)
class Page:
    """The rows of a list page. ``comparison`` goes between the sort key of a row and ``edge``.

    ``tenant`` None means all tenants, ``edge`` None the first page.
    """

    kind: str
    tenant: str | None
    count: int
    edge: str | None = None
    comparison: str = "<"
    order: str = "DESC"
    filters: tuple[Filter, ...] = ()


class Store:
    """Objects, keys and notes. It is safe to use from many threads."""

    def __init__(self, database: str = ":memory:") -> None:
        self.lock = threading.RLock()
        self.most, self.most_characters = MOST, MOST_CHARACTERS
        # what clients have created: (kind, id) -> characters, oldest first
        self._made: dict[tuple[str, str], int] = {}
        self._base = sqlite3.connect(database, check_same_thread=False, isolation_level=None)
        self._base.executescript(_TABLES)

    def copy_from(self, other: Store) -> None:
        """Become a copy of another store."""
        with self.lock, other.lock:
            other._base.backup(self._base)

    def close(self) -> None:
        """Close the database."""
        with self.lock:
            self._base.close()

    # --- objects ---

    def put(self, rows: Iterable[Row], *, lasting: bool = False) -> None:
        """Store all of the new objects or none. ``lasting`` objects are never evicted."""
        values = [
            (row.kind, row.id, row.tenant, row.position, row.sort, json.dumps(row.document))
            for row in rows
        ]
        with self.lock:
            self._base.execute("BEGIN")
            try:
                self._base.executemany(_INSERT, values)
            except BaseException:
                self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")
            if not lasting:
                self._record({(kind, own_id): len(text) for kind, own_id, *_, text in values})

    def get(self, kind: str, identifier: str) -> Row | None:
        """An object of any tenant, by its id; None if there is none."""
        query = f"SELECT {_COLUMNS} FROM objects WHERE kind = ? AND id = ?"  # noqa: S608
        with self.lock:
            row = self._base.execute(query, (kind, identifier)).fetchone()
        return _row(row) if row else None

    def change(self, row: Row, members: Mapping[str, Any]) -> Row:
        """Overwrite some members of an object, and return the changed object."""
        with self.lock:
            current = self.get(row.kind, row.id) or row  # it may have been removed meanwhile
            document = {**current.document, **members}
            text = json.dumps(document)
            self._base.execute(
                "UPDATE objects SET document = ? WHERE kind = ? AND id = ?",
                (text, row.kind, row.id),
            )
            if (row.kind, row.id) in self._made:
                self._record({(row.kind, row.id): len(text)})
        return Row(row.kind, row.id, row.tenant, row.position, row.sort, document)

    def remove(self, row: Row) -> None:
        """Delete an object."""
        with self.lock:
            self._base.execute("DELETE FROM objects WHERE kind = ? AND id = ?", (row.kind, row.id))
            self._made.pop((row.kind, row.id), None)

    def is_taken(self, kind: str, tenant: str, sort: str) -> bool:
        """Whether an object of a kind and tenant has this sort key."""
        query = "SELECT 1 FROM objects WHERE kind = ? AND tenant = ? AND sort = ?"
        with self.lock:
            return self._base.execute(query, (kind, tenant, sort)).fetchone() is not None

    def page(self, page: Page) -> list[Row]:
        """The rows of a page, in the order of the page."""
        conditions, values = _conditions(page)
        query = (
            f"SELECT {_COLUMNS} FROM objects WHERE {' AND '.join(conditions)}"  # noqa: S608
            f" ORDER BY sort {page.order} LIMIT ?"
        )
        with self.lock:
            found = self._base.execute(query, (*values, page.count)).fetchall()
        return [_row(columns) for columns in found]

    # --- keys ---

    def put_key(self, identity: Identity) -> None:
        """Store a key, or replace it."""
        values = (identity.key, identity.name, identity.tenant, json.dumps(sorted(identity.scopes)))
        with self.lock:
            self._base.execute(
                "INSERT OR REPLACE INTO keys VALUES (?, ?, ?, ?, ?, ?)",
                (*values, identity.expires, identity.revoked),
            )

    def key(self, text: str) -> Identity | None:
        """The identity of a key, or None."""
        with self.lock:
            row = self._base.execute("SELECT * FROM keys WHERE key = ?", (text,)).fetchone()
        if row is None:
            return None
        key, name, tenant, scopes, expires, revoked = row
        return Identity(name, key, tenant, frozenset(json.loads(scopes)), expires, bool(revoked))

    # --- notes ---

    def note(self, name: str) -> Any:
        """The value of an internal note, or None."""
        with self.lock:
            row = self._base.execute(
                "SELECT value FROM counters WHERE name = ?", (name,)
            ).fetchone()
        return row[0] if row else None

    def set_note(self, name: str, value: Any) -> None:
        """Write a note that is never evicted, or replace it."""
        with self.lock:
            self._base.execute("INSERT OR REPLACE INTO counters VALUES (?, ?)", (name, value))

    def set_evictable_note(self, name: str, value: str) -> None:
        """Write a note that may be evicted, or replace it."""
        with self.lock:
            self.set_note(name, value)
            self._record({(_NOTE, name): len(name) + len(value)})

    # --- the bound ---

    def _record(self, sizes: Mapping[tuple[str, str], int]) -> None:
        """Record what was created or changed, and evict the oldest if there is too much.

        ``sizes`` has the characters of each object by kind and id, or of a note by its name.
        """
        self._made.update(sizes)
        while len(self._made) > self.most or self._is_too_large():
            oldest = next(iter(self._made))
            del self._made[oldest]
            self._evict(*oldest)

    def _is_too_large(self) -> bool:
        """Whether the total size is too large. A single object never is."""
        return len(self._made) > 1 and sum(self._made.values()) > self.most_characters

    def _evict(self, kind: str, name: str) -> None:
        """Remove an object or a note. Removing a tenant also removes its keys."""
        if kind == _NOTE:
            self._base.execute("DELETE FROM counters WHERE name = ?", (name,))
            return
        self._base.execute("DELETE FROM objects WHERE kind = ? AND id = ?", (kind, name))
        self._base.execute("DELETE FROM keys WHERE tenant = ?", (name,))

    def number(self, series: str = "") -> int:
        """The next number of a series that starts at 1."""
        with self.lock:
            name = f"number {series}"
            number: int = (self.note(name) or 0) + 1
            self.set_note(name, number)
            return number


def _conditions(page: Page) -> tuple[list[str], list[Any]]:
    """The SQL conditions for a page, and the values of their parameters, in order.

    A row matches a filter with several values if it matches any of them.
    """
    conditions, values = ["kind = ?"], [page.kind]
    if page.tenant is not None:
        conditions.append("tenant = ?")
        values.append(page.tenant)
    if page.edge is not None:
        conditions.append(f"sort {page.comparison} ?")
        values.append(page.edge)
    for condition in page.filters:
        accepted = condition.value if isinstance(condition.value, list) else [condition.value]
        column = _member(condition.member) if condition.member else "sort"
        comparisons = [f"{column} {condition.comparison} ?"] * len(accepted)
        conditions.append(f"({' OR '.join(comparisons)})")
        values += accepted
    return conditions, values


def _member(name: str) -> str:
    """The SQL expression for a member of an object.

    Raises ValueError if its name has characters other than letters, digits and underscores.
    """
    if not name.replace("_", "").isalnum():
        raise ValueError(f"a list cannot be filtered by a member named {name!r}")
    return f"json_extract(document, '$.{name}')"


def _row(columns: tuple[Any, ...]) -> Row:
    """The object in a row of the database, with the columns in the order of ``_COLUMNS``."""
    kind, identifier, tenant, position, sort, document = columns
    return Row(kind, identifier, tenant, position, sort, json.loads(document))
