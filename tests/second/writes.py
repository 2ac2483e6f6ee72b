"""Operations that create and change: calls, agents, leads, texts, numbers, webhooks, workspaces."""

from __future__ import annotations

from typing import Any

from tests.second.intake import Refused, Reply, Request, agent_of, alive, business_of, find, on
from tests.second.lists import show
from tests.second.world import Business, Thing, World, stamp

TROUBLE = {
    "+13035550171": "number_on_dnc",
    "+13035550172": "number_opted_out",
    "+13035550173": "tcpa_violation",
    "+13035550174": "vapi_error",
    "+13035550175": "call_failed",
    "+13035550176": "sms_send_failed",
}
"""The code of each number that provokes one."""


def trouble(number: str, *codes: str) -> None:
    """Check a number that may provoke one of some codes. Raises Refused."""
    if TROUBLE.get(number) in codes:
        raise Refused(TROUBLE[number], f"No way to {number}: {TROUBLE[number].replace('_', ' ')}")


def provider(name: str) -> None:
    """Check a name with the voice provider, which fails for one. Raises Refused."""
    if name == "provider down":
        raise Refused("vapi_error", "The voice provider did not answer in time")


def note(world: World, business: Business, word: str, kind: str, thing: Thing) -> None:
    """Add an event about a thing."""
    facts: dict[str, Any] = {
        "event_type": word,
        "object_type": kind,
        "object_id": str(thing.id),
        "business_id": business.id,
    }
    world.add(business, "event", **facts, status="succeeded")


CALL = "agent_id! to!:phone name context first_message lead_id webhook_url:url max_duration:integer"


@on("POST", "/calls", "calls:write", body=CALL)
def start_call(world: World, request: Request) -> Reply:
    """Place a call; each read of it shows the next status."""
    body = request.body
    business, agent = find(world, request, "agent", body["agent_id"])
    if "lead_id" in body:
        alive(world, request, "lead", body["lead_id"])
    trouble(body["to"], "number_on_dnc", "tcpa_violation", "vapi_error", "call_failed")
    facts = {
        "agent_id": agent.id,
        "agent_name": agent.facts["name"],
        "business_id": business.id,
        "status": "queued",
        "direction": "outbound",
        "duration": None,
        "lead_id": body.get("lead_id"),
        "context": body.get("context"),
    }
    call = world.add(business, "call", **facts, _next=["ringing", "in-progress", "ended"])
    return Reply(201, show(call))


AGENT = "name! system_prompt! first_message voice:object model:object metadata:object"
AGENT_CHANGES = (
    "name inbound_prompt outbound_prompt sms_prompt first_message outbound_first_message "
    "outbound_llm sms_llm voice:object model:object metadata:object max_duration:integer "
    "vapi_config:object transfer_enabled:boolean transfer_phone_number:phone"
)


@on("POST", "/agents", "agents:write", body=f"business_id! {AGENT}", strict=True)
def create_agent(world: World, request: Request) -> Reply:
    """Create an agent, after a check with the provider."""
    business = business_of(world, request, request.body["business_id"])
    provider(request.body["name"])
    prompts = {"inbound": request.body.pop("system_prompt")}
    agent = world.add(
        business, "agent", **request.body, status="active", phone_number=None, prompts=prompts
    )
    agent.facts["model"] = {"provider": "second", "maxTokens": 250, **request.body.get("model", {})}
    return Reply(201, show(agent))


@on("PATCH", "/agents", "agents:write", body=f"id! {AGENT_CHANGES}")
def change_agent(world: World, request: Request) -> Reply:
    """Change an agent and keep a version; the answer is the whole agent."""
    business, agent = find(world, request, "agent", request.body.pop("id"))
    provider(request.body.get("name", ""))
    agent.facts.update(request.body)
    keep_version(world, business, agent)
    return Reply(200, show(agent))


def keep_version(world: World, business: Business, agent: Thing) -> None:
    """Add the next version of an agent."""
    count = sum(thing.facts["agent_id"] == agent.id for thing in business.things["version"])
    world.add(business, "version", agent_id=agent.id, version=count + 1, rolled_back_to=None)


