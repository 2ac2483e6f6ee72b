"""A small library server that keeps the toy contract, written by hand.

It shares no code with the suite. Each promise is one small method, so that a test can break it by
overriding that method.
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
TABLE = "CREATE TABLE book (isbn TEXT PRIMARY KEY, branch, title, author, year, added INTEGER)"


class ToyServer:
    """The WSGI application. ``clock`` returns seconds since 1970, POST /clock moves it forward."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock, self.ahead = clock, 0.0
        self.lock = Lock()
        self.count, self.last = 0, 0
        self.keys = {facts.secret(name): key for name, key in facts.KEYS.items()}
        self.visits: dict[str, list[float]] = {}
        self.store = sqlite3.connect(":memory:", check_same_thread=False)
        self.store.row_factory = sqlite3.Row
        self.store.execute(TABLE)
        for branch, book, added in facts.SEED:
            self.insert(branch, book, added)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with self.lock:
            status, body = self.answer(environ)
        data = json.dumps(body).encode()
        start_response(
            f"{status} Toy",
            [("Content-Type", self.media_type(status)), ("Content-Length", str(len(data)))],
        )
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [data]

    # --- answers ---

    def answer(self, environ: WSGIEnvironment) -> Answer:
        try:
            return self.route(environ)
        except FaultError as fault:
            return self.refusal(*fault.args)
        except Exception:
            return self.refusal("broken-inside", "Something broke, sorry")

    def media_type(self, status: int) -> str:
        return "application/json"

    def refusal(self, kind: str, text: str) -> Answer:
        return facts.KINDS[kind], {"fault": {"kind": kind, "text": text}}

    def route(self, environ: WSGIEnvironment) -> Answer:
        path = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace")
        of_book = re.fullmatch(f"{facts.BASE}/books/([^/]+)", path)
        methods = facts.ROUTES.get(f"{facts.BASE}/books/*" if of_book else path, {})
        action = getattr(self, methods.get(environ["REQUEST_METHOD"], "nothing"))
        answer: Answer = action(environ, *of_book.groups()) if of_book else action(environ)
        return answer

    def nothing(self, environ: WSGIEnvironment, *isbn: str) -> Answer:
        raise FaultError("gone-missing", "There is nothing here")

    # --- operations ---

    def list_books(self, environ: WSGIEnvironment) -> Answer:
        key = self.enter(environ, facts.LOOK)
        query = self.query(environ)
        size = self.size(query["page_size"]) if "page_size" in query else facts.USUAL
        after = self.cursor(query["from_added"]) if "from_added" in query else None
        rows = self.rows(key, after, query.get("author"), size + 1)
        books = [self.render(row) for row in rows[:size]]
        return 200, {"books": books, "another": self.another(rows, size)}

    def create_book(self, environ: WSGIEnvironment) -> Answer:
        key = self.enter(environ, facts.CHANGE)
        book = self.book(self.body(environ), ("title", "author"))
        return 201, self.render(self.insert(key.branch, book))

    def read_book(self, environ: WSGIEnvironment, isbn: str) -> Answer:
        return 200, self.render(self.find(self.enter(environ, facts.LOOK), isbn))

    def update_book(self, environ: WSGIEnvironment, isbn: str) -> Answer:
        row = self.find(self.enter(environ, facts.CHANGE), isbn) | self.book(self.body(environ))
        self.store.execute(
            "UPDATE book SET title = :title, author = :author, year = :year WHERE isbn = :isbn", row
        )
        return 200, self.render(row)

    def remove_book(self, environ: WSGIEnvironment, isbn: str) -> Answer:
        row = self.find(self.enter(environ, facts.CHANGE), isbn)
        self.store.execute("DELETE FROM book WHERE isbn = :isbn", row)
        return 200, {"isbn": isbn, "removed": True}

    def register(self, environ: WSGIEnvironment) -> Answer:
        self.admit(environ.get("REMOTE_ADDR", ""))
        body = self.body(environ)
        reader = self.text(self.required(body, "reader"), "reader")
        mail = self.text(self.required(body, "mail"), "mail")
        if "@" not in mail:
            raise FaultError("not-right", "mail is no address")
        branch = f"reader-{len(self.keys)}"
        self.keys[facts.secret(branch)] = Key(branch)
        return 201, {"reader": reader, "branch": branch, "token": facts.secret(branch)}

    def forward(self, environ: WSGIEnvironment) -> Answer:
        self.ahead += self.number(self.required(self.body(environ), "seconds"), "seconds", 10**9)
        return 200, {"now": self.now()}

    def now(self) -> float:
        return self.clock() + self.ahead

    # --- keys and limits ---

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

    # --- input ---

    def query(self, environ: WSGIEnvironment) -> dict[str, str]:
        """The query. If a parameter is repeated, the first counts."""
        values = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        return {name: texts[0] for name, texts in values.items()}

    def body(self, environ: WSGIEnvironment) -> dict[str, Any]:
        media = environ.get("CONTENT_TYPE") or "application/json"
        data = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        try:
            body = json.loads(data.decode())
            # This refuses NaN, and half of a surrogate pair.
            json.dumps(body, allow_nan=False, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            raise FaultError("not-right", "The body is not JSON") from None
        if not isinstance(body, dict) or media.split(";")[0].strip().lower() != "application/json":
            raise FaultError("not-right", "The body is not a JSON object")
        return body

    def required(self, body: dict[str, Any], name: str) -> Any:
        if name not in body:
            raise FaultError("lacking", f"{name} is missing")
        return body[name]

    def text(self, value: Any, name: str) -> str:
        if not isinstance(value, str) or not value:
            raise FaultError("not-right", f"{name} is a text")
        return value

    def number(self, value: Any, name: str, most: int) -> int:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not 0 <= value <= most or value != int(value):
            raise FaultError("not-right", f"{name} is a whole number from 0 to {most}")
        return int(value)

    def book(self, body: dict[str, Any], required: tuple[str, ...] = ()) -> Book:
        for name in required:
            self.required(body, name)
        book: Book = {}
        for name in ("title", "author"):
            if name in body:
                book[name] = self.text(body[name], name)
        if "year" in body:
            book["year"] = self.number(body["year"], "year", 9999)
        return book

    def size(self, text: str) -> int:
        digits = re.fullmatch("0*([1-9][0-9]*)", text)
        if not digits:
            raise FaultError("not-right", "page_size is a whole number of 1 or more")
        return min(int(digits[1][:9]), facts.MAXIMUM)

    def cursor(self, text: str) -> Fraction:
        """The moment in microseconds since 1970, exact to the last digit."""
        try:
            match = STAMP.fullmatch(text)
            if match is None:
                raise ValueError(text)
            day, time, fraction, zone = match.groups(".0")
            whole = (datetime.fromisoformat(f"{day}T{time}Z") - facts.EPOCH) // timedelta(seconds=1)
            offset = self.offset(zone)
        except ValueError:
            raise FaultError("not-right", "from_added is no ISO timestamp") from None
        return (whole - offset + Fraction(f"0{fraction}")) * 10**6

    def offset(self, zone: str) -> int:
        """The seconds that a zone is ahead of UTC. Raises ValueError if there is no such zone."""
        if zone in "Zz":
            return 0
        hours, minutes = int(zone[:3]), int(zone[0] + zone[4:])
        if abs(hours) > 23 or abs(minutes) > 59:
            raise ValueError(zone)
        return hours * 3600 + minutes * 60

    # --- books ---

    def rows(self, key: Key, after: Fraction | None, author: str | None, most: int) -> list[Book]:
        # ``added`` is whole, so what is above the cursor is above its floor.
        least = -(10**18) if after is None else floor(after)
        where = "branch = ? AND added > ? AND (? IS NULL OR author = ?) ORDER BY added LIMIT ?"
        values = (key.branch, least, author, author, most)
        return [
            dict(row) for row in self.store.execute(f"SELECT * FROM book WHERE {where}", values)
        ]

    def another(self, rows: list[Book], size: int) -> bool:
        return len(rows) > size

    def find(self, key: Key, isbn: str) -> Book:
        query = "SELECT * FROM book WHERE branch = ? AND isbn = ?"
        row = self.store.execute(query, (key.branch, isbn)).fetchone()
        if row is None:
            raise FaultError("gone-missing", "No such book")
        return dict(row)

    def render(self, row: Book) -> Book:
        return row | {"added": (facts.EPOCH + timedelta(microseconds=row["added"])).isoformat()}

    def insert(self, branch: str, book: Book, added: int | None = None) -> Book:
        self.count += 1
        self.last = max(int(self.now() * 10**6), self.last + 1) if added is None else added
        isbn = f"978{self.count:010d}"
        row = {"isbn": isbn, "branch": branch, "year": None, **book, "added": self.last}
        self.store.execute(
            "INSERT INTO book VALUES (:isbn, :branch, :title, :author, :year, :added)", row
        )
        return row
