"""Webhooks: subscriptions and their secrets."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from tests.vendors.on_fastapi.access import Caller, scope
from tests.vendors.on_fastapi.forms import WebhookReference, WebhookSave
from tests.vendors.on_fastapi.lists import Paging, serve, shown
from tests.vendors.on_fastapi.store import on

router = APIRouter()
Text = Annotated[str | None, Query(min_length=1)]


@router.get("/webhooks")
async def webhooks(
    who: Annotated[Caller, scope("webhooks:read")], page: Paging, business_id: Text = None
) -> Any:
    """A page of subscriptions."""
    who.check(business_id)
    return serve(who, "webhooks", page, {})


@router.post("/webhooks", status_code=201)
async def save(
    who: Annotated[Caller, scope("webhooks:write")], form: WebhookSave, response: Response
) -> Any:
    """Make a subscription, or with an id change it."""
    business = who.check(form.business_id)
    sent = form.model_dump(exclude_unset=True, exclude={"id", "business_id", "webhook_url"})
    sent["url"] = form.webhook_url
    if form.id is not None:
        response.status_code = 200
        old = who.find("webhooks", form.id)
        if on("change-adds-another"):
            return shown("webhooks", who.store.add("webhooks", business, _new(sent)))
        who.store.save("webhooks", {**old, **sent})
        return shown("webhooks", {**old, **sent})
    if on("false-becomes-true"):
        sent["is_active"] = sent.get("is_active") or True
    secret = "whsec_" + secrets.token_urlsafe(24)
    row = who.store.add("webhooks", business, _new(sent, secret))
    return {**shown("webhooks", row), "webhook_secret": secret}


def _new(sent: dict[str, Any], secret: str = "") -> dict[str, Any]:
    masked = {"webhook_secret_masked": "whsec_********", "_secret": secret}
    return {"events": ["call.completed"], "description": None, "is_active": True, **sent, **masked}


@router.delete("/webhooks")
async def delete(
    who: Annotated[Caller, scope("webhooks:write")],
    id: Annotated[str, Query(min_length=1)],
    response: Response,
    business_id: Text = None,
) -> Any:
    """Delete a subscription."""
    who.check(business_id)
    if not on("delete-says-yes"):
        who.find("webhooks", id)
    if who.store.one("webhooks", who.business, id) is not None:
        who.store.remove("webhooks", id)
    if on("deleted-204"):
        return Response(status_code=204)
    return {"deleted": True}


@router.post("/webhooks/rotate-secret")
async def rotate(who: Annotated[Caller, scope("webhooks:write")], form: WebhookReference) -> Any:
    """Give a subscription another secret."""
    who.check(form.business_id)
    row = who.find("webhooks", form.id)
    secret = "whsec_" + secrets.token_urlsafe(24)
    who.store.save("webhooks", {**row, "_secret": secret})
    return {"id": form.id, "webhook_secret": secret}
