"""Reads beside the plain lists: lists with further modes, reports, and the service itself."""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.second.habits import HABITS, RUNS
from tests.second.intake import ROUTES, Refused, Reply, Request, alive, business_of, find, on
from tests.second.lists import one_of, page, show
from tests.second.world import START, World, stamp

BROKEN = 31_337_000_099


@on(
    "GET",
    "/phone-numbers",
    "numbers:read",
    query=HABITS["/phone-numbers"].query + " phone_number:phone",
    strict=True,
)
def phone_numbers(world: World, request: Request) -> Reply:
    """A page of numbers, or a single one; null for a number that the key may not see."""
    number = request.query.get("phone_number")
    if number is None:
        return page("/phone-numbers", world, request)
    for thing in world.seen(request.key, "number"):
        if thing.facts["phone_number"] == number:
            return Reply(200, {"number": show(thing, "comma")})
    return Reply(200, {"number": None})


@on(
    "GET",
    "/communication-runs",
    RUNS,
    query=HABITS["/communication-runs"].query + " id external_ref",
)
def communication_runs(world: World, request: Request) -> Reply:
    """A page of runs, or a single one beside its jobs."""
    for member in ("id", "external_ref"):
        if member in request.query:
            run = one_of(world, request, "run", request.query[member], member)
            jobs = [
                job
                for job in world.seen(request.key, "job")
                if job.facts["communication_run_id"] == run["id"]
            ]
            return Reply(200, {"run": run, "touches": [show(job) for job in jobs]})
    return page("/communication-runs", world, request)


@on("GET", "/agents/versions", "agents:read", query="agent_id! version:integer after limit")
def versions(world: World, request: Request) -> Reply:
    """The versions of an agent, or a single one."""
    _, agent = find(world, request, "agent", request.query["agent_id"])
    if "version" not in request.query:
        return page("/agents/versions", world, request, agent.id)
    wanted = (agent.id, request.query["version"])
    for thing in world.seen(request.key, "version"):
        if (thing.facts["agent_id"], thing.facts["version"]) == wanted:
            return Reply(200, {"version": show(thing)})
    raise Refused("not_found", f"Agent {agent.id} has no such version")


@on("GET", "/evals/run", "evals:read", query="run_id vapi_run_id agent_id after limit")
def eval_runs(world: World, request: Request) -> Reply:
    """A single run by one of its ids, or the runs of an agent."""
    for name, member in (("run_id", "id"), ("vapi_run_id", "vapi_run_id")):
        if name in request.query:
            _, run = alive(world, request, "eval_run", request.query[name], member)
            if run.facts["status"] == "running":
                run.facts.update(status="completed", passed=True)
            return Reply(200, show(run, "zulu", "run_id"))
    if "agent_id" not in request.query:
        raise Refused("bad_request", "Which run? Give run_id, vapi_run_id or agent_id")
    _, agent = find(world, request, "agent", request.query["agent_id"])
    return page("/evals/run", world, request, agent.id)


@on("GET", "/recordings", "calls:read", query="call_id!", strict=True)
def recordings(world: World, request: Request) -> Reply:
    """The recording of a call; a call without one returns 404."""
    _, call = find(world, request, "call", request.query["call_id"])
    if not call.facts.get("_recorded"):
        raise Refused("not_found", f"Nothing was recorded of {call.id}")
    link = {"url": f"https://media.example.com/{call.id}.ogg", "expires_at": stamp(world.now())}
    return Reply(200, {"recording": link, "status": "ready", "duration": call.facts["duration"]})


@on(
    "GET",
    "/leads/audit",
    "leads:read",
    query="window_hours:integer stalled_days:integer hot_score:integer as_of:moment",
)
def audit(world: World, request: Request) -> Reply:
    """Leads with a high score. One odd score makes the report fail, for a trigger."""
    hot = request.query.get("hot_score", 70)
    if hot == BROKEN:
        raise Refused("internal_error", "Something went wrong on our side, we have been told")
    leads = [lead for lead in world.seen(request.key, "lead") if (lead.facts["score"] or 0) >= hot]
    return Reply(200, {"hot_leads": [show(lead) for lead in leads[:3]], "stalled": 0})


def report(title: str, world: World, request: Request) -> Reply:
    """A report on calls of at most 90 days."""
    if not 1 <= request.query.get("days", 30) <= 90:
        raise Refused("invalid_request", "days is a number from 1 to 90")
    if request.query.get("group_by", "day") not in ("day", "week"):
        raise Refused("invalid_request", "group_by is day or week")
    if "agent_id" in request.query:
        find(world, request, "agent", request.query["agent_id"])
    since = START - request.query.get("days", 30) * 86_400_000_000
    calls = [call for call in world.seen(request.key, "call") if call.at >= since]
    return Reply(
        200,
        {
            "report": title,
            "rows": [{"total": len(calls)}],
            "generated_at": stamp(world.now(), "trimmed"),
        },
    )


for _path, _query in {
    "dashboard": "days:integer",
    "calls": "days:integer group_by agent_id",
    "funnel": "days:integer source",
    "agents": "days:integer agent_id",
    "weekly": "",
    "businesses": "days:integer",
}.items():
    on("GET", f"/analytics/{_path}", "calls:read", query=_query)(partial(report, _path))


@on("GET", "/capabilities", query="business_id")
def capabilities(world: World, request: Request) -> Reply:
    """The businesses and scopes of the key, as a bare array."""
    named = request.query.get("business_id")
    chosen = (
        [business_of(world, request, named, "not_found")] if named else world.reach(request.key)
    )
    return Reply(
        200,
        [
            {"business": business.id, "name": business.name, "scopes": sorted(request.key.scopes)}
            for business in chosen
        ],
    )


@on("GET", "/balance")
def balance(world: World, request: Request) -> Reply:
    """The plan and the minutes of each business."""
    return Reply(
        200,
        {
            business.id: {"plan": "pro", "minutes": len(business.things["call"])}
            for business in world.reach(request.key)
        },
    )


@on("GET", "/health")
def health(world: World, request: Request) -> Reply:
    """The health, as a JSON string."""
    return Reply(200, "all well")


SCHEMAS: dict[str, Any] = {name: {"type": "object"} for name in ("Call", "Lead", "Agent")}


@on("GET", "/schemas", query="name")
def schemas(world: World, request: Request) -> Reply:
    """All schemas, or a single one."""
    name = request.query.get("name")
    if name is not None and name not in SCHEMAS:
        raise Refused("not_found", f"No schema is called {ascii(name)[:60]}")
    return Reply(200, SCHEMAS if name is None else SCHEMAS[name])


@on("GET", "/openapi.json")
def document(world: World, request: Request) -> Reply:
    """The OpenAPI document, for any key."""
    paths: dict[str, Any] = {
        path: {method.lower(): {"responses": {}} for method in methods}
        for path, methods in ROUTES.items()
    }
    return Reply(
        200, {"openapi": "3.0.3", "info": {"title": "Second", "version": "2"}, "paths": paths}
    )
