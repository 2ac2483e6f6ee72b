"""The habits of every list, one row each; they differ in all that the contract leaves open."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Listing:
    """A list and its habits."""

    operation: str
    """The operation as the suite names it."""
    path: str
    scopes: str
    kind: str
    name: str
    """The member that holds the items."""
    style: str
    """The form of the moments."""
    default: int
    maximum: int
    newest: bool = False
    """Whether the list runs from newest to oldest."""
    above: str = "cut"
    """A limit above the maximum is "cut" down, or the list "refuse"s it."""
    odd: str = "refuse"
    """A limit that is no number above zero: "refuse", "default", or an "empty" page."""
    cursor: str = "refuse"
    """A cursor that is no moment: "refuse" or "ignore"; "known" also refuses one of no item."""
    business: str = ""
    """The answer for another business: an error code, or "empty". No such filter if it is ""."""
    filters: Mapping[str, str] = field(default_factory=dict)
    """The comparison and the member of each filter, by its parameter."""
    one: str = ""
    """The parameter that selects a single thing."""
    label: str = "id"
    """The member that holds the id."""
    quirk: str = ""
    strict: bool = False
    """Whether unknown parameters are refused."""

    @property
    def query(self) -> str:
        """The parameters of the list and their types, as ``Form.of`` reads them."""
        filters = [f"{name}:{_type_of(rule)}" for name, rule in self.filters.items()]
        business = "business_id" if self.business else ""
        return " ".join([*filters, self.one, "after", "limit", business])


def _type_of(rule: str) -> str:
    """The type of a filter, by its comparison and its member."""
    if rule[0] not in "<>s":
        return "text"
    return "moment" if rule.endswith("_at") else "integer"


def same(*names: str, **others: str) -> dict[str, str]:
    """Filters by equality on members of the same names, and other filters."""
    return {name: f"= {name}" for name in names} | others


LEADS = same(
    "source",
    "phone",
    "email",
    "agent_id",
    status="in status",
    score_gte=">= score",
    score_lte="<= score",
) | {
    "created_after": "> created_at",
    "created_before": "<= created_at",
    "updated_after": ">= updated_at",
    "updated_before": "< updated_at",
}
EVENTS = same(
    "event_type", "object_type", "object_id", "status", event_id="= id", to="< created_at"
) | {"from": ">= created_at"}
POOL = {"country": "= country", "area_code": "= _area", "capability": "has capabilities"}
NUMBERS, RUNS, CALLS, LEAD = "numbers:read", "communication-runs:read", "calls:read", "leads:read"
ROWS = (
    Listing("list_calls", "/calls", CALLS, "call", "calls", "trimmed", 10, 200, True,
            business="forbidden", filters=same("agent_id", "status"), one="id"),
    Listing("list_transcripts", "/transcripts", CALLS, "call", "transcripts", "zulu", 7, 50, True,
            "refuse", filters=same("agent_id", days="since days"), label="call_id",
            quirk="transcripts"),
    Listing("list_agents", "/agents", "agents:read", "agent", "agents", "six", 20, 25,
            odd="default", one="id", strict=True),
    Listing("list_agent_versions", "/agents/versions", "agents:read", "version", "history", "six",
            5, 6, True),
    Listing("list_leads", "/leads", LEAD, "lead", "leads", "india", 25, 100, False, "refuse",
            "empty", business="empty", filters=LEADS, one="id"),
    Listing("list_numbers", "/numbers", NUMBERS, "number", "numbers", "zulu", 25, 25,
            cursor="ignore", quirk="eager"),
    Listing("list_phone_numbers", "/phone-numbers", NUMBERS, "number", "numbers", "comma", 12, 50,
            True, business="not_found", strict=True),
    Listing("list_available_numbers", "/phone-numbers/available", NUMBERS, "pool", "pool", "six",
            1, 5, False, "refuse", "default", filters=POOL),
    Listing("list_conversations", "/sms/conversations", "sms:read", "conversation", "threads",
            "nine", 1, 4, True, "refuse", one="id"),
    Listing("list_messages", "/sms/messages", "sms:read", "message", "texts", "small", 15, 100,
            False, "cut", "default", "ignore", filters=same("conversation_id", "direction"),
            quirk="eager"),
    Listing("list_webhooks", "/webhooks", "webhooks:read", "webhook", "webhooks", "trimmed", 8, 25,
            True, "refuse", business="forbidden", quirk="events"),
    Listing("list_workspaces", "/workspaces", "workspaces:read", "workspace", "workspaces", "six",
            25, 25, True, odd="empty", one="id"),
    Listing("list_evals", "/evals", "evals:read", "eval", "data", "zulu", 5, 25,
            filters=same("agent_id"), one="id", strict=True),
    Listing("list_eval_runs", "/evals/run", "evals:read", "eval_run", "results", "zulu", 5, 25,
            False, "refuse", "empty", label="run_id"),
    Listing("list_events", "/events", "events:read", "event", "data", "six", 20, 100, True,
            "refuse", business="forbidden", filters=EVENTS, quirk="short"),
    Listing("list_event_deliveries", "/event-deliveries", "events:read webhooks:read", "delivery",
            "data", "nine", 30, 60, business="empty",
            filters=same("event_id", "webhook_id", "status"), quirk="choices"),
    Listing("list_communication_runs", "/communication-runs", RUNS, "run", "runs", "india", 6, 25,
            False, "refuse", "default", business="not_found"),
    Listing("list_communication_jobs", "/communication-jobs", RUNS, "job", "data", "basic", 20, 50,
            True, filters=same("communication_run_id", "channel", "status")),
    Listing("list_communication_attempts", "/communication-attempts", RUNS, "attempt", "attempts",
            "zulu", 20, 50, False, "cut", "refuse", "known",
            filters=same("sequence_id", "status"), quirk="arrays"),
    Listing("list_usage", "/usage", "", "usage", "entries", "six", 10, 25, True,
            filters={"start": ">= created_at", "end": "<= created_at"}),
    Listing("poll_lead_created", "/zapier/triggers/lead-created", LEAD, "lead", "items", "trimmed",
            50, 120, False, "cut", "default", "ignore", business="forbidden"),
    Listing("poll_call_completed", "/zapier/triggers/call-completed", CALLS, "call", "items",
            "zulu", 50, 50, True, business="empty", quirk="poll"),
)  # fmt: skip
HABITS = {listing.path: listing for listing in ROWS}
"""The lists by their paths, as they are when a request comes in."""

STYLES = ("six", "trimmed", "zulu", "nine", "comma", "small", "india", "basic")
KEPT = frozenset({"attempt", "event", "delivery", "job", "message", "run", "version", "eval_run"})
"""Kinds that nothing removes, so that a cursor always belongs to an item."""


def throw(seed: int) -> None:
    """Replace the habits of every list by random ones."""
    dice = random.Random(seed)
    for path, listing in HABITS.items():
        HABITS[path] = _thrown(dice, listing)


def _thrown(dice: random.Random, listing: Listing) -> Listing:
    """A list with random habits that go together."""
    # a sample of the documentation lists calls with a limit of 25
    maxima = (40, 100) if listing.path == "/calls" else (3, 9, 20, 25, 40, 100, 200)
    cursors = ("refuse", "ignore", "known") if listing.kind in KEPT else ("refuse", "ignore")
    plain = listing.quirk in ("", "eager", "short", "choices", "arrays")
    maximum = dice.choice(maxima)
    return replace(
        listing,
        style=dice.choice(STYLES),
        maximum=maximum,
        default=dice.choice((1, 3, maximum // 2 + 1, maximum)),
        newest=listing.newest if listing.quirk == "poll" else dice.choice((True, False)),
        above=dice.choice(("cut", "refuse")),
        odd=dice.choice(("refuse", "default", "empty")),
        cursor=dice.choice(cursors),
        quirk=dice.choice(("", "eager", "short", "choices")) if plain else listing.quirk,
        strict=dice.choice((True, False)),
    )