LEAD = (
    "name first_name last_name email:email phone address city state zip status source source_url "
    "source_page notes message event_date event_type agent_id timezone"
)


@on("POST", "/leads", "leads:write", body=f"business_id! {LEAD}", strict=True)
def create_lead(world: World, request: Request) -> Reply:
    """Create a lead, which needs a name, a phone number or an e-mail address."""
    body = request.body
    business = business_of(world, request, body["business_id"])
    if not any(body.get(name) for name in ("name", "first_name", "last_name", "email", "phone")):
        raise Refused("bad_request", "A lead wants a name, a phone or an email")
    agent_of(world, request, business)
    lead = world.add(business, "lead", **{"status": "new", "score": None, **body})
    lead.facts["updated_at"] = lead.at
    note(world, business, "lead.captured", "lead", lead)
    return Reply(201, show(lead, "india"))


@on("PATCH", "/leads", "leads:write", body=f"id! {LEAD} score:number")
def change_lead(world: World, request: Request) -> Reply:
    """Change the members of a lead that the request names."""
    business, lead = alive(world, request, "lead", request.body.pop("id"))
    agent_of(world, request, business)
    lead.facts.update(request.body, updated_at=world.now())
    return Reply(200, show(lead, "india"))


@on("POST", "/phone-numbers", "numbers:write", body="phone_number!:phone business_id agent_id")
def assign_number(world: World, request: Request) -> Reply:
    """Assign a number of the pool to a business."""
    business = business_of(world, request, request.body.get("business_id"))
    agent_of(world, request, business)
    taken = from_pool(world, request.body["phone_number"])
    facts = {**taken.facts, "capabilities": dict.fromkeys(taken.facts["capabilities"], True)}
    number = world.add(
        business, "number", **facts, agent_id=request.body.get("agent_id"), business_id=business.id
    )
    return Reply(200, {"number": show(number, "comma"), "business_id": business.id})


def from_pool(world: World, number: str) -> Thing:
    """Take a number out of the pool. Raises Refused."""
    for thing in world.pool:
        if thing.facts["phone_number"] == number:
            world.pool.remove(thing)
            return thing
    raise Refused("not_found", f"{number} is not in the pool")


@on("DELETE", "/phone-numbers", "numbers:write", query="phone_number!:phone business_id")
def release_number(world: World, request: Request) -> Reply:
    """Return a number to the end of the pool; the answer has no body."""
    business, number = alive(
        world, request, "number", request.query["phone_number"], "phone_number"
    )
    business.things["number"].remove(number)
    facts = {name: number.facts[name] for name in ("phone_number", "country", "_area")}
    world.pool.append(Thing(None, world.now(), {**facts, "capabilities": ["voice"]}))
    return Reply(200)


@on("POST", "/sms/send", "sms:write", body="to!:phone from_agent_id! message! lead_id")
def send_text(world: World, request: Request) -> Reply:
    """Send a text, in a new conversation."""
    body = request.body
    business, agent = find(world, request, "agent", body["from_agent_id"])
    if "lead_id" in body:
        alive(world, request, "lead", body["lead_id"])
    if "casino" in body["message"].lower():
        raise Refused("content_blocked", "Our carriers do not take texts on gambling")
    trouble(body["to"], "number_on_dnc", "number_opted_out", "tcpa_violation", "sms_send_failed")
    thread = world.add(business, "conversation", agent_id=agent.id, contact=body["to"], unread=0)
    text = world.add(
        business,
        "message",
        conversation_id=thread.id,
        direction="outbound",
        body=body["message"],
        segments=1,
    )
    return Reply(
        201, {"success": True, "message_sid": text.id, "to": body["to"], "scheduled_at": None}
    )


@on("POST", "/sms/update-prompt", "agents:write", body="agent_id! sms_prompt! reason", strict=True)
def change_prompt(world: World, request: Request) -> Reply:
    """Change a prompt and keep a version of the agent."""
    business, agent = find(world, request, "agent", request.body["agent_id"])
    agent.facts["sms_prompt"] = request.body["sms_prompt"]
    keep_version(world, business, agent)
    return Reply(201, {"agent_id": agent.id, "version": len(business.things["version"])})


