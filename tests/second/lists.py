"""How pages are made of lists and their habits, and how single things are told."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from typing import Any

from tests.second.habits import HABITS, Listing
from tests.second.intake import Refused, Reply, Request, alive, find, on
from tests.second.world import SECOND, START, Thing, World, moment_of, stamp

EVENT_TYPES = ["call.completed", "lead.captured", "sms.received", "webhook.test"]


def show(thing: Thing, style: str = "six", label: str = "id", whole: bool = True) -> dict[str, Any]:
    """A thing as it is told; members without a value are null where it is read alone, and absent in lists."""
    told = {label: thing.id} if thing.id is not None else {}
    for name, value in thing.facts.items():
        if not name.startswith("_") and (whole or value is not None):
            told[name] = (
                stamp(value, style) if name.endswith("_at") and isinstance(value, int) else value
            )
    return {**told, "created_at": stamp(thing.at, style)}


def transcript(thing: Thing, listing: Listing) -> dict[str, Any]:
    """The transcript of a call."""
    names = ("agent_id", "agent_name", "status", "duration", "summary")
    facts = {name: thing.facts.get(name) for name in names} | {"transcript": thing.facts["_said"]}
    return show(Thing(thing.id, thing.at, facts), listing.style, listing.label)


def passes(thing: Thing, rule: str, value: Any) -> bool:
    """Whether a filter takes a thing."""
    sign, _, member = rule.partition(" ")
    if sign == "since":
        return bool(thing.at >= START - value * 86_400 * SECOND)
    shown = {"created_at": thing.at, "id": thing.id}.get(member, thing.facts.get(member))
    if shown is None:
        return False
    if sign == "has":
        return value in shown
    if sign in ("=", "in"):
        return str(shown).lower() in str(value).lower().split("," if sign == "in" else "\0")
    return bool(
        {"<": shown < value, "<=": shown <= value, ">": shown > value, ">=": shown >= value}[sign]
    )


def candidates(world: World, request: Request, listing: Listing) -> list[Thing]:
    """What a list may hold, before its filters, in order."""
    quirk, named = listing.quirk, request.query.get("business_id")
    things: Iterable[Thing] = (
        world.pool if listing.kind == "pool" else world.seen(request.key, listing.kind)
    )
    if named is None and quirk == "events" and len(request.key.businesses) > 1:
        raise Refused(
            "bad_request",
            "Your key opens several businesses, and subscriptions belong to one: say business_id",
        )
    if named is not None:
        if named not in request.key.businesses and listing.business != "empty":
            raise Refused(listing.business, f"There is nothing of {ascii(named)[:60]} for this key")
        things = (
            world.businesses[named].things[listing.kind] if named in request.key.businesses else []
        )
    if quirk == "transcripts":
        things = (thing for thing in things if thing.facts.get("_said"))
        if "agent_id" in request.query:
            find(world, request, "agent", request.query["agent_id"])
    if quirk == "poll":
        things = (thing for thing in things if thing.facts["status"] in ("ended", "completed"))
    return sorted(
        (thing for thing in things if not thing.gone),
        key=lambda thing: thing.at,
        reverse=listing.newest,
    )


def behind(listing: Listing, things: list[Thing], text: str | None) -> list[Thing]:
    """What comes after the cursor."""
    at = None if text is None else moment_of(text)
    if text is None or (at is None and listing.cursor == "ignore"):
        return things
    if at is None or (
        listing.cursor == "known"
        and all(stamp(thing.at, listing.style) != text for thing in things)
    ):
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
        raise Refused(
            "invalid_request", f"limit is at most {listing.maximum} here, and you asked for {text}"
        )
    return min(int(text), listing.maximum)


def page(path: str, world: World, request: Request, only: str | None = None) -> Reply:
    """One page, with members beside the items that nobody asked for; ``only`` what belongs to one agent."""
    listing = HABITS[path]
    things = candidates(world, request, listing)
    if only is not None:
        things = [thing for thing in things if thing.facts["agent_id"] == only]
    for name, rule in listing.filters.items():
        if name in request.query:
            things = [thing for thing in things if passes(thing, rule, request.query[name])]
    if request.query.get("days", 1) < 1:
        raise Refused("invalid_request", "days is a number of one or more")
    limit, left = (
        size(listing, request.query.get("limit")),
        behind(listing, things, request.query.get("after")),
    )
    rows = left[:limit]
    more = len(left) > len(rows) or (listing.quirk == "eager" and len(rows) == limit > 0)
    if listing.quirk == "short" and more:
        rows = rows[: max(1, limit * 3 // 4)]
    tell = transcript if listing.quirk == "transcripts" else None
    items = [
        tell(thing, listing) if tell else show(thing, listing.style, listing.label, whole=False)
        for thing in rows
    ]
    beside: dict[str, Any] = {
        "object": "list",
        "count": len(items),
        "next": items[-1]["created_at"] if more and items else None,
    }
    quirks: dict[str, dict[str, Any]] = {
        "events": {"events": EVENT_TYPES},
        "arrays": {"warnings": [], "statuses": ["answered", "busy", "failed"]},
        "choices": {"statuses": ["succeeded", "failed"], "total": len(things)},
    }
    return Reply(
        200, {**beside, **quirks.get(listing.quirk, {}), "has_more": more, listing.name: items}
    )


def read(path: str, world: World, request: Request) -> Reply:
    """One thing, where its id is given; else a page."""
    listing = HABITS[path]
    value = request.query.get(listing.one)
    if value is None:
        return page(path, world, request)
    _, thing = find(world, request, listing.kind, value)
    if thing.facts.get("_next"):
        thing.facts["status"] = thing.facts["_next"].pop(0)
    if listing.kind != "conversation":
        return Reply(200, show(thing, listing.style, listing.label))
    texts = [
        show(text)
        for text in world.seen(request.key, "message")
        if text.facts["conversation_id"] == thing.id
    ]
    return Reply(
        200, {"thread": show(thing), "agent": {"id": thing.facts["agent_id"]}, "texts": texts}
    )


SPECIAL = frozenset({"/phone-numbers", "/communication-runs", "/agents/versions", "/evals/run"})
"""Lists that have more to say, see reads."""


def register() -> None:
    """Register all plain lists, with the habits that they have by now."""
    for path, listing in HABITS.items():
        if path not in SPECIAL:
            on("GET", path, *listing.scopes.split(), query=listing.query, strict=listing.strict)(
                partial(read, path)
            )


def one_of(world: World, request: Request, kind: str, value: Any, member: str) -> dict[str, Any]:
    """A thing that is read alone."""
    return show(alive(world, request, kind, value, member)[1])
