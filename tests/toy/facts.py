"""Fixed facts of the toy library: routes, kinds of fault, keys, books, and its target file."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

BASE = "/toy/v2"
ROUTES = {
    f"{BASE}/books": {"GET": "list_books", "POST": "create_book"},
    f"{BASE}/books/*": {"GET": "read_book", "PATCH": "update_book", "DELETE": "remove_book"},
    f"{BASE}/register": {"POST": "register"},
    "/clock": {"POST": "forward"},
}
KINDS = {
    "no-key": 401,
    "no-right": 403,
    "gone-missing": 404,
    "lacking": 422,
    "not-right": 422,
    "too-often": 429,
    "broken-inside": 500,
}
MAXIMUM, USUAL = 10, 5  # books on a page
PER_MINUTE = 3  # registrations from one address
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OPENING = int(datetime(2024, 5, 1, 9, tzinfo=UTC).timestamp()) * 10**6
LOOK, CHANGE = "books:look", "books:change"


@dataclass(frozen=True)
class Key:
    """The branch that a key works in, its rights, and whether it is valid."""

    branch: str
    rights: tuple[str, ...] = (LOOK, CHANGE)
    valid: bool = True


def secret(name: str) -> str:
    """The toy key of that name. It is always the same, and long."""
    return f"toy-{name}-{hashlib.sha256(name.encode()).hexdigest()[:32]}"


KEYS = {
    "full": Key("north"),
    "other": Key("south"),
    "empty": Key("east"),
    "no_scope": Key("north", ()),
    "revoked": Key("north", valid=False),
    "expired": Key("north", valid=False),
    "look": Key("north", (LOOK,)),
    "change": Key("north", (CHANGE,)),
}
NAMES = ("full", "other", "empty", "revoked", "expired", "no_scope")


def _seeded_book(number: int) -> tuple[str, dict[str, Any], int]:
    branch = "north" if number < 40 else "south"
    author = f"{'AB'[number % 2]} Toy"
    book = {"title": f"Tale {number}", "author": author, "year": 1960 + number}
    return branch, book, OPENING + number // 3 * 10**6 + number % 3


SEED = [_seeded_book(number) for number in range(46)]
"""Branch, book, and when it was added. Three books share a second, a microsecond apart."""


def target(url: str) -> dict[str, Any]:
    """The target file of a toy server at an address, as data."""
    return {
        "name": "toy",
        "url": url,
        "allow": ["read", "write", "spend", "flood"],
        "keys": {name: secret(name) for name in NAMES},
        "scoped_keys": {LOOK: secret("look"), CHANGE: secret("change")},
        "businesses": {"main": "north", "other": "south", "empty": "east"},
        "maximum": {"list_books": MAXIMUM},
        "clock": {"method": "POST", "path": "/clock", "member": "seconds"},
        "addresses": ["127.0.0.0/8"],
    }


class FaultError(Exception):
    """A refusal: its kind, and a text for people."""
