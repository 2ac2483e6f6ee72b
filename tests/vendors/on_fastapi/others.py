"""Numbers, events, sign-up and health."""

from __future__ import annotations

import secrets
import time
from collections import defaultdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from tests.vendors.on_fastapi.access import SCOPES, Caller, ProblemError, caller, scope
from tests.vendors.on_fastapi.forms import PHONE, Assignment, Replay, SignUp
from tests.vendors.on_fastapi.lists import MAXIMUM, Paging, serve, shown, stored
from tests.vendors.on_fastapi.store import Store, on

router = APIRouter()
Text = Annotated[str | None, Query(min_length=1)]
Number = Annotated[str, Query(pattern=PHONE)]
visits: dict[str, list[float]] = defaultdict(list)


@router.get("/health")
async def health(who: Annotated[Caller, Depends(caller)]) -> Any:
    """Say that the server is there."""
    return {"status": "ok"}


@router.get("/phone-numbers")
async def numbers(
    who: Annotated[Caller, scope("numbers:read")],
    page: Paging,
    business_id: Text = None,
    phone_number: Annotated[str | None, Query(pattern=PHONE)] = None,
) -> Any:
    """A page of numbers, or one."""
    if phone_number is not None:
        anybody = on("number-of-anybody")
        number = who.find("numbers", phone_number, "phone_number", anybody)
        return {"number": shown("numbers", number)}
    if on("filter-trusted") and business_id is not None:
        return serve(Caller(business_id, who.scopes, who.store), "numbers", page, {})
    who.check(business_id)
    return serve(who, "numbers", page, {})


@router.post("/phone-numbers", status_code=201)
async def assign(who: Annotated[Caller, scope("numbers:write")], form: Assignment) -> Any:
    """Take a number out of the pool."""
    business = who.check(form.business_id)
    if form.agent_id is not None:
        who.find("agents", form.agent_id)
    free = who.store.one("pool", None, form.phone_number, "phone_number")
    if free is None:
        raise ProblemError("not_found", "The number is not in the pool")
    who.store.remove("pool", free["id"])
    members = {"phone_number": form.phone_number, "agent_id": form.agent_id}
    return shown("numbers", who.store.add("numbers", business, members))


@router.delete("/phone-numbers")
async def release(
    who: Annotated[Caller, scope("numbers:write")], phone_number: Number, business_id: Text = None
) -> Any:
    """Put a number back into the pool."""
    business = who.check(business_id)
    number = who.find("numbers", phone_number, "phone_number")
    if not on("release-keeps"):
        who.store.remove("numbers", number["id"])
    who.store.add("pool", None, {"phone_number": phone_number, "country": "US"})
    return {"released": True, "business_id": business}


@router.get("/phone-numbers/available")
async def available(
    who: Annotated[Caller, scope("numbers:read")],
    page: Paging,
    country: Annotated[str | None, Query(min_length=2, max_length=2)] = None,
    area_code: Text = None,
    capability: Text = None,
) -> Any:
    """A page of the pool."""
    where: list[tuple[str, Any]] = []
    if country is not None:
        where.append(("json_extract(doc, '$.country') = ?", country.upper()))
    cursor = page.cursor()
    limit = min(page.limit, 100)
    if on("no-paging"):
        rows = who.store.select("pool", where, "created DESC", 10_000)
        return {"available_numbers": rows, "has_more": False}
    if cursor is not None:
        where.append(("created < ?", cursor))
    rows = who.store.select("pool", where, "created DESC", limit + 1)
    return {"available_numbers": rows[:limit], "has_more": len(rows) > limit}


@router.get("/events")
async def events(
    who: Annotated[Caller, scope("events:read")],
    page: Paging,
    business_id: Text = None,
    event_id: Text = None,
    event_type: Text = None,
    object_type: Text = None,
    object_id: Text = None,
    status: Text = None,
    start: Annotated[datetime | None, Query(alias="from")] = None,
    end: Annotated[datetime | None, Query(alias="to")] = None,
) -> Any:
    """A page of events. A limit above the maximum is refused."""
    who.check(business_id)
    if on("huge-limit-crashes"):
        who.store.db.execute("SELECT 1 LIMIT ?", (page.limit,))
    elif page.limit > MAXIMUM:
        raise ProblemError("invalid_request", f"limit is at most {MAXIMUM}")
    filters = {"id": event_id, "event_type": event_type, "object_type": object_type}
    filters |= {"object_id": object_id, "status": status}
    bounds = [("created >= ?", stored(start))] if start else []
    bounds += [("created <= ?", stored(end))] if end else []
    return serve(who, "events", page, filters, bounds)


@router.post("/events/replay")
async def replay(
    who: Annotated[Caller, scope("events:replay")], body: Annotated[dict[str, Any], Body()]
) -> Any:
    """Send an event once more."""
    if on("body-as-dict"):
        event_id, business = body["event_id"], body.get("business_id")
    else:
        try:
            form = Replay.model_validate(body)
        except ValidationError as error:
            raise RequestValidationError(error.errors()) from None
        event_id, business = form.event_id, form.business_id
    who.check(business)
    event = who.find("events", event_id, anybody=on("replay-anybody"))
    return {"replayed": 1, "event_id": event["id"]}


async def allowance(request: Request) -> None:
    """Raises ProblemError from the sixth request of an address within an hour on."""
    host = request.client.host if request.client else ""
    clock = time.monotonic() + request.app.state.moved
    visits[host] = [moment for moment in visits[host] if moment > clock - 3600]
    if len(visits[host]) >= 5:
        raise ProblemError("rate_limit_exceeded", "5 sign-ups per hour")
    visits[host].append(clock)


@router.post("/signup", status_code=201, dependencies=[Depends(allowance)])
async def sign_up(form: SignUp, request: Request) -> Any:
    """Open a business, and hand out its first key."""
    store: Store = request.app.state.store
    business = "biz_" + secrets.token_hex(6)
    agent = store.add("agents", business, {"name": "First agent", "status": "active"})
    return {
        "api_key": store.issue("biz_main" if on("first-business") else business, SCOPES),
        "business_id": business,
        "agent_id": agent["id"],
        "phone_number": None,
        "provisioning_deferred": True,
    }
