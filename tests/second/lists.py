"""Every list, a row each, and how a page is made of it: the habits differ from row to row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.second.intake import Refused, Reply, Request, alive, find, on
from tests.second.world import Thing, World, moment_of, stamp

EVENT_TYPES = ["call.completed", "lead.captured", "sms.received", "webhook.test"]


@dataclass(frozen=True)
class Listing:
    """A list and its habits."""

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
    business: str = ""  # how another business is answered: an error code, or "empty"; no filter if nothing
    filters: Mapping[str, str] = field(default_factory=dict)  # parameter -> comparison and member
    one: str = ""  # the parameters that choose one thing
    label: str = "id"  # what the id is called
    quirk: str = ""
    strict: bool = False

    @property
    def query(self) -> str:
        """The form of its query."""
        bounds = {n: "moment" if rule.endswith("_at") else "integer" for n, rule in self.filters.items() if rule[0] in "<>"}
        words = [f"{name}:{bounds.get(name, 'text')}" for name in self.filters]
        return " ".join([*words, *self.one.split(), "after", "limit", "business_id" if self.business else ""])


AGENT = {"agent_id": "= agent_id"}
LEADS = {
    "status": "in status",
    "source": "= source",
    "phone": "= phone",
    "email": "= email",
    **AGENT,
    "created_after": "> created_at",
    "created_before": "<= created_at",
    "updated_after": ">= updated_at",
    "updated_before": "< updated_at",
    "score_gte": ">= score",
    "score_lte": "<= score",
}
EVENTS = {
    "event_id": "= id",
    "event_type": "= event_type",
    "object_type": "= object_type",
    "object_id": "= object_id",
    "status": "= status",
    "from": ">= created_at",
    "to": "< created_at",
}
DELIVERIES = {"event_id": "= event_id", "webhook_id": "= webhook_id", "status": "= status"}
RUNS = "communication-runs:read"
LISTS = (
    Listing("/calls", "calls:read", "call", "calls", "trimmed", 10, 200, True,
            business="forbidden", filters={**AGENT, "status": "= status"}, one="id"),
    Listing("/transcripts", "calls:read", "call", "transcripts", "zulu", 7, 50, True, "refuse",
            filters=AGENT, label="call_id", quirk="transcripts"),
    Listing("/agents", "agents:read", "agent", "agents", "six", 20, 25, odd="default", one="id", strict=True),
    Listing("/leads", "leads:read", "lead", "leads", "india", 25, 100, False, "refuse", "empty",
            business="empty", filters=LEADS, one="id"),
    Listing("/numbers", "numbers:read", "number", "numbers", "zulu", 25, 25, cursor="ignore", quirk="eager"),
    Listing("/phone-numbers", "numbers:read", "number", "numbers", "comma", 12, 50, True, business="not_found", strict=True),
    Listing("/phone-numbers/available", "numbers:read", "pool", "pool", "six", 1, 5, False, "refuse", "default",
            filters={"country": "= country", "area_code": "= _area", "capability": "has capabilities"}),
    Listing("/sms/conversations", "sms:read", "conversation", "threads", "nine", 1, 4, True, "refuse", one="id"),
    Listing("/sms/messages", "sms:read", "message", "texts", "small", 15, 100, False, "cut", "default", "ignore",
            filters={"conversation_id": "= conversation_id", "direction": "= direction"}, quirk="eager"),
    Listing("/webhooks", "webhooks:read", "webhook", "webhooks", "trimmed", 8, 25, True, "refuse",
            business="forbidden", quirk="events"),
    Listing("/workspaces", "workspaces:read", "workspace", "workspaces", "six", 25, 25, True, odd="empty", one="id"),
    Listing("/evals", "evals:read", "eval", "data", "zulu", 5, 25, False, filters=AGENT, one="id", strict=True),
    Listing("/events", "events:read", "event", "data", "six", 20, 100, True, "refuse",
            business="forbidden", filters=EVENTS, quirk="short"),
    Listing("/event-deliveries", "events:read webhooks:read", "delivery", "data", "nine", 30, 60, False,
            business="empty", filters=DELIVERIES, quirk="choices"),
    Listing("/communication-runs", RUNS, "run", "runs", "india", 6, 25, False, "refuse", "default", business="not_found"),
    Listing("/communication-jobs", RUNS, "job", "data", "basic", 20, 50, True,
            filters={"communication_run_id": "= communication_run_id", "channel": "= channel", "status": "= status"}),
    Listing("/communication-attempts", RUNS, "attempt", "attempts", "zulu", 20, 50, False, "cut", "refuse", "known",
            filters={"sequence_id": "= sequence_id", "status": "= status"}, quirk="arrays"),
    Listing("/usage", "", "usage", "entries", "six", 10, 25, True, filters={"start": ">= created_at", "end": "<= created_at"}),
    Listing("/zapier/triggers/lead-created", "leads:read", "lead", "items", "trimmed", 50, 120, False, "cut", "default", "ignore",
            business="forbidden"),
    Listing("/zapier/triggers/call-completed", "calls:read", "call", "items", "zulu", 50, 50, True,
            business="empty", quirk="poll"),
)  # fmt: skip
VERSIONS = Listing("/agents/versions", "agents:read", "version", "history", "six", 5, 6, True, filters=AGENT)
EVAL_RUNS = Listing("/evals/run", "evals:read", "eval_run", "results", "zulu", 5, 25, False, "refuse", "empty", label="run_id")


def show(thing: Thing, style: str = "six", label: str = "id", whole: bool = True) -> dict[str, Any]:
    """A thing as it is told; members without a value are null where it is read alone, and absent in lists."""
    told = {label: thing.id} if thing.id is not None else {}
    for name, value in thing.facts.items():
        if not name.startswith("_") and (whole or value is not None):
            told[name] = stamp(value, style) if name.endswith("_at") and isinstance(value, int) else value
    return {**told, "created_at": stamp(thing.at, style)}


def transcript(thing: Thing, listing: Listing) -> dict[str, Any]:
    """The transcript of a call."""
    names = ("agent_id", "agent_name", "status", "duration", "summary")
    facts = {name: thing.facts.get(name) for name in names} | {"transcript": thing.facts["_said"]}
    return show(Thing(thing.id, thing.at, facts), listing.style, listing.label)


def passes(thing: Thing, rule: str, value: Any) -> bool:
    """Whether a filter takes a thing."""
    sign, _, member = rule.partition(" ")
    shown = {"created_at": thing.at, "id": thing.id}.get(member, thing.facts.get(member))
    if shown is None:
        return False
    if sign == "has":
        return value in shown
    if sign in ("=", "in"):
        return str(shown).lower() in str(value).lower().split("," if sign == "in" else "\0")
    return bool({"<": shown < value, "<=": shown <= value, ">": shown > value, ">=": shown >= value}[sign])


def candidates(world: World, request: Request, listing: Listing) -> list[Thing]:
    """What a list may hold, before its filters, in order."""
    quirk, named = listing.quirk, request.query.get("business_id")
    things: Iterable[Thing] = world.pool if listing.kind == "pool" else world.seen(request.key, listing.kind)
    if named is None and quirk == "events" and len(request.key.businesses) > 1:
        raise Refused("bad_request", "Your key opens several businesses, and subscriptions belong to one: say business_id")
    if named is not None:
        if named not in request.key.businesses and listing.business != "empty":
            raise Refused(listing.business, f"There is nothing of {ascii(named)[:60]} for this key")
        things = world.businesses[named].things[listing.kind] if named in request.key.businesses else []
    if quirk == "transcripts":
        things = (thing for thing in things if thing.facts.get("_said"))
        if "agent_id" in request.query:
            find(world, request, "agent", request.query["agent_id"])
    if quirk == "poll":
        things = (thing for thing in things if thing.facts["status"] in ("ended", "completed"))
    return sorted((thing for thing in things if not thing.gone), key=lambda thing: thing.at, reverse=listing.newest)


def behind(listing: Listing, things: list[Thing], text: str | None) -> list[Thing]:
    """What comes after the cursor."""
    at = None if text is None else moment_of(text)
    if text is None or (at is None and listing.cursor == "ignore"):
        return things
    if at is None or (listing.cursor == "known" and all(stamp(thing.at, listing.style) != text for thing in things)):
        raise Refused("invalid_request", "after is not the created_at of anything here")
    if listing.newest and listing.quirk != "poll":
        return [thing for thing in things if thing.at < at]
    return [thing for thing in things if thing.at > at]


def size(listing: Listing, text: str | None) -> int:
    """How many items are asked for."""
    if text is None:
        return listing.default
    if not re.fullmatch(r"\+?[0-9]{1,9}", text) or int(text) == 0:
        if listing.odd == "refuse" or (listing.odd == "empty" and text != "0"):
            raise Refused("invalid_request", f"limit is a number from 1 to {listing.maximum}")
        return 0 if listing.odd == "empty" else listing.default
    if int(text) > listing.maximum and listing.above == "refuse":
        raise Refused("invalid_request", f"limit is at most {listing.maximum} here, and you asked for {text}")
    return min(int(text), listing.maximum)


def page(listing: Listing, world: World, request: Request, given: list[Thing] | None = None) -> Reply:
    """One page, with members beside the items that nobody asked for."""
    things = candidates(world, request, listing) if given is None else given
    for name, rule in listing.filters.items():
        if name in request.query:
            things = [thing for thing in things if passes(thing, rule, request.query[name])]
    limit, left = size(listing, request.query.get("limit")), behind(listing, things, request.query.get("after"))
    rows = left[:limit]
    more = len(left) > len(rows) or (listing.quirk == "eager" and len(rows) == limit > 0)
    if listing.quirk == "short" and more:
        rows = rows[: max(1, limit * 3 // 4)]
    tell = transcript if listing.quirk == "transcripts" else None
    items = [tell(thing, listing) if tell else show(thing, listing.style, listing.label, whole=False) for thing in rows]
    beside: dict[str, Any] = {"object": "list", "count": len(items), "next": items[-1]["created_at"] if more and items else None}
    quirks: dict[str, dict[str, Any]] = {
        "events": {"events": EVENT_TYPES},
        "arrays": {"warnings": [], "statuses": ["answered", "busy", "failed"]},
        "choices": {"statuses": ["succeeded", "failed"], "total": len(things)},
    }
    return Reply(200, {**beside, **quirks.get(listing.quirk, {}), "has_more": more, listing.name: items})


def read(listing: Listing, world: World, request: Request) -> Reply:
    """One thing, where its id is given; else a page."""
    value = request.query.get(listing.one)
    if value is None:
        return page(listing, world, request)
    _, thing = find(world, request, listing.kind, value)
    if thing.facts.get("_next"):
        thing.facts["status"] = thing.facts["_next"].pop(0)
    if listing.kind != "conversation":
        return Reply(200, show(thing, listing.style, listing.label))
    texts = [show(text) for text in world.seen(request.key, "message") if text.facts["conversation_id"] == thing.id]
    return Reply(200, {"thread": show(thing), "agent": {"id": thing.facts["agent_id"]}, "texts": texts})


for _listing in LISTS:
    if _listing.path not in ("/phone-numbers", "/communication-runs"):  # these have more to say, see reads
        _answer = partial(read if _listing.one else page, _listing)
        on("GET", _listing.path, *_listing.scopes.split(), query=_listing.query, strict=_listing.strict)(_answer)


def listing_of(path: str) -> Listing:
    """The list of a path."""
    return next(listing for listing in LISTS if listing.path == path)


def one_of(world: World, request: Request, kind: str, value: Any, member: str, style: str, label: str = "id") -> dict[str, Any]:
    """A thing that is read alone."""
    return show(alive(world, request, kind, value, member)[1], style, label)
