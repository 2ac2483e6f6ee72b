"""The habits of every list, a row each: no two rows agree on what the contract leaves open. Dice can mix them anew."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Listing:
    """A list and its habits."""

    operation: str  # what the suite calls it
    path: str
    scopes: str
    kind: str
    name: str  # of the member that holds the items
    style: str  # of its moments
    default: int
    maximum: int
    newest: bool = False  # first, else last
    above: str = "cut"  # a limit above the maximum is cut down, or refused
    odd: str = "refuse"  # a limit that is no number above zero is refused, or "default", or means an "empty" page
    cursor: str = "refuse"  # a cursor that is no moment is refused, or "ignore"d; "known": one that no item has is refused, too
    business: str = (
        ""  # how another business is answered: an error code, or "empty"; no filter if nothing
    )
    filters: Mapping[str, str] = field(default_factory=dict)  # parameter -> comparison and member
    one: str = ""  # the parameter that chooses one thing
    label: str = "id"  # what the id is called
    quirk: str = ""
    strict: bool = False  # parameters that it does not know are refused

    @property
    def query(self) -> str:
        """The form of its query."""
        bounds = {
            n: "moment" if rule.endswith("_at") else "integer"
            for n, rule in self.filters.items()
            if rule[0] in "<>s"
        }
        words = [f"{name}:{bounds.get(name, 'text')}" for name in self.filters]
        return " ".join(
            [*words, self.one, "after", "limit", "business_id" if self.business else ""]
        )


def same(*names: str, **others: str) -> dict[str, str]:
    """Filters by equality, and others."""
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
NUMBERS, RUNS, CALLS, LEAD = "numbers:read", "communication-runs:read", "calls:read", "leads:read"
ROWS = (
    Listing("list_calls", "/calls", CALLS, "call", "calls", "trimmed", 10, 200, True,
            business="forbidden", filters=same("agent_id", "status"), one="id"),
    Listing("list_transcripts", "/transcripts", CALLS, "call", "transcripts", "zulu", 7, 50, True, "refuse",
            filters=same("agent_id", days="since days"), label="call_id", quirk="transcripts"),
    Listing("list_agents", "/agents", "agents:read", "agent", "agents", "six", 20, 25, odd="default", one="id", strict=True),
    Listing("list_agent_versions", "/agents/versions", "agents:read", "version", "history", "six", 5, 6, True),
    Listing("list_leads", "/leads", LEAD, "lead", "leads", "india", 25, 100, False, "refuse", "empty",
            business="empty", filters=LEADS, one="id"),
    Listing("list_numbers", "/numbers", NUMBERS, "number", "numbers", "zulu", 25, 25, cursor="ignore", quirk="eager"),
    Listing("list_phone_numbers", "/phone-numbers", NUMBERS, "number", "numbers", "comma", 12, 50, True,
            business="not_found", strict=True),
    Listing("list_available_numbers", "/phone-numbers/available", NUMBERS, "pool", "pool", "six", 1, 5, False, "refuse",
            "default", filters={"country": "= country", "area_code": "= _area", "capability": "has capabilities"}),
    Listing("list_conversations", "/sms/conversations", "sms:read", "conversation", "threads", "nine", 1, 4, True, "refuse",
            one="id"),
    Listing("list_messages", "/sms/messages", "sms:read", "message", "texts", "small", 15, 100, False, "cut", "default",
            "ignore", filters=same("conversation_id", "direction"), quirk="eager"),
    Listing("list_webhooks", "/webhooks", "webhooks:read", "webhook", "webhooks", "trimmed", 8, 25, True, "refuse",
            business="forbidden", quirk="events"),
    Listing("list_workspaces", "/workspaces", "workspaces:read", "workspace", "workspaces", "six", 25, 25, True,
            odd="empty", one="id"),
    Listing("list_evals", "/evals", "evals:read", "eval", "data", "zulu", 5, 25, filters=same("agent_id"), one="id", strict=True),
    Listing("list_eval_runs", "/evals/run", "evals:read", "eval_run", "results", "zulu", 5, 25, False, "refuse", "empty",
            label="run_id"),
    Listing("list_events", "/events", "events:read", "event", "data", "six", 20, 100, True, "refuse",
            business="forbidden", filters=EVENTS, quirk="short"),
    Listing("list_event_deliveries", "/event-deliveries", "events:read webhooks:read", "delivery", "data", "nine", 30, 60,
            business="empty", filters=same("event_id", "webhook_id", "status"), quirk="choices"),
    Listing("list_communication_runs", "/communication-runs", RUNS, "run", "runs", "india", 6, 25, False, "refuse", "default",
            business="not_found"),
    Listing("list_communication_jobs", "/communication-jobs", RUNS, "job", "data", "basic", 20, 50, True,
            filters=same("communication_run_id", "channel", "status")),
    Listing("list_communication_attempts", "/communication-attempts", RUNS, "attempt", "attempts", "zulu", 20, 50, False,
            "cut", "refuse", "known", filters=same("sequence_id", "status"), quirk="arrays"),
    Listing("list_usage", "/usage", "", "usage", "entries", "six", 10, 25, True,
            filters={"start": ">= created_at", "end": "<= created_at"}),
    Listing("poll_lead_created", "/zapier/triggers/lead-created", LEAD, "lead", "items", "trimmed", 50, 120, False, "cut",
            "default", "ignore", business="forbidden"),
    Listing("poll_call_completed", "/zapier/triggers/call-completed", CALLS, "call", "items", "zulu", 50, 50, True,
            business="empty", quirk="poll"),
)  # fmt: skip
HABITS = {listing.path: listing for listing in ROWS}
"""By path; read when a request comes in."""

STYLES = ("six", "trimmed", "zulu", "nine", "comma", "small", "india", "basic")
KEPT = frozenset({"attempt", "event", "delivery", "job", "message", "run", "version", "eval_run"})
"""Kinds of which nothing is ever removed, so that the cursor of a page is always known."""


def throw(seed: int) -> None:
    """Throw dice for the habits of every list."""
    dice = random.Random(seed)
    for path, listing in HABITS.items():
        maximum = dice.choice(
            (40, 100) if path == "/calls" else (3, 9, 20, 25, 40, 100, 200)
        )  # a sample has a limit of 25
        plain = listing.quirk in ("", "eager", "short", "choices", "arrays")
        HABITS[path] = replace(
            listing,
            style=dice.choice(STYLES),
            maximum=maximum,
            default=dice.choice((1, 3, maximum // 2 + 1, maximum)),
            newest=listing.newest if listing.quirk == "poll" else dice.choice((True, False)),
            above=dice.choice(("cut", "refuse")),
            odd=dice.choice(("refuse", "default", "empty")),
            cursor=dice.choice(
                ("refuse", "ignore", "known") if listing.kind in KEPT else ("refuse", "ignore")
            ),
            quirk=dice.choice(("", "eager", "short", "choices")) if plain else listing.quirk,
            strict=dice.choice((True, False)),
        )
