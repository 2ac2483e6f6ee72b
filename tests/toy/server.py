"""A small library server that keeps the toy contract, written by hand.

It shares no code with the suite. Each promise is one small method, to plant a fault by overriding it.
"""

import json
import re
import sqlite3
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from fractions import Fraction
from math import floor
from threading import Lock
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIEnvironment

from tests.toy import facts
from tests.toy.facts import FaultError, Key, target

__all__ = ["ToyServer", "target"]

Book = dict[str, Any]
Answer = tuple[int, Any]
STAMP = re.compile(
    r"([0-9-]{10})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,99})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


class ToyServer:
    """The WSGI application; ``clock`` gives seconds since 1970, POST /clock moves it forward."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock, self.ahead, self.lock, self.count, self.last = clock, 0.0, Lock(), 0, 0
        self.keys = {facts.secret(name): key for name, key in facts.KEYS.items()}
        self.visits: dict[str, list[float]] = {}
        self.store = sqlite3.connect(":memory:", check_same_thread=False)
        self.store.row_factory = sqlite3.Row
        self.store.execute(
            "CREATE TABLE book (isbn TEXT PRIMARY KEY, branch, title, author, year, added INTEGER)"
        )
        for branch, book, added in facts.SEED:
            self.insert(branch, book, added)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with self.lock:
            try:
                status, body = self.route(environ)
            except FaultError as fault:
                status, body = self.refusal(*fault.args)
            except Exception:
                status, body = self.refusal("broken-inside", "Something broke, sorry")
        data = json.dumps(body).encode()
        start_response(
            f"{status} Toy",
            [("Content-Type", self.media_type(status)), ("Content-Length", str(len(data)))],
        )
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [data]

    def media_type(self, status: int) -> str:
        return "application/json"

    def refusal(self, kind: str, text: str) -> Answer:
        return facts.KINDS[kind], {"fault": {"kind": kind, "text": text}}

    def route(self, environ: WSGIEnvironment) -> Answer:
        path = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace")
        one = re.fullmatch(f"{facts.BASE}/books/([^/]+)", path)
        name = facts.ROUTES.get(f"{facts.BASE}/books/*" if one else path, {}).get(
            environ["REQUEST_METHOD"]
        )
        return getattr(self, name or "nothing")(environ, *(one.groups() if one else ()))  # type: ignore[no-any-return]

    def nothing(self, environ: WSGIEnvironment, *isbn: str) -> Answer:
        raise FaultError("gone-missing", "There is nothing here")

    def list_books(self, environ: WSGIEnvironment) -> Answer:
        key = self.enter(environ, facts.LOOK)
        query = {
            name: texts[0]
            for name, texts in parse_qs(
                environ.get("QUERY_STRING", ""), keep_blank_values=True
            ).items()
        }
        size = self.size(query["page_size"]) if "page_size" in query else facts.USUAL
        after = self.cursor(query["from_added"]) if "from_added" in query else None
        rows = self.rows(key, after, query.get("author"), size + 1)
        return 200, {
            "books": [self.shown(row) for row in rows[:size]],
            "another": self.another(rows, size),
        }

    def create_book(self, environ: WSGIEnvironment) -> Answer:
        key = self.enter(environ, facts.CHANGE)
        return 201, self.shown(
            self.insert(key.branch, self.book(self.body(environ), ("title", "author")))
        )

    def read_book(self, environ: WSGIEnvironment, isbn: str) -> Answer:
        return 200, self.shown(self.find(self.enter(environ, facts.LOOK), isbn))

    def update_book(self, environ: WSGIEnvironment, isbn: str) -> Answer:
        row = self.find(self.enter(environ, facts.CHANGE), isbn) | self.book(self.body(environ))
        self.store.execute(
            "UPDATE book SET title = :title, author = :author, year = :year WHERE isbn = :isbn", row
        )
        return 200, self.shown(row)

    def remove_book(self, environ: WSGIEnvironment, isbn: str) -> Answer:
        self.store.execute(
            "DELETE FROM book WHERE isbn = :isbn",
            self.find(self.enter(environ, facts.CHANGE), isbn),
        )
        return 200, {"isbn": isbn, "removed": True}

    def register(self, environ: WSGIEnvironment) -> Answer:
        self.admit(environ.get("REMOTE_ADDR", ""))
        sent = self.body(environ)
        reader, mail = (self.text(self.wanted(sent, name), name) for name in ("reader", "mail"))
        if "@" not in mail:
            raise FaultError("not-right", "mail is no address")
        branch = f"reader-{len(self.keys)}"
        self.keys[facts.secret(branch)] = Key(branch)
        return 201, {"reader": reader, "branch": branch, "token": facts.secret(branch)}

    def forward(self, environ: WSGIEnvironment) -> Answer:
        self.ahead += self.number(self.wanted(self.body(environ), "seconds"), "seconds", 10**9)
        return 200, {"now": self.now()}

    def now(self) -> float:
        return self.clock() + self.ahead

    def enter(self, environ: WSGIEnvironment, right: str) -> Key:
        key = self.keys.get(environ.get("HTTP_X_TOY_KEY", ""))
        if key is None or not self.valid(key):
            raise FaultError("no-key", "Show a valid key please")
        if not self.permits(key, right):
            raise FaultError("no-right", f"The key lacks {right}")
        return key

    def valid(self, key: Key) -> bool:
        return key.valid

    def permits(self, key: Key, right: str) -> bool:
        return right in key.rights

    def admit(self, address: str) -> None:
        recent = [visit for visit in self.visits.get(address, []) if self.now() - visit < 60]
        if len(recent) >= facts.PER_MINUTE:
            raise FaultError("too-often", "Come back in a minute")
        self.visits[address] = [*recent, self.now()]

    def body(self, environ: WSGIEnvironment) -> dict[str, Any]:
        media = environ.get("CONTENT_TYPE") or "application/json"
        try:
            sent = json.loads(
                environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
            )
            json.dumps(
                sent, allow_nan=False, ensure_ascii=False
            ).encode()  # no NaN, no half of a character
        except (ValueError, RecursionError):
            raise FaultError("not-right", "The body is not JSON") from None
        if not isinstance(sent, dict) or media.split(";")[0].strip().lower() != "application/json":
            raise FaultError("not-right", "The body is not a JSON object")
        return sent

    def wanted(self, sent: dict[str, Any], name: str) -> Any:
        if name not in sent:
            raise FaultError("lacking", f"{name} is wanted")
        return sent[name]

    def text(self, value: Any, name: str) -> str:
        if not isinstance(value, str) or not value:
            raise FaultError("not-right", f"{name} is a text")
        return value

    def number(self, value: Any, name: str, most: int) -> int:
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not 0 <= value <= most
            or value != int(value)
        ):
            raise FaultError("not-right", f"{name} is a whole number from 0 to {most}")
        return int(value)

    def book(self, sent: dict[str, Any], required: tuple[str, ...] = ()) -> Book:
        for name in required:
            self.wanted(sent, name)
        found: Book = {
            name: self.text(sent[name], name) for name in ("title", "author") if name in sent
        }
        return found | ({"year": self.number(sent["year"], "year", 9999)} if "year" in sent else {})

    def size(self, text: str) -> int:
        digits = re.fullmatch("0*([1-9][0-9]*)", text)
        if not digits:
            raise FaultError("not-right", "page_size is a whole number of 1 or more")
        return min(int(digits[1][:9]), facts.MAXIMUM)

    def cursor(self, text: str) -> Fraction:
        """The moment in microseconds since 1970, exact to the last digit."""
        try:
            day, time, fraction, zone = STAMP.fullmatch(text).groups(".0")  # type: ignore[union-attr]
            whole = (datetime.fromisoformat(f"{day}T{time}Z") - facts.EPOCH) // timedelta(seconds=1)
            hours, minutes = (0, 0) if zone in "Zz" else (int(zone[:3]), int(zone[0] + zone[4:]))
            if abs(hours) > 23 or abs(minutes) > 59:
                raise ValueError(zone)
        except (AttributeError, ValueError):
            raise FaultError("not-right", "from_added is no ISO timestamp") from None
        return (whole - hours * 3600 - minutes * 60 + Fraction(f"0{fraction}")) * 10**6

    def rows(self, key: Key, after: Fraction | None, author: str | None, most: int) -> list[Book]:
        least = (
            -(10**18) if after is None else floor(after)
        )  # added is whole: above the cursor is above its floor
        where = "branch = ? AND added > ? AND (? IS NULL OR author = ?) ORDER BY added LIMIT ?"
        return list(
            map(
                dict,
                self.store.execute(
                    f"SELECT * FROM book WHERE {where}", (key.branch, least, author, author, most)
                ),
            )
        )

    def another(self, rows: list[Book], size: int) -> bool:
        return len(rows) > size

    def find(self, key: Key, isbn: str) -> Book:
        for row in self.store.execute(
            "SELECT * FROM book WHERE branch = ? AND isbn = ?", (key.branch, isbn)
        ):
            return dict(row)
        raise FaultError("gone-missing", "No such book")

    def shown(self, row: Book) -> Book:
        return row | {"added": (facts.EPOCH + timedelta(microseconds=row["added"])).isoformat()}

    def insert(self, branch: str, book: Book, added: int | None = None) -> Book:
        self.count += 1
        self.last = max(int(self.now() * 10**6), self.last + 1) if added is None else added
        row = {
            "isbn": f"978{self.count:010d}",
            "branch": branch,
            "year": None,
            **book,
            "added": self.last,
        }
        self.store.execute(
            "INSERT INTO book VALUES (:isbn, :branch, :title, :author, :year, :added)", row
        )
        return row
