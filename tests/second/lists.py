"""Pages of lists, by the habits of each list, and single things."""

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
    """A thing as JSON. Members without a value are null if ``whole``, else left out."""
    item = {label: thing.id} if thing.id is not None else {}
    for name, value in thing.facts.items():
        if name.startswith("_") or (value is None and not whole):
            continue
        is_moment = name.endswith("_at") and isinstance(value, int)
        item[name] = stamp(value, style) if is_moment else value
    return {**item, "created_at": stamp(thing.at, style)}


def transcript(thing: Thing, listing: Listing) -> dict[str, Any]:
    """The transcript of a call as JSON."""
    names = ("agent_id", "agent_name", "status", "duration", "summary")
    facts = {name: thing.facts.get(name) for name in names} | {"transcript": thing.facts["_said"]}
    return show(Thing(thing.id, thing.at, facts), listing.style, listing.label)


# --- the things of a list ---


def candidates(world: World, request: Request, listing: Listing) -> list[Thing]:
    """The things of a list in its order, before any filter. Raises Refused."""
    things = _reachable(world, request, listing)
    if listing.quirk == "transcripts" and "agent_id" in request.query:
        find(world, request, "agent", request.query["agent_id"])
    present = [thing for thing in things if _is_listed(thing, listing)]
    return sorted(present, key=lambda thing: thing.at, reverse=listing.newest)


def _is_listed(thing: Thing, listing: Listing) -> bool:
    if thing.gone:
        return False
    if listing.quirk == "transcripts":
        return bool(thing.facts.get("_said"))
    return listing.quirk != "poll" or thing.facts["status"] in ("ended", "completed")


def _reachable(world: World, request: Request, listing: Listing) -> Iterable[Thing]:
    """The things of the businesses that a request is for, deleted ones included."""
    named = request.query.get("business_id")
    if named is not None:
        return _of_business(world, request, listing, named)
    if listing.quirk == "events" and len(request.key.businesses) > 1:
        raise Refused(
            "bad_request",
            "Your key opens several businesses, and subscriptions belong to one: say business_id",
        )
    return world.pool if listing.kind == "pool" else world.seen(request.key, listing.kind)


def _of_business(world: World, request: Request, listing: Listing, named: str) -> Iterable[Thing]:
    if named in request.key.businesses:
        return world.businesses[named].things[listing.kind]
    if listing.business != "empty":
        raise Refused(listing.business, f"There is nothing of {ascii(named)[:60]} for this key")
    return []


def filtered(things: list[Thing], listing: Listing, query: dict[str, Any]) -> list[Thing]:
    """The things that pass every filter of a query."""
    for name, rule in listing.filters.items():
        if name in query:
            things = [thing for thing in things if passes(thing, rule, query[name])]
    if query.get("days", 1) < 1:
        raise Refused("invalid_request", "days is a number of one or more")
    return things


def passes(thing: Thing, rule: str, value: Any) -> bool:
    """Whether a thing passes a filter."""
    sign, _, member = rule.partition(" ")
    if sign == "since":
        return bool(thing.at >= START - value * 86_400 * SECOND)
    known = {"created_at": thing.at, "id": thing.id}.get(member, thing.facts.get(member))
    if known is None:
        return False
    if sign == "has":
        return value in known
    if sign == "=":
        return str(known).lower() == str(value).lower()
    if sign == "in":
        return str(known).lower() in str(value).lower().split(",")
    bounds = {"<": known < value, "<=": known <= value, ">": known > value, ">=": known >= value}
    return bool(bounds[sign])


# --- the page ---


def behind(listing: Listing, things: list[Thing], text: str | None) -> list[Thing]:
    """The things after the cursor; all without one. Raises Refused."""
    at = None if text is None else _position(listing, things, text)
    if at is None:
        return things
    if listing.newest and listing.quirk != "poll":
        return [thing for thing in things if thing.at < at]
    return [thing for thing in things if thing.at > at]


