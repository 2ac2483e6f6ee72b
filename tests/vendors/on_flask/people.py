"""Leads, agents and their texts."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, g

from tests.vendors.on_flask.data import TABLES, Thing, wrong
from tests.vendors.on_flask.paging import Terms, page
from tests.vendors.on_flask.web import (
    EMAIL,
    PHONE,
    ApiError,
    argument,
    body,
    data,
    invalid,
    moment,
    needs,
    own_business,
    owned,
    text,
    whole,
)

routes = Blueprint("people", __name__)
COLUMNS = TABLES["leads"].split(", ")
TEXTS = [name for name in COLUMNS if name not in ("score", "updated_at")]
BOUNDS = {
    "created_after": "created_at >= ?",
    "created_before": "created_at <= ?",
    "updated_after": "updated_at >= ?",
    "updated_before": "updated_at <= ?",
}


def bounds_of_time() -> Terms:
    """The conditions on times that a request asks for."""
    bounds: Terms = [(term, moment(name)) for name, term in BOUNDS.items() if argument(name)]
    if any(value is None for _, value in bounds):
        raise invalid("created_after, created_before, updated_after or updated_before")
    return bounds


def bounds_of_score() -> Terms:
    """The conditions on the score that a request asks for."""
    bounds = {"score >= ?": whole("score_gte"), "score <= ?": whole("score_lte")}
    return [(term, value) for term, value in bounds.items() if value is not None]


def named_terms() -> Terms:
    """The conditions on the status and the source that a request asks for."""
    terms: Terms = []
    status, source = argument("status"), argument("source")
    if status is not None:
        wanted = status.partition(",")[0] if wrong("first-status") else status
        terms.append(("instr(',' || ? || ',', ',' || status || ',') > 0", wanted))
    if source is not None:
        like = wrong("source-contains")
        terms.append(("source LIKE '%' || ? || '%'" if like else "source = ?", source))
    return terms


@routes.get("/leads")
@needs("leads:read")
def leads() -> Any:
    """A page of leads, or one."""
    id_ = argument("id")
    if id_ is not None:
        if wrong("error-is-text") and data().find("leads", id_, g.business) is None:
            return {"error": "Lead not found"}, 404
        return owned("leads", id_)
    own_business(argument("business_id"))
    bounds = [*bounds_of_time(), *bounds_of_score(), *named_terms()]
    filters = {name: argument(name) for name in ("agent_id", "phone", "email")}
    answer = page("leads", "leads", filters, bounds)
    if wrong("empty-404") and not answer["leads"] and not bounds:
        raise ApiError(404, "not_found", "No leads found")
    return answer


def members(content: Thing) -> Thing:
    """The members of a lead that a body holds, checked."""
    values = {name: text(content, name) for name in TEXTS if name in content}
    email = values.get("email")
    if email is not None and not EMAIL.fullmatch(email):
        raise invalid("email")
    if values.get("agent_id") is not None:
        owned("agents", values["agent_id"])
    return values


@routes.post("/leads")
@needs("leads:write")
def new_lead() -> Any:
    """Create a lead."""
    content = body()
    business = text(content, "business_id", True)
    if not wrong("lead-for-anybody"):
        own_business(business)
    values = {"status": "new", **members(content)}
    lead = data().insert("leads", business_id=business, updated_at=data().tick(), **values)
    if wrong("not-committed"):
        data().db.execute("DELETE FROM leads WHERE id = ?", (lead["id"],))
    return lead, 201


@routes.patch("/leads")
@needs("leads:write")
def change_lead() -> Any:
    """Change some members of a lead."""
    content = body()
    id_ = text(content, "id", True) or ""
    if wrong("empty-message") and data().find("leads", id_, g.business) is None:
        raise ApiError(404, "not_found", "")
    owned("leads", id_)
    values = members(content)
    if "score" in content:
        values["score"] = number(content["score"])
    if wrong("mass-assignment"):
        values |= {name: content[name] for name in ("business_id", "created_at") if name in content}
    data().update("leads", id_, {**values, "updated_at": data().tick()})
    changed = data().find("leads", id_)
    assert changed is not None
    return changed


def number(value: Any) -> Any:
    """A score. Raises ApiError if it is no number, or too large a one."""
    plain = value is None or (isinstance(value, int | float) and not isinstance(value, bool))
    if not plain or (value is not None and not abs(value) < 1e15):
        raise invalid("score")
    return value


@routes.get("/leads/audit")
@needs("leads:read")
def audit() -> Any:
    """Some figures about leads."""
    whole("window_hours", 1)
    whole("stalled_days", 1)
    hot = whole("hot_score")
    if argument("as_of") and moment("as_of") is None:
        raise invalid("as_of")
    query = "SELECT COUNT(*) FROM leads WHERE business_id = ? AND score >= ?"
    count = data().db.execute(query, (g.business, 80 if hot is None else hot)).fetchone()[0]
    return {"hot": count, "stalled": 0}


# --- agents and texts -----------------------------------------------------------------------------


def agent(row: Thing) -> Thing:
    """An agent as answers show it."""
    shown = dict(row)
    shown["prompts"] = {"sms": shown.pop("sms_prompt")}
    return shown


@routes.get("/agents")
@needs("agents:read")
def agents() -> Any:
    """A page of agents, or one."""
    id_ = argument("id")
    if id_ is not None:
        return agent(owned("agents", id_))
    return page("agents", "agents", {}, show=agent)


@routes.post("/sms/update-prompt")
@needs("agents:write")
def update_prompt() -> Any:
    """Change the prompt for texts."""
    content = body()
    id_, prompt = text(content, "agent_id", True), text(content, "sms_prompt", True)
    text(content, "reason")
    found = owned("agents", id_, anybody=wrong("prompt-of-anybody"))
    data().update("agents", found["id"], {"sms_prompt": prompt})
    return {"agent_id": id_, "updated": True}


@routes.post("/sms/send")
@needs("sms:write")
def send() -> Any:
    """Send a text: it is stored in its thread."""
    content = body()
    to, sent = text(content, "to", True) or "", text(content, "message", True) or ""
    from_, lead = text(content, "from_agent_id", True), text(content, "lead_id")
    if not PHONE.fullmatch(to) and not wrong("phone-unchecked"):
        raise invalid("to")
    sender = owned("agents", from_, anybody=wrong("text-from-anybody"))
    if lead is not None:
        owned("leads", lead)
    blocked = "casino" in sent.lower()
    if blocked and not wrong("blocked-but-stored"):
        raise ApiError(400, "content_blocked", "The text is not allowed")
    row = data().insert(
        "messages",
        business_id=g.business,
        conversation_id=thread(sender["id"], to),
        direction="outbound",
        message=sent,
    )
    if blocked:
        raise ApiError(400, "content_blocked", "The text is not allowed")
    return {"success": True, "message_sid": row["id"]}


def thread(agent_id: str, to: str) -> str:
    """The id of the thread of an agent with a number, which is made if it is missing."""
    query = "SELECT id FROM conversations WHERE agent_id = ? AND phone_number = ?"
    row = data().db.execute(query, (agent_id, to)).fetchone()
    if row is not None:
        return str(row[0])
    values = {"agent_id": agent_id, "phone_number": to}
    return str(data().insert("conversations", business_id=g.business, **values)["id"])


@routes.get("/sms/conversations")
@needs("sms:read")
def conversations() -> Any:
    """A page of threads, or one."""
    id_ = argument("id")
    if id_ is None:
        return page("conversations", "conversations", {})
    try:
        return owned("conversations", id_, anybody=wrong("thread-of-anybody"))
    except ApiError as error:
        if wrong("json-as-html"):
            told = {"error": {"code": error.code, "message": error.message}}
            return Response(json.dumps(told), 404)
        raise


@routes.get("/sms/messages")
@needs("sms:read")
def messages() -> Any:
    """A page of texts."""
    direction = argument("direction")
    if direction not in (None, "inbound", "outbound"):
        raise invalid("direction")
    filters = {"conversation_id": argument("conversation_id"), "direction": direction}
    return page("messages", "messages", filters)
