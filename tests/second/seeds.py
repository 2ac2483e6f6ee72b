"""The data at the start: four businesses with data and one without.

The first key opens two of them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from tests.second.world import SECOND, START, Business, Key, Thing, World

SCOPES = (
    "agents:read", "agents:write", "calls:read", "calls:write", "communication-runs:read",
    "communication-runs:write", "evals:read", "evals:write", "events:read", "events:replay",
    "leads:read", "leads:write", "lifecycle:write", "numbers:read", "numbers:write", "sms:read",
    "sms:write", "webhooks:read", "webhooks:write", "workspaces:read", "workspaces:write",
)  # fmt: skip
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
NUMBERS = iter(range(2_000_000, 3_000_000))


def moments(dice: random.Random, count: int, late: int = 0, ties: bool = False) -> Iterator[int]:
    """Rising moments of April: some on a whole second, some within a second of the last.

    With ``ties`` some are equal.
    """
    at, step = START - 28 * DAY + late, 26 * DAY // (count + 1)
    for number in range(count):
        if number % 11 == 8 and ties:
            pass
        elif number % 7 in (3, 4):
            at += dice.choice((1, 40, 1_000, 300_000))
        else:
            at += step - dice.randrange(step // 3)
            at -= at % SECOND if number % 7 != 5 else 0
        yield at


class Seeder:
    """Adds things to one business."""

    def __init__(self, world: World, business: Business) -> None:
        self.world, self.business, self.dice = world, business, random.Random(business.name)

    def any(self, kind: str) -> Any:
        """The id of a thing of a kind, more often of an early one."""
        things = self.business.things[kind]
        first, second = self.dice.randrange(len(things)), self.dice.randrange(len(things))
        return things[min(first, second)].id

    def of(self, *words: Any) -> Any:
        """A random one of some words."""
        return self.dice.choice(words)

    def fill(self, share: int) -> None:
        """Add things of every kind: the whole count of each, divided by ``share``."""
        for kind, (count, facts) in KINDS.items():
            owner = {"business_id": self.business.id} if kind in OWNED else {}
            times = moments(self.dice, max(5, count // share), share * HOUR, kind == "job")
            for number, at in enumerate(times):
                self.world.add(self.business, kind, at, **owner, **facts(self, number))

    def call(self, number: int) -> dict[str, Any]:
        """A call. Some have no transcript, and more have no recording."""
        status = self.of("ended", "completed", "no-answer", "in_progress")
        said = f"Hello, this is call {number}." if status in ("ended", "completed") else None
        return {
            "agent_id": self.any("agent"),
            "agent_name": None,
            "status": status,
            "direction": self.of("inbound", "outbound"),
            "duration": number * 1.5 if said else None,
            "lead_id": self.any("lead") if number % 3 else None,
            "summary": said,
            "quality_dimensions": [],
            "_said": said,
            "_recorded": said is not None and number % 2 == 0,
        }

    def lead(self, number: int) -> dict[str, Any]:
        """A lead. One in five has no score."""
        return {
            "name": f"Zoë Person{number}",
            "first_name": "Zoë",
            "last_name": None,
            "email": f"Zoe.{number % 40}@Example.com",
            "phone": f"+1303555{100 + number % 30:04d}",
            "source": self.of("web", "phone", "fair"),
            "notes": None,
            "score": None if number % 5 == 0 else number * 7 % 101,
            "updated_at": START - self.dice.randrange(20 * DAY),
            "status": self.of("new", "new", "new", "contacted", "won", "Lost"),
            "agent_id": self.any("agent"),
        }

    def version(self, number: int) -> dict[str, Any]:
        """The next version of an agent."""
        owner = owned(1, 29)(self, number)
        versions = self.business.things["version"]
        count = sum(version.facts["agent_id"] == owner["agent_id"] for version in versions)
        return {**owner, "version": count + 1, "rolled_back_to": None}


def owned(position: int, every: int) -> Callable[[Seeder, int], dict[str, Any]]:
    """The owner of a thing: mostly the agent at a position, at every so many the first."""

    def owner(seeder: Seeder, number: int) -> dict[str, Any]:
        agents = seeder.business.things["agent"]
        return {"agent_id": agents[position if number % every else 0].id}

    return owner


Facts = Callable[[Seeder, int], dict[str, Any]]
OWNED = frozenset({"agent", "lead", "call", "number", "webhook", "eval", "event", "run"})
KINDS: dict[str, tuple[int, Facts]] = {
    "agent": (40, lambda s, n: {
        "name": f"Agent no. {n}", "phone_number": None, "status": "active", "tags": []}),
    "lead": (130, Seeder.lead),
    "call": (330, Seeder.call),
    "number": (60, lambda s, n: {
        "phone_number": f"+1415{next(NUMBERS)}", "agent_id": s.any("agent") if n % 2 else None,
        "country": "US", "_area": "415", "capabilities": {"voice": True, "sms": n % 2 == 0}}),
    "conversation": (60, lambda s, n: {
        "agent_id": s.any("agent"), "contact": f"+1303555{100 + n % 90:04d}", "unread": n % 3}),
    "message": (120, lambda s, n: {
        "conversation_id": s.any("conversation"), "direction": s.of("inbound", "outbound"),
        "body": f"Text {n} \u263a", "segments": 1}),
    "webhook": (36, lambda s, n: {
        "url": f"https://hooks.example.com/{n}", "events": ["call.completed"],
        "description": None, "is_active": True, "webhook_secret_masked": "whsec_****"}),
    "workspace": (32, lambda s, n: {
        "name": f"Workspace {n}", "lifecycle_state": "active", "external_ref": None,
        "metadata": {}, "updated_at": START - DAY}),
    "eval": (34, lambda s, n: {
        "agent_id": s.any("agent"), "name": f"Scenario {n}", "description": None,
        "state": "live", "messages": [{"role": "user", "content": "Hi"}]}),
    "eval_run": (40, lambda s, n: {
        "vapi_run_id": f"vr-{s.business.id}-{n}", **owned(2, 19)(s, n), "status": "completed",
        "passed": n % 4 != 0, "results": []}),
    "event": (130, lambda s, n: {
        "event_type": s.of("call.completed", "call.started"), "object_type": "call",
        "object_id": s.any("call"), "status": s.of("succeeded", "failed")}),
    "delivery": (80, lambda s, n: {
        "event_id": s.any("event"), "webhook_id": s.any("webhook"), "attempt": 1,
        "status": s.of("succeeded", "succeeded", "failed")}),
    "run": (34, lambda s, n: {
        "external_ref": f"{s.business.name}/run {n}", "status": s.of("scheduled", "done")}),
    "job": (70, lambda s, n: {
        "communication_run_id": s.any("run"), "channel": s.of("call", "sms"),
        "status": s.of("done", "waiting")}),
    "attempt": (60, lambda s, n: {
        "sequence_id": f"seq {n % 9}", "status": s.of("answered", "busy"),
        "retry_allowed": False}),
    "version": (45, Seeder.version),
    "usage": (30, lambda s, n: {"method": "GET", "path": "/calls", "answered": 200}),
}  # fmt: skip
"""How many things of each kind a business has, and their members; references come first."""


def seed(world: World) -> tuple[dict[str, str], dict[str, str], dict[str, Business]]:
    """Fill the world.

    Returns the keys by role, the keys with a single scope by scope, and the businesses by role.
    """
    main, branch, other, empty, trial = (
        world.open_business(name) for name in ("Main", "Branch", "Other", "Empty", "Trial")
    )
    for business, share in ((main, 1), (branch, 5), (other, 6), (trial, 9)):
        Seeder(world, business).fill(share)
    facts = {"name": "Empty", "lifecycle_state": "active", "metadata": None}
    world.add(empty, "workspace", START - 30 * DAY, **facts, updated_at=START - DAY)
    fill_pool(world)
    both = (main.id, branch.id)
    everything, reading = frozenset({"*"}), frozenset(s for s in SCOPES if s.endswith(":read"))
    roles = {
        "full": Key(both, everything),
        "read_only": Key((main.id,), reading),
        "test": Key((trial.id,), frozenset(SCOPES)),
        "expired": Key(both, everything, dead=True),
        "revoked": Key(both, everything, dead=True),
        "no_scope": Key(both, frozenset()),
        "other": Key((other.id,), everything),
        "empty": Key((empty.id,), frozenset(SCOPES)),
    }
    keys = {
        role: world.issue(role, "kc_test_" if role == "test" else "kc_live_", key)
        for role, key in roles.items()
    }
    scoped = {
        scope: world.issue(scope, "kc_live_", Key((main.id,), frozenset({scope})))
        for scope in SCOPES
    }
    return keys, scoped, {"main": main, "other": other, "empty": empty}


def fill_pool(world: World) -> None:
    """Add the phone numbers that a business can get."""
    for number, at in enumerate(moments(random.Random(3), 260)):
        facts = {
            "phone_number": f"+1628555{1000 + number:04d}",
            "country": "US",
            "_area": "628",
            "capabilities": ["voice", "sms"],
        }
        world.pool.append(Thing(None, at, facts))