def _position(listing: Listing, things: list[Thing], text: str) -> int | None:
    """The moment of a cursor; None for one that the list ignores. Raises Refused."""
    at = moment_of(text)
    if at is None and listing.cursor == "ignore":
        return None
    if at is None or not _takes_cursor(listing, things, text):
        raise Refused("invalid_request", "after is not the created_at of anything here")
    return at


def _takes_cursor(listing: Listing, things: list[Thing], text: str) -> bool:
    if listing.cursor != "known":
        return True
    return any(stamp(thing.at, listing.style) == text for thing in things)


def size(listing: Listing, text: str | None) -> int:
    """The number of items of a page, by the text of its limit. Raises Refused."""
    if text is None:
        return listing.default
    if not re.fullmatch(r"\+?[0-9]{1,9}", text) or int(text) == 0:
        return _odd_size(listing, text)
    if int(text) > listing.maximum and listing.above == "refuse":
        raise Refused(
            "invalid_request", f"limit is at most {listing.maximum} here, and you asked for {text}"
        )
    return min(int(text), listing.maximum)


def _odd_size(listing: Listing, text: str) -> int:
    """The number of items for a limit that is no number above zero. Raises Refused."""
    if listing.odd == "default":
        return listing.default
    if listing.odd == "empty" and text == "0":
        return 0
    raise Refused("invalid_request", f"limit is a number from 1 to {listing.maximum}")


def page(path: str, world: World, request: Request, only: str | None = None) -> Reply:
    """One page, with members that the contract does not have.

    ``only`` is the id of the agent whose things to show. Raises Refused.
    """
    listing = HABITS[path]
    things = candidates(world, request, listing)
    if only is not None:
        things = [thing for thing in things if thing.facts["agent_id"] == only]
    things = filtered(things, listing, request.query)
    limit = size(listing, request.query.get("limit"))
    left = behind(listing, things, request.query.get("after"))
    rows, more = _cut(listing, left, limit)
    items = [_item(listing, thing) for thing in rows]
    body = {
        "object": "list",
        "count": len(items),
        "next": items[-1]["created_at"] if more and items else None,
        **_extras(listing, len(things)),
        "has_more": more,
        listing.name: items,
    }
    return Reply(200, body)


def _cut(listing: Listing, left: list[Thing], limit: int) -> tuple[list[Thing], bool]:
    """The things of a page, and its has_more."""
    rows = left[:limit]
    more = len(left) > len(rows)
    if listing.quirk == "eager" and len(rows) == limit > 0:
        more = True
    if listing.quirk == "short" and more:
        rows = rows[: max(1, limit * 3 // 4)]
    return rows, more


def _item(listing: Listing, thing: Thing) -> dict[str, Any]:
    if listing.quirk == "transcripts":
        return transcript(thing, listing)
    return show(thing, listing.style, listing.label, whole=False)


def _extras(listing: Listing, total: int) -> dict[str, Any]:
    """Further members of a page, some of them arrays."""
    extras: dict[str, dict[str, Any]] = {
        "events": {"events": EVENT_TYPES},
        "arrays": {"warnings": [], "statuses": ["answered", "busy", "failed"]},
        "choices": {"statuses": ["succeeded", "failed"], "total": total},
    }
    return extras.get(listing.quirk, {})


def read(path: str, world: World, request: Request) -> Reply:
    """A single thing if its id is given, else a page."""
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
"""Lists that reads.py serves."""


def register() -> None:
    """Register the other lists, with their present habits."""
    for path, listing in HABITS.items():
        if path not in SPECIAL:
            scopes = listing.scopes.split()
            route = on("GET", path, *scopes, query=listing.query, strict=listing.strict)
            route(partial(read, path))


def one_of(world: World, request: Request, kind: str, value: Any, member: str) -> dict[str, Any]:
    """A single thing that was not deleted, as JSON."""
    return show(alive(world, request, kind, value, member)[1])
