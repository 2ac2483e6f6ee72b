"""Communication runs and the runs of scenarios. Nothing is scheduled: a run stays as it was made."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from conformance.server.extras import Document

if TYPE_CHECKING:
    from conformance.server.actions import Actions
    from conformance.server.messages import Context

AFTERWARDS = {"pause": "paused", "resume": "active", "cancel": "cancelled", "teardown": "torn_down"}
"""The state that an action leads to."""


def create(app: Actions, context: Context) -> Document:
    """Make a run; the same Idempotency-Key gives the first answer again."""
    tenant = app.own_tenant(context)
    place = f"idempotency:{tenant}:{context.values['Idempotency-Key']}"
    with app.store.lock:
        given = app.store.note(place)
        if given is not None:
            first: Document = json.loads(given)
            return first
        kept = app.kept("communication_run", context.values)
        made = app.add(
            "communication_run",
            tenant,
            {"external_ref": None, "status": "scheduled", "touches": [], **kept},
        )
        answer: Document = {"success": True, "id": made.id, "status": "scheduled"}
        app.store.leave(place, json.dumps(answer))
    return answer


def change(app: Actions, context: Context) -> Document:
    """Pause or cancel a run."""
    row = app.store.change(app.selected(context), {"status": AFTERWARDS[context.values["action"]]})
    return {"id": row.id, "status": row.document["status"], "updated": True}


def act_on_workspace(app: Actions, context: Context) -> Document:
    """Pause, resume, cancel or tear down a workspace."""
    row = app.store.change(
        app.selected(context), {"lifecycle_state": AFTERWARDS[context.values["action"]]}
    )
    return {"id": row.id, "lifecycle_state": row.document["lifecycle_state"], "updated": True}


def run_eval(app: Actions, context: Context) -> Document:
    """Run one scenario: it passes at once."""
    scenario = app.find("eval", context.values["eval_id"], context)
    if scenario is None:
        raise app.not_found(context.operation)
    return _run(app, context, scenario.document.get("agent_id"))


def run_agent_evals(app: Actions, context: Context) -> Document:
    """Run the scenarios of an agent, as one run each."""
    return {
        "agent_id": context.values["agent_id"],
        "runs": [_run(app, context, context.values["agent_id"])],
    }


def _run(app: Actions, context: Context, agent: object) -> Document:
    told = {
        "agent_id": agent,
        "status": "completed",
        "passed": True,
        "results": [],
        "vapi_run_id": app.new_id("provider run"),
    }
    return app.add("eval_run", app.own_tenant(context), told).document