def secret(world: World) -> str:
    """A new secret for a webhook."""
    return f"whsec_{world.dice.getrandbits(160):040x}"


WEBHOOK = "id webhook_url!:url business_id events:array description is_active:boolean"


@on("POST", "/webhooks", "webhooks:write", body=WEBHOOK)
def save_webhook(world: World, request: Request) -> Reply:
    """Create or change a webhook; the answer to a creation also has the secret."""
    body = {**request.body, "url": request.body["webhook_url"]}
    del body["webhook_url"]
    if not all(isinstance(word, str) for word in body.get("events", ())):
        raise Refused("invalid_request", "events holds names of events")
    if "id" in body:
        _, webhook = alive(world, request, "webhook", body.pop("id"))
        webhook.facts.update({name: value for name, value in body.items() if name != "business_id"})
        return Reply(200, {"webhook": show(webhook, "trimmed")})
    business = business_of(world, request, body.get("business_id"))
    facts = {"events": ["call.completed"], "is_active": True, **body, "business_id": business.id}
    webhook = world.add(business, "webhook", **facts, webhook_secret_masked="whsec_****")
    answer = {
        "webhook": show(webhook, "trimmed"),
        "business": {"id": business.id, "name": business.name},
        "webhook_secret": secret(world),
    }
    return Reply(201, answer)


@on("DELETE", "/webhooks", "webhooks:write", query="id! business_id", strict=True)
def delete_webhook(world: World, request: Request) -> Reply:
    """Delete a webhook; the answer has no body."""
    alive(world, request, "webhook", request.query["id"])[1].gone = True
    return Reply(200)


@on("POST", "/webhooks/test", "webhooks:write", body="id! business_id data:object")
def try_webhook(world: World, request: Request) -> Reply:
    """Add a test event and its delivery."""
    business, webhook = alive(world, request, "webhook", request.body["id"])
    note(world, business, "webhook.test", "webhook", webhook)
    event = business.things["event"][-1]
    delivery = world.add(
        business,
        "delivery",
        event_id=event.id,
        webhook_id=webhook.id,
        status="succeeded",
        response_code=200,
    )
    return Reply(201, {"delivery": show(delivery, "nine")})


@on("POST", "/webhooks/rotate-secret", "webhooks:write", body="id! business_id")
def rotate(world: World, request: Request) -> Reply:
    """Give a webhook a new secret."""
    alive(world, request, "webhook", request.body["id"])
    return Reply(201, {"webhook_secret": secret(world), "previous_valid_until": stamp(world.now())})


@on(
    "POST",
    "/workspaces",
    "workspaces:write",
    body="name! metadata:object external_ref",
    strict=True,
)
def create_workspace(world: World, request: Request) -> Reply:
    """Create a workspace in the first business of the key."""
    business = world.reach(request.key)[0]
    facts: dict[str, Any] = {"metadata": {}, "external_ref": None, **request.body}
    workspace = world.add(business, "workspace", lifecycle_state="active", **facts)
    workspace.facts["updated_at"] = workspace.at
    return Reply(201, show(workspace))


STATES = {"pause": "paused", "resume": "active", "cancel": "cancelled", "teardown": "torn_down"}


@on("PATCH", "/workspaces", "workspaces:write", body="id! name metadata:object action")
def change_workspace(world: World, request: Request) -> Reply:
    """Change a workspace; an action needs a further scope."""
    body = request.body
    if "action" in body and body["action"] not in STATES:
        raise Refused("invalid_request", f"action is one of {', '.join(STATES)}")
    if "action" in body and not request.key.has("lifecycle:write"):
        raise Refused("forbidden", "An action needs the scope lifecycle:write as well")
    _, workspace = alive(world, request, "workspace", body["id"])
    changes: dict[str, Any] = {name: body[name] for name in ("name", "metadata") if name in body}
    if "action" in body:
        changes["lifecycle_state"] = STATES[body["action"]]
    workspace.facts.update(changes, updated_at=world.now())
    return Reply(200, {"changed": sorted(changes), "workspace": show(workspace)})
