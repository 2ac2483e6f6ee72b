"""What the server holds at the start: two businesses with data, one without, and the keys."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.vendors.on_fastapi.access import SCOPES
from tests.vendors.on_fastapi.store import Store

START = datetime(2026, 4, 1, tzinfo=UTC)
MAIN, OTHER, EMPTY = "biz_main", "biz_other", "biz_empty"
COUNTS = {"agents": 14, "leads": 40, "calls": 130, "transcripts": 18, "webhooks": 12}
COUNTS |= {"events": 30, "numbers": 12}


class Seeder:
    """Adds objects to one business, at rising moments of April."""

    def __init__(self, store: Store, business: str, share: int, late: int) -> None:
        self.store, self.business, self.share = store, business, share
        self.dice, self.late = random.Random(business), timedelta(hours=late)
        self.ids: dict[str, list[str]] = {}

    def fill(self) -> None:
        """Add objects of every kind."""
        for kind, count in COUNTS.items():
            at = START + self.late
            self.ids[kind] = []
            for number in range(count // self.share):
                at += self.gap(number)
                doc = getattr(self, kind)(number)
                row = self.store.add(kind, self.business, doc, at)
                self.ids[kind].append(row["id"])

    def gap(self, number: int) -> timedelta:
        """Mostly some hours; some objects follow within a second."""
        if number % 5 in (2, 3):
            return timedelta(microseconds=self.dice.choice((7, 900, 120_000)))
        return timedelta(hours=3, microseconds=self.dice.randrange(1_000_000))

    def any(self, kind: str) -> str:
        """The id of an object of a kind, more often of an early one."""
        ids = self.ids[kind]
        return ids[min(self.dice.randrange(len(ids)), self.dice.randrange(len(ids)))]

    def agents(self, number: int) -> dict[str, Any]:
        """An agent."""
        prompts = {"inbound": "Take a message.", "sms": "Be brief."}
        return {
            "name": f"Agent {number}",
            "status": "active",
            "prompts": prompts,
            "first_message": "Hello",
            "metadata": {"team": "front"},
            "max_duration": 600,
        }

    def leads(self, number: int) -> dict[str, Any]:
        """A lead."""
        return {
            "name": f"Sam Doe {number}",
            "email": f"sam{number % 20}@example.com",
            "phone": f"+1202555{number % 15:04d}",
            "status": self.dice.choice(("new", "new", "contacted", "won")),
            "source": self.dice.choice(("web", "web", "phone", "fair")),
            "agent_id": self.any("agents"),
            "notes": None,
            "score": number * 7 % 100 if number % 4 else None,
            "updated_at": f"2026-04-{20 + number % 9:02d}T10:00:{number:02d}.000000Z",
        }

    def calls(self, number: int) -> dict[str, Any]:
        """A call."""
        return {
            "status": self.dice.choice(("completed", "completed", "failed", "no-answer")),
            "direction": self.dice.choice(("inbound", "outbound")),
            "agent_id": self.any("agents"),
            "duration": number,
            "summary": f"Call {number}",
        }

    def transcripts(self, number: int) -> dict[str, Any]:
        """The transcript of a call."""
        return {
            "call_id": self.ids["calls"][number],
            "agent_id": self.any("agents"),
            "status": "completed",
            "transcript": "Hello.",
        }

    def webhooks(self, number: int) -> dict[str, Any]:
        """A subscription."""
        return {
            "url": f"https://example.com/{number}",
            "events": ["call.completed"],
            "description": f"Hook {number}",
            "is_active": True,
            "webhook_secret_masked": "whsec_********",
        }

    def events(self, number: int) -> dict[str, Any]:
        """An event of a call."""
        return {
            "event_type": self.dice.choice(("call.completed", "call.completed", "call.started")),
            "object_type": "call",
            "object_id": self.any("calls"),
            "status": self.dice.choice(("succeeded", "succeeded", "failed")),
        }

    def numbers(self, number: int) -> dict[str, Any]:
        """A number that the business has."""
        digits = f"+1202{self.late.seconds // 3600:03d}{number * 37 % 100:02d}{number:02d}"
        return {"phone_number": digits, "agent_id": self.any("agents")}


def seed(store: Store) -> tuple[dict[str, str], dict[str, str]]:
    """Fill a store; returns the keys by role and by scope."""
    Seeder(store, MAIN, 1, 0).fill()
    Seeder(store, OTHER, 3, 1).fill()
    for number in range(30):
        at = START + timedelta(hours=number, microseconds=number * 1001)
        doc = {"phone_number": f"+1303555{number:04d}", "country": "US" if number % 3 else "CA"}
        store.add("pool", None, doc, at)
    reads = [name for name in SCOPES if name.endswith(":read")]
    keys = {
        "full": store.issue(MAIN, SCOPES),
        "read_only": store.issue(MAIN, reads),
        "test": store.issue(MAIN, SCOPES, "kc_test_"),
        "expired": store.issue(MAIN, SCOPES),
        "revoked": store.issue(MAIN, SCOPES),
        "no_scope": store.issue(MAIN, []),
        "other": store.issue(OTHER, SCOPES),
        "empty": store.issue(EMPTY, SCOPES),
    }
    store.db.execute("UPDATE keys SET revoked = 1 WHERE token = ?", (keys["revoked"],))
    past = ("2026-01-01T00:00:00.000000Z", keys["expired"])
    store.db.execute("UPDATE keys SET expires = ? WHERE token = ?", past)
    return keys, {name: store.issue(MAIN, [name]) for name in SCOPES}
