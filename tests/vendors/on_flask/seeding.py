"""What the server holds at the start, and its keys."""

from __future__ import annotations

import json
import random
import secrets
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.vendors.on_flask.data import Data

MAIN, OTHER, EMPTY = (f"b-{digit * 16}" for digit in "123")
SCOPES = (
    "agents:read", "agents:write", "calls:read", "evals:read", "evals:write", "events:read",
    "leads:read", "leads:write", "lifecycle:write", "sms:read", "sms:write", "webhooks:read",
    "workspaces:read", "workspaces:write",
)  # fmt: skip


def issue(data: Data, business: str, scopes: Iterable[str], prefix: str = "kc_live_") -> str:
    """Make a key and return its text."""
    token = prefix + secrets.token_urlsafe(33)
    values = (token, business, json.dumps(list(scopes)), None, 0)
    data.db.execute("INSERT INTO keys VALUES (?, ?, ?, ?, ?)", values)
    return token


def moments(dice: random.Random, count: int) -> Iterator[str]:
    """Rising moments of May; every third one follows within a second."""
    at = datetime(2026, 5, 1, tzinfo=UTC) + timedelta(seconds=dice.randrange(3600))
    for number in range(count):
        at += timedelta(microseconds=dice.randrange(20, 400))
        if number % 3 != 2:
            at += timedelta(hours=5, seconds=dice.randrange(900))
        yield at.isoformat(timespec="microseconds")


class Filler:
    """Adds rows to one business."""

    def __init__(self, data: Data, business: str, share: int) -> None:
        self.data, self.business, self.share = data, business, share
        self.dice = random.Random(business)
        self.agents: list[str] = []

    def times(self, count: int) -> list[tuple[int, str]]:
        """Numbered moments, in no order."""
        rows = list(enumerate(moments(self.dice, count // self.share)))
        self.dice.shuffle(rows)
        return rows

    def add(self, table: str, at: str, **values: Any) -> str:
        """Add a row and return its id."""
        row = self.data.insert(table, business_id=self.business, created_at=at, **values)
        return str(row["id"])

    def fill(self) -> None:
        """Add rows of every kind."""
        for number, at in self.times(12):
            phone = f"+1415555{number:04d}"
            name = f"Agent {number}"
            self.agents.append(
                self.add("agents", at, name=name, status="active", phone_number=phone)
            )
        for number, at in self.times(14):
            values = {"name": f"Space {number}", "lifecycle_state": "active", "updated_at": at}
            metadata = {"team": "front"}
            ref = f"ref-{number}"
            self.add("workspaces", at, metadata=metadata, external_ref=ref, **values)
        self.leads()
        self.texts()
        self.rest()

    def leads(self) -> None:
        """Add leads."""
        for number, at in self.times(40):
            self.add(
                "leads",
                at,
                name=f"Kim Poe {number}",
                email=f"kim{number % 18}@example.com",
                phone=f"+1415556{number % 12:04d}",
                status=self.dice.choice(("new", "new", "contacted", "lost")),
                source=self.dice.choice(("web", "web", "webinar", "phone")),
                agent_id=self.dice.choice(self.agents[:3]),
                score=number * 3 % 100 if number % 4 else None,
                updated_at=at,
            )

    def texts(self) -> None:
        """Add threads and their texts."""
        threads = [
            self.add("conversations", at, agent_id=self.agents[0], phone_number=f"+1415557{n:04d}")
            for n, at in self.times(10)
        ]
        for number, at in self.times(60):
            self.add(
                "messages",
                at,
                conversation_id=self.dice.choice(threads[:3]),
                direction=self.dice.choice(("inbound", "outbound")),
                message=f"Text {number}",
            )

    def rest(self) -> None:
        """Add scenarios, deliveries, usage and calls."""
        for number, at in self.times(20):
            values = {"name": f"Scenario {number}", "description": "Short", "deleted": 0}
            turns = [{"role": "user", "content": "Hello"}]
            agent = self.dice.choice(self.agents[:2])
            self.add("evals", at, agent_id=agent, messages=turns, **values)
        for number, at in self.times(24):
            status = self.dice.choice(("succeeded", "succeeded", "failed"))
            hook, event = f"hook-{number % 2}", f"event-{number % 5}"
            self.add("deliveries", at, event_id=event, webhook_id=hook, status=status)
        for _, at in self.times(15):
            self.add("usage", at, path="/calls")
        for number, at in self.times(15):
            agent = self.dice.choice(self.agents[:3])
            said = f"Hello {number}"
            self.add("calls", at, agent_id=agent, status="completed", transcript=said)


def seed(data: Data) -> tuple[dict[str, str], dict[str, str]]:
    """Fill the data; returns the keys by role and by scope."""
    Filler(data, MAIN, 1).fill()
    Filler(data, OTHER, 2).fill()
    reads = [name for name in SCOPES if name.endswith(":read")]
    keys = {
        "full": issue(data, MAIN, SCOPES),
        "read_only": issue(data, MAIN, reads),
        "test": issue(data, MAIN, SCOPES, "kc_test_"),
        "expired": issue(data, MAIN, SCOPES),
        "revoked": issue(data, MAIN, SCOPES),
        "no_scope": issue(data, MAIN, ()),
        "other": issue(data, OTHER, SCOPES),
        "empty": issue(data, EMPTY, SCOPES),
    }
    data.db.execute("UPDATE keys SET revoked = 1 WHERE token = ?", (keys["revoked"],))
    past = ("2026-01-01T00:00:00+00:00", keys["expired"])
    data.db.execute("UPDATE keys SET expires_at = ? WHERE token = ?", past)
    return keys, {name: issue(data, MAIN, [name]) for name in SCOPES}
