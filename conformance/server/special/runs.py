"""Communication runs and scenario runs. Nothing is scheduled, so no run changes on its own."""

from __future__ import annotations

import json

from conformance.server.extras import Document, Server
from conformance.server.messages import Context

STATE_AFTER = {
    "pause": "paused",
    "resume": "active",
    "cancel": "cancelled",
    "teardown": "torn_down",
}
"""Action -> the state that it leads to."""


def create(server: Server, context: Context) -> Document:
    """Create a run. A repeated Idempotency-Key returns the first response again."""
    tenant = server.own_tenant(context)
    note = f"idempotency:{tenant}:{context.values['Idempotency-Key']}"
    with server.store.lock:
        first_response = server.store.note(note)
        if first_response is not None:
            first: Document = json.loads(first_response)
            return first
        run: Document = {"external_ref": None, "status": "scheduled", "touches": []}
        run |= server.kept("communication_run", context.values)
        row = server.add("communication_run", tenant, run)
        confirmation: Document = {"success": True, "id": row.id, "status": "scheduled"}
        server.store.set_evictable_note(note, json.dumps(confirmation))
    return confirmation


def change(server: Server, context: Context) -> Document:
    """Pause or cancel a run."""
    return _change_state(server, context, "status")


def act_on_workspace(server: Server, context: Context) -> Document:
    """Pause, resume, cancel or tear down a workspace."""
    return _change_state(server, context, "lifecycle_state")


def _change_state(server: Server, context: Context, member: str) -> Document:
    """Put the selected object into the state that the action leads to, and confirm it."""
    state = STATE_AFTER[context.values["action"]]
    row = server.store.change(server.selected(context), {member: state})
    return {"id": row.id, member: row.document[member], "updated": True}


def run_eval(server: Server, context: Context) -> Document:
    """Run one scenario, which passes immediately."""
    scenario = server.find("eval", context.values["eval_id"], context)
    if scenario is None:
        raise server.not_found(context.operation)
    return _run(server, context, scenario.document.get("agent_id"))


def run_agent_evals(server: Server, context: Context) -> Document:
    """Run the scenarios of an agent, as one run."""
    agent = context.values["agent_id"]
    return {"agent_id": agent, "runs": [_run(server, context, agent)]}


def _run(server: Server, context: Context, agent: object) -> Document:
    """Store a run that has passed, and return it; ``agent`` is the id of its agent."""
    run = {
        "agent_id": agent,
        "status": "completed",
        "passed": True,
        "results": [],
        "vapi_run_id": server.new_id("provider run"),
    }
    return server.add("eval_run", server.own_tenant(context), run).document
