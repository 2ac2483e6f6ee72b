"""Calls, agents, leads and transcripts."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from tests.vendors.on_fastapi.access import Caller, ProblemError, scope
from tests.vendors.on_fastapi.forms import AgentChange, LeadChange, NewAgent, NewCall, NewLead
from tests.vendors.on_fastapi.lists import Paging, serve, shown
from tests.vendors.on_fastapi.store import on, text_of

router = APIRouter()
Text = Annotated[str | None, Query(min_length=1)]
DOWN, UNPLACED = "+12025550171", "+12025550172"


class ProviderDownError(Exception):
    """The voice provider does not answer."""


@router.get("/calls")
async def calls(
    who: Annotated[Caller, scope("calls:read")],
    page: Paging,
    id: Text = None,
    agent_id: Text = None,
    status: Text = None,
    business_id: Text = None,
) -> Any:
    """A page of calls, or one."""
    if id is not None:
        call = shown("calls", who.find("calls", id))
        return {"call": call} if on("wrapped") else call
    who.check(business_id)
    return serve(who, "calls", page, {"agent_id": agent_id, "status": status})


@router.post("/calls", status_code=201)
async def place_call(who: Annotated[Caller, scope("calls:write")], form: NewCall) -> Any:
    """Queue a call."""
    members = {"status": "queued", "direction": "outbound", **form.model_dump(exclude_none=True)}
    members["duration"] = None
    early = on("call-before-check") and who.store.add("calls", who.business, members)
    agent = who.find("agents", form.agent_id)
    if form.lead_id is not None:
        who.find("leads", form.lead_id)
    if form.to == DOWN:
        raise (
            ProviderDownError
            if on("provider-plain-500")
            else ProblemError("vapi_error", "Provider down")
        )
    if form.to == UNPLACED:
        raise ProblemError(
            "call_failed", "The call was not placed", 502 if on("bad-gateway") else 500
        )
    members["agent_name"] = agent["name"]
    if early:
        who.store.save("calls", {**early, **members})
        return shown("calls", {**early, **members})
    return shown("calls", who.store.add("calls", who.business, members))


@router.get("/transcripts")
async def transcripts(
    who: Annotated[Caller, scope("calls:read")],
    page: Paging,
    agent_id: Text = None,
    days: Annotated[int | None, Query(ge=1, le=3650)] = None,
) -> Any:
    """A page of transcripts."""
    if agent_id is not None and not on("agent-instead-of-business"):
        who.find("agents", agent_id)
    start = days and datetime.now(UTC) - timedelta(days=days)
    bounds = [("created >= ?", text_of(start))] if start else []
    return serve(who, "transcripts", page, {"agent_id": agent_id}, bounds)


@router.get("/agents")
async def agents(
    who: Annotated[Caller, scope("agents:read")], page: Paging, id: Text = None
) -> Any:
    """A page of agents, or one."""
    if id is not None:
        return shown("agents", who.find("agents", id))
    return serve(who, "agents", page, {})


@router.post("/agents", status_code=201)
async def new_agent(
    who: Annotated[Caller, scope("agents:write")], form: NewAgent, response: Response
) -> Any:
    """Create an agent."""
    if on("created-200"):
        response.status_code = 200
    business = who.check(form.business_id)
    members = form.model_dump(exclude_none=True)
    members["prompts"] = {"inbound": members.pop("system_prompt")}
    if on("agent-twice"):
        who.store.add("agents", business, members)
    return shown("agents", who.store.add("agents", business, {"status": "active", **members}))


@router.patch("/agents")
async def change_agent(who: Annotated[Caller, scope("agents:change")], form: AgentChange) -> Any:
    """Change some members of an agent."""
    if on("change-of-nobody") and who.store.one("agents", who.business, form.id) is None:
        return {"id": form.id, "updated": True}
    agent = who.find("agents", form.id)
    reset = on("unsent-members-reset")
    change = form.model_dump() if reset else form.model_dump(exclude_unset=True)
    prompts = dict(agent.get("prompts") or {})
    for name in ("inbound", "outbound", "sms"):
        if f"{name}_prompt" in change:
            prompts[name] = change.pop(f"{name}_prompt")
    who.store.save("agents", {**agent, **change, "prompts": prompts})
    return {"id": form.id, "updated": True}


@router.post("/leads", status_code=201)
async def new_lead(who: Annotated[Caller, scope("leads:write")], form: NewLead) -> Any:
    """Create a lead."""
    business = who.check(form.business_id)
    members = form.model_dump()
    if form.agent_id is not None:
        who.find("agents", form.agent_id, anybody=on("foreign-agent"))
    if on("notes-lost"):
        members["notes"] = None
    members |= {"score": None, "updated_at": text_of(datetime.now(UTC))}
    return shown("leads", who.store.add("leads", business, members))


@router.patch("/leads")
async def change_lead(who: Annotated[Caller, scope("leads:write")], form: LeadChange) -> Any:
    """Change some members of a lead."""
    lead = who.find("leads", form.id, anybody=on("change-anybody"))
    change = form.model_dump(exclude_unset=True)
    if on("empty-text-ignored"):
        change = {name: value for name, value in change.items() if value}
    if form.score is not None and not math.isfinite(form.score) and not on("infinite-score"):
        raise ProblemError("invalid_request", "score is too large")
    lead |= {**change, "updated_at": text_of(datetime.now(UTC))}
    if form.score is None or math.isfinite(form.score):
        who.store.save("leads", lead)
    return JSONResponse(shown("leads", lead))
