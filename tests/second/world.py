"""The data of the server: businesses that hold lists of things, keys, and a clock."""

from __future__ import annotations

import base64
import hashlib
import random
import string
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from threading import RLock
from typing import Any

SECOND = 1_000_000
START = 1_777_593_600 * SECOND
"""The first moment of the clock, 2026-05-01T00:00:00Z, in microseconds since 1970."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ULID = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass
class Thing:
    """An object of a list: its id, when it was created, and its members.

    Members that begin with an underscore are never shown.
    """

    id: Any
    at: int
    facts: dict[str, Any]
    gone: bool = False


@dataclass
class Business:
    """A business and its things by kind, oldest first."""

    id: str
    name: str
    things: dict[str, list[Thing]] = field(default_factory=lambda: defaultdict(list))


@dataclass
class Key:
    """The businesses and scopes of a key, and how often it was used."""

    businesses: tuple[str, ...]
    scopes: frozenset[str]
    dead: bool = False
    used: int = 0
    closed_until: float = 0.0

    def has(self, *scopes: str) -> bool:
        """Whether the key has at least one of some scopes."""
        return "*" in self.scopes or not self.scopes.isdisjoint(scopes)


def _pick(dice: random.Random, alphabet: str, count: int) -> str:
    return "".join(dice.choice(alphabet) for _ in range(count))


FORMS: dict[str, Callable[[random.Random, int], Any]] = {
    "agent": lambda dice, n: str(4000 + n),
    "call": lambda dice, n: "call_" + _pick(dice, "0123456789abcdef", 20),
    "lead": lambda dice, n: "01K" + _pick(dice, ULID, 23),
    "number": lambda dice, n: "PN" + _pick(dice, "0123456789ABCDEF", 32),
    "conversation": lambda dice, n: base64.b64encode(
        f"thread:{n}:{_pick(dice, string.digits, 5)}".encode()
    ).decode(),
    "message": lambda dice, n: "SM" + _pick(dice, "0123456789abcdef", 32),
    "webhook": lambda dice, n: "wh_" + _pick(dice, string.ascii_letters + string.digits, 10),
    "workspace": lambda dice, n: (
        dice.choice(("büro", "mühle", "größe", "park"))
        + "-street-"
        + _pick(dice, string.ascii_lowercase, 6)
    ),
    "version": lambda dice, n: "sha256:" + _pick(dice, "0123456789abcdef", 12),
    "eval": lambda dice, n: str(uuid.UUID(int=dice.getrandbits(128), version=4)),
    "eval_run": lambda dice, n: f"run-{n:06d}",
    "event": lambda dice, n: str(1_900_000_000_000_000_000 + n * 4_194_304 + dice.randrange(4096)),
    "delivery": lambda dice, n: 70_000 + n,
    "run": lambda dice, n: "crun_" + _pick(dice, ULID.lower(), 26),
    "job": lambda dice, n: f"{n}/{_pick(dice, '0123456789', 4)}",
    "business": lambda dice, n: f"acct-{_pick(dice, ULID, 8)}",
}
"""The form of the ids of each kind; other kinds have no id."""


class World:
    """All data of the server. Hold the lock while you use it."""

    def __init__(self, seed: int = 0) -> None:
        self.lock = RLock()
        self.dice = random.Random(seed)
        self.businesses: dict[str, Business] = {}
        self.keys: dict[str, Key] = {}
        self.pool: list[Thing] = []
        self.first_answers: dict[tuple[str, str], Any] = {}
        self.visits: dict[str, list[int]] = defaultdict(list)
        self.counts: dict[str, int] = defaultdict(int)
        self.began, self.moved, self.latest = time.monotonic(), 0, START

    def now(self) -> int:
        """The present moment. No moment comes twice, so no two new things share one."""
        passed = int((time.monotonic() - self.began) * SECOND)
        self.latest = max(self.latest + 1, START + passed + self.moved)
        return self.latest

    def open_business(self, name: str) -> Business:
        """Add a business."""
        business = Business(self.new_id("business"), name)
        self.businesses[business.id] = business
        return business

    def issue(self, label: str, prefix: str, key: Key) -> str:
        """Register a key and return its text: the prefix and 44 characters from the label."""
        digest = hashlib.sha384(f"second server {label}".encode()).digest()[:33]
        text = prefix + base64.urlsafe_b64encode(digest).decode()
        self.keys[text] = key
        return text

    def new_id(self, kind: str) -> Any:
        """A new id; None for a kind without ids."""
        self.counts[kind] += 1
        return FORMS[kind](self.dice, self.counts[kind]) if kind in FORMS else None

    def add(self, business: Business, kind: str, at: int | None = None, /, **facts: Any) -> Thing:
        """Add a thing to a business, created now or at a given moment."""
        thing = Thing(self.new_id(kind), self.now() if at is None else at, facts)
        business.things[kind].append(thing)
        return thing

    def reach(self, key: Key) -> list[Business]:
        """The businesses of a key."""
        return [self.businesses[name] for name in key.businesses]

    def seen(self, key: Key, kind: str) -> Iterable[Thing]:
        """The things of a kind in the businesses of a key, deleted ones included."""
        return (thing for business in self.reach(key) for thing in business.things[kind])

    def owner(self, kind: str, member: str, value: Any) -> tuple[Business, Thing] | None:
        """The thing whose id or other member has a value, with its business; None if none has."""
        for business in self.businesses.values():
            for thing in business.things[kind]:
                known = str(thing.id) if member == "id" else thing.facts.get(member)
                if known == value:
                    return business, thing
        return None


# --- moments as text ---

INDIA = timezone(timedelta(hours=5, minutes=30))


def stamp(at: int, style: str = "six") -> str:
    """A moment in one of several forms of ISO 8601, all with microseconds."""
    moment = EPOCH + timedelta(microseconds=at)
    plain = f"{moment:%Y-%m-%dT%H:%M:%S}"
    micro = f"{moment.microsecond:06d}"
    trimmed = micro.rstrip("0")
    fraction = f".{trimmed}" if trimmed else ""
    return {
        "six": moment.isoformat(timespec="microseconds"),
        "trimmed": f"{plain}{fraction}+00:00",
        "basic": plain.replace("-", "").replace(":", "") + f"{fraction}Z",
        "zulu": f"{plain}{fraction}Z",
        "nine": f"{plain}.{micro}000Z",
        "comma": f"{plain},{micro}Z",
        "small": f"{plain}.{micro}z".lower(),
        "india": moment.astimezone(INDIA).isoformat(timespec="microseconds"),
    }[style]


def moment_of(text: str) -> int | None:
    """The moment of an ISO 8601 text, in UTC if it has no zone; None for any other text."""
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    try:
        return (moment.replace(tzinfo=moment.tzinfo or UTC) - EPOCH) // timedelta(microseconds=1)
    except OverflowError:
        return None
