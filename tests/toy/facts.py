"""Fixed facts of the toy library: routes, kinds of fault, keys, and how a toy server is declared as a target."""

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
KINDS = {"no-key": 401, "no-right": 403, "gone-missing": 404, "lacking": 422, "not-right": 422, "too-often": 429, "broken-inside": 500}  # fmt: skip # noqa: E501
MAXIMUM, USUAL, PER_MINUTE = 10, 5, 3
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OPENING = int(datetime(2024, 5, 1, 9, tzinfo=UTC).timestamp()) * 10**6
LOOK, CHANGE = "books:look", "books:change"


@dataclass(frozen=True)
class Key:
    """What a key may do, and in which branch."""

    branch: str
    rights: tuple[str, ...] = (LOOK, CHANGE)
    valid: bool = True


def secret(name: str) -> str:
    """The toy key of that name: always the same, and long."""
    return f"toy-{name}-{hashlib.sha256(name.encode()).hexdigest()[:32]}"


KEYS = {
    "full": Key("north"),
    "other": Key("south"),
    "empty": Key("east"),
    "no_scope": Key("north", ()),
}
KEYS |= {"revoked": Key("north", valid=False), "expired": Key("north", valid=False)}
KEYS |= {"look": Key("north", (LOOK,)), "change": Key("north", (CHANGE,))}
NAMES = ("full", "other", "empty", "revoked", "expired", "no_scope")

# The shelf at the start: branch, book, and when it was added: three books a second, a microsecond apart.
SEED = [
    (
        "north" if number < 40 else "south",
        {"title": f"Tale {number}", "author": f"{'AB'[number % 2]} Toy", "year": 1960 + number},
        OPENING + number // 3 * 10**6 + number % 3,
    )
    for number in range(46)
]


def target(url: str) -> dict[str, Any]:
    """The declaration of a toy server at an address."""
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
