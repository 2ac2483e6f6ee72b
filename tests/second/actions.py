"""Operations that start something: evals, replays, communication runs and accounts."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.second.intake import (
    Form,
    Refused,
    Reply,
    Request,
    agent_of,
    alive,
    business_of,
    find,
    on,
    read_body,
)
from tests.second.lists import show
from tests.second.world import SECOND, Business, Key, Thing, World, stamp

HOUR = 3_600 * SECOND


@on(
    "POST",
    "/evals",
    "evals:write",
    body="agent_id! business_id! name! messages!:array description",
    strict=True,
)
def create_eval(world: World, request: Request) -> Reply:
    """Create an eval."""
    business = business_of(world, request, request.body["business_id"])
    agent_of(world, request, business)
    if request.body["name"] == "provider down":
        raise Refused("vapi_error", "The voice provider could not mirror the scenario")
    scenario = world.add(
        business,
        "eval",
        **{"description": None, **request.body, "business_id": business.id},
        state="live",
    )
    return Reply(201, show(scenario, "zulu"))


@on("PATCH", "/evals", "evals:write", body="id! name description messages:array")
def change_eval(world: World, request: Request) -> Reply:
    """Change an eval; the answer confirms it and shows nothing."""
    _, scenario = alive(world, request, "eval", request.body.pop("id"))
    scenario.facts.update(request.body)
    return Reply(200, {"id": scenario.id, "updated": True})


@on("DELETE", "/evals", "evals:write", query="id!")
def delete_eval(world: World, request: Request) -> Reply:
    """Delete an eval: it leaves the list, and a read still shows it with its state."""
    _, scenario = find(world, request, "eval", request.query["id"])
    scenario.gone = True
    scenario.facts.update(state="deleted", deleted_at=world.now())
    return Reply(200, {"id": scenario.id, "state": "deleted"})


def run_one(world: World, business: Business, agent_id: str) -> dict[str, Any]:
    """Start a run, which the first read completes; returns it as JSON."""
    facts: dict[str, Any] = {
        "agent_id": agent_id,
        "status": "running",
        "passed": None,
        "results": [],
    }
    run = world.add(
        business,
        "eval_run",
        **facts,
        vapi_run_id=f"vr-{business.id}-{len(business.things['eval_run'])}",
    )
    return show(run, "zulu", "run_id")


@on("POST", "/evals/run", "evals:write", body="eval_id agent_id wait:boolean max_wait_ms:integer")
def run_evals(world: World, request: Request) -> Reply:
    """Run one eval, or those of an agent."""
    if "eval_id" in request.body:
        business, scenario = alive(world, request, "eval", request.body["eval_id"])
        return Reply(200, run_one(world, business, scenario.facts["agent_id"]))
    if "agent_id" not in request.body:
        raise Refused("bad_request", "Run what? Give eval_id or agent_id")
    business, agent = find(world, request, "agent", request.body["agent_id"])
    evals = [
        thing
        for thing in business.things["eval"]
        if thing.facts["agent_id"] == agent.id and not thing.gone
    ]
    runs = [run_one(world, business, agent.id) for _ in evals[:3]]
    return Reply(200, {"agent_id": agent.id, "runs": runs})


def again(world: World, events: list[Thing]) -> Reply:
    """Deliver at most 100 events again."""
    for event in events[:100]:
        business = world.businesses[event.facts["business_id"]]
        world.add(
            business,
            "delivery",
            event_id=event.id,
            webhook_id=None,
            status="succeeded",
            response_code=200,
        )
    return Reply(201, {"queued": len(events[:100]), "job": {"status": "queued"}})


@on(
    "POST",
    "/events/replay",
    "events:replay",
    body="event_id event_ids:array filter:object business_id",
)
def replay(world: World, request: Request) -> Reply:
    """Replay one event, several (ignoring unknown ids), or those that match a filter."""
    if "business_id" in request.body:
        business_of(world, request, request.body["business_id"], "not_found")
    return again(world, chosen(world, request))


def chosen(world: World, request: Request) -> list[Thing]:
    """The events that a replay names. Raises Refused."""
    body = request.body
    if "event_id" in body:
        return [find(world, request, "event", body["event_id"])[1]]
    events = world.seen(request.key, "event")
    if "event_ids" in body:
        ids = {value for value in body["event_ids"] if isinstance(value, str)}
        return [event for event in events if event.id in ids]
    if "filter" in body:
        return [event for event in events if matches(event, body["filter"])]
    raise Refused("bad_request", "Say which events: event_id, event_ids or filter")


def matches(event: Thing, members: dict[str, Any]) -> bool:
    """Whether an event has some members with these values."""
    return all(event.facts.get(name) == value for name, value in members.items())


@on(
    "POST",
    "/events/backfill",
    "events:replay",
    body="from!:moment to!:moment business_id event_type status",
    strict=True,
)
def backfill(world: World, request: Request) -> Reply:
    """Replay the events of at most a day, which is at most ten days old."""
    body = request.body
    if not 0 < body["to"] - body["from"] <= 24 * HOUR or body["from"] < world.now() - 240 * HOUR:
        raise Refused(
            "invalid_request",
            "from comes before to, by a day at most, and is not older than ten days",
        )
    if "business_id" in body:
        business_of(world, request, body["business_id"], "not_found")
    events = world.seen(request.key, "event")
    return again(world, [event for event in events if body["from"] <= event.at <= body["to"]])


RUN = "business_id! name external_ref steps!:array contacts!:array"


def checked(body: dict[str, Any]) -> list[Any]:
    """The channel of each touch of a run. Raises Refused."""
    channels = [step.get("channel") if isinstance(step, dict) else None for step in body["steps"]]
    if not channels or not all(channel in ("call", "sms") for channel in channels):
        raise Refused("invalid_request", "Each of steps names a channel, which is call or sms")
    return channels * len(body["contacts"][:50])


@on("POST", "/communication-runs/validate", "communication-runs:write", body=RUN)
def validate(world: World, request: Request) -> Reply:
    """Check a run; the answer is a success that lists the problems."""
    business_of(world, request, request.body["business_id"])
    try:
        checked(request.body)
    except Refused as refused:
        return Reply(200, {"valid": False, "problems": [refused.message]})
    return Reply(200, {"valid": True, "problems": []})


@on("POST", "/communication-runs/preview", "communication-runs:write", body=RUN)
def preview(world: World, request: Request) -> Reply:
    """Show the touches that a run would have."""
    business_of(world, request, request.body["business_id"])
    return Reply(201, {"touches": [{"channel": channel} for channel in checked(request.body)]})


@on("POST", "/communication-runs", "communication-runs:write", body=RUN)
def create_run(world: World, request: Request) -> Reply:
    """Create a run and its touches; the same Idempotency-Key gets the first answer again."""
    mark = request.headers.get("idempotency-key")
    if not mark:
        raise Refused("bad_request", "The header Idempotency-Key is missing")
    business = business_of(world, request, request.body["business_id"])
    if (business.id, mark) not in world.first_answers:
        channels = checked(request.body)
        facts: dict[str, Any] = {
            "external_ref": request.body.get("external_ref"),
            "status": "scheduled",
            "business_id": business.id,
        }
        run = world.add(business, "run", **facts)
        for channel in channels:
            world.add(
                business, "job", communication_run_id=run.id, channel=channel, status="waiting"
            )
        world.first_answers[business.id, mark] = Reply(
            201, {"success": True, "run": show(run, "india")}
        )
    reply: Reply = world.first_answers[business.id, mark]
    return reply


@on("PATCH", "/communication-runs", "communication-runs:write", body="id! action! business_id")
def change_run(world: World, request: Request) -> Reply:
    """Pause or cancel a run that is neither done nor cancelled."""
    action = request.body["action"]
    if action not in ("pause", "cancel"):
        raise Refused("invalid_request", "action is pause or cancel")
    _, run = alive(world, request, "run", request.body["id"])
    if run.facts["status"] in ("cancelled", "done"):
        raise Refused(
            "invalid_request", f"The run is {run.facts['status']}, nothing can be done about it"
        )
    run.facts["status"] = {"pause": "paused", "cancel": "cancelled"}[action]
    return Reply(200, {"run": show(run, "india")})


# --- accounts ---

SIGNUP = Form.of("business_name! email!:email business_type website phone_forward_to:phone plan_id")
PAID = "a signature that no facilitator gives"
TERMS = {
    "scheme": "exact",
    "network": "eip155:8453",
    "amount": "5000000",
    "asset": "USDC",
    "payTo": "0x0",
    "maxTimeoutSeconds": 60,
}


def admit(world: World, address: str) -> None:
    """Count a sign-up from an address, refused ones too. Raises Refused after five in an hour."""
    now, visits = world.now(), world.visits[address]
    visits[:] = [at for at in visits if at > now - HOUR]
    if len(visits) >= 5:
        reset = str((visits[0] + HOUR) // SECOND + 1)
        raise Refused(
            "rate_limit_exceeded",
            "Five requests an hour is all we take from you",
            headers={"x-ratelimit-reset": reset},
        )
    visits.append(now)


@on("POST", "/signup")
def sign_up(world: World, request: Request) -> Reply:
    """Open a business and issue its first key; the rest is provisioned later."""
    admit(world, request.address)
    body = read_body(SIGNUP, request)
    plan = body.get("plan_id", "starter")
    if plan not in ("starter", "pro"):
        raise Refused("invalid_request", "There are two plans, starter and pro")
    if plan == "pro" and request.headers.get("payment-signature") != PAID:
        raise payment_required(world)
    business = world.open_business(body["business_name"])
    key = world.issue(f"account {business.id}", "kc_live_", Key((business.id,), frozenset({"*"})))
    account = {
        "api_key": key,
        "business_id": business.id,
        "agent_id": None,
        "phone_number": None,
        "provisioning_deferred": True,
        "checkout_url": f"https://pay.example.com/{business.id}/c0ffee",
        "trial_ends_at": stamp(world.now() + 720 * HOUR, "trimmed"),
    }
    return Reply(201, account)


def payment_required(world: World) -> Refused:
    """The refusal of a sign-up without a payment, with the terms in a header."""
    terms = {
        "x402Version": 2,
        "error": "payment required",
        "accepts": [{**TERMS, "nonce": world.dice.getrandbits(64)}],
    }
    header = base64.b64encode(json.dumps(terms).encode()).decode()
    message = "This plan is paid in advance"
    return Refused("payment_required", message, headers={"payment-required": header})
