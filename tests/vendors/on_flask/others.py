"""Deliveries, usage, balance, calls and sign-up."""

from __future__ import annotations

import secrets
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from flask import Blueprint, g, redirect, request

from tests.vendors.on_flask.data import Thing, wrong
from tests.vendors.on_flask.paging import Terms, page
from tests.vendors.on_flask.seeding import MAIN, SCOPES, issue
from tests.vendors.on_flask.web import (
    EMAIL,
    PHONE,
    ApiError,
    argument,
    body,
    data,
    invalid,
    missing,
    moment,
    needs,
    own_business,
    owned,
    require,
    text,
    whole,
)

routes = Blueprint("others", __name__)
PAID = "paid-in-full"
visits: dict[str, list[float]] = defaultdict(list)


@routes.get("/event-deliveries")
@needs(None)
def deliveries() -> Any:
    """A page of deliveries."""
    if "webhooks:read" not in g.scopes:
        require("events:read")
    own_business(argument("business_id"))
    names = ("event_id", "webhook_id", "status")
    return page("deliveries", "deliveries", {name: argument(name) for name in names})


@routes.get("/usage")
@needs(None)
def usage() -> Any:
    """A page of what the business used."""
    bounds: Terms = []
    for name, term in (("start", "created_at >= ?"), ("end", "created_at <= ?")):
        if argument(name) is not None:
            bounds.append((term, moment(name)))
    if any(value is None for _, value in bounds):
        raise invalid("start or end")
    return page("usage", "usage", {}, bounds)


@routes.get("/balance")
def balance() -> Any:
    """The balance of the business."""
    if wrong("slash-308"):
        return redirect(request.path + "/", 308)
    return figures()


@needs(None)
def figures() -> Any:
    """The figures of the balance."""
    return {"balance": 12.5, "currency": "USD"}


def transcript(row: Thing) -> Thing:
    """The transcript of a call."""
    shown = dict(row)
    shown["call_id"] = shown.pop("id")
    return shown


@routes.get("/transcripts")
@needs("calls:read")
def transcripts() -> Any:
    """A page of transcripts."""
    days = whole("days", 1)
    bounds: Terms = []
    if days is not None:
        bounds.append(("julianday(created_at) >= julianday('now') - ?", days))
    answer = page("calls", "transcripts", {"agent_id": argument("agent_id")}, bounds, transcript)
    return answer["transcripts"] if wrong("bare-array") else answer


@routes.get("/recordings")
@needs("calls:read")
def recording() -> Any:
    """The recording of a call."""
    id_ = argument("call_id")
    if id_ is None:
        raise missing("call_id")
    if wrong("nul-in-a-path") and "\0" in id_:
        Path(f"recordings/{id_}.mp3").stat()
    call = owned("calls", id_)
    url = f"https://recordings.example.com/{call['id']}.mp3"
    return {"call_id": call["id"], "recording_url": url, "status": "available"}


# --- sign-up --------------------------------------------------------------------------------------


def allowance(email: str | None) -> None:
    """Raises ApiError from the sixth sign-up of an address within an hour on."""
    who = email if wrong("limit-by-address-of-mail") else request.remote_addr
    seen = visits[who or ""]
    seen[:] = [at for at in seen if at > time.monotonic() - 3600]
    if len(seen) >= 5:
        raise ApiError(429, "rate_limit_exceeded", "Try again in an hour")
    seen.append(time.monotonic())


TERMS = {
    "x402Version": 1,
    "accepts": [
        {
            "scheme": "exact",
            "network": "base",
            "maxAmountRequired": "5000000",
            "resource": "https://calls.example.com/api/v1/signup",
            "description": "The plan pro",
            "mimeType": "application/json",
            "payTo": "0x2222222222222222222222222222222222222222",
            "maxTimeoutSeconds": 300,
            "asset": "0x3333333333333333333333333333333333333333",
        }
    ],
}


def paid() -> bool:
    """Whether the request has a proof of payment, under either name of the header."""
    old, new = request.headers.get("X-PAYMENT"), request.headers.get("PAYMENT-SIGNATURE")
    return PAID in ((old,) if wrong("proof-in-x-payment") else (old, new))


def checked_email(content: Thing) -> str:
    """The e-mail address of a sign-up, all of whose members are checked."""
    text(content, "business_name", True)
    email = text(content, "email", True) or ""
    forward = text(content, "phone_forward_to")
    for name in ("business_type", "website", "plan_id"):
        text(content, name)
    if not EMAIL.fullmatch(email):
        raise invalid("email")
    if forward is not None and not PHONE.fullmatch(forward):
        raise invalid("phone_forward_to")
    return email


@routes.post("/signup")
def sign_up() -> Any:
    """Open a business, and hand out its first key."""
    if not wrong("limit-by-address-of-mail"):
        allowance(None)
    content = body()
    email = checked_email(content)
    if wrong("limit-by-address-of-mail"):
        allowance(email)
    if content.get("plan_id") == "pro" and not paid():
        terms = {} if wrong("terms-missing") else TERMS
        raise ApiError(402, "payment_required", "The plan has to be paid", **terms)
    business = "b-" + secrets.token_hex(8)
    key = issue(data(), MAIN if wrong("first-business") else business, SCOPES)
    if wrong("key-not-stored"):
        data().db.execute("DELETE FROM keys WHERE token = ?", (key,))
    made = data().insert("agents", business_id=business, name="First", status="active")
    return {"api_key": key, "business_id": business, "agent_id": made["id"]}, 201
