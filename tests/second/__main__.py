"""Start the server: ``python -m tests.second TARGET-FILE [PORT]`` writes a target file and says when it is ready."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.second.lists import EVAL_RUNS, LISTS, VERSIONS
from tests.second.reads import BROKEN
from tests.second.seeds import seed
from tests.second.wire import BASE, CLOCK, Server
from tests.second.world import World

NAMES = {
    "/calls": "list_calls",
    "/transcripts": "list_transcripts",
    "/agents": "list_agents",
    "/leads": "list_leads",
    "/numbers": "list_numbers",
    "/phone-numbers": "list_phone_numbers",
    "/phone-numbers/available": "list_available_numbers",
    "/sms/conversations": "list_conversations",
    "/sms/messages": "list_messages",
    "/webhooks": "list_webhooks",
    "/workspaces": "list_workspaces",
    "/evals": "list_evals",
    "/evals/run": "list_eval_runs",
    "/events": "list_events",
    "/event-deliveries": "list_event_deliveries",
    "/communication-runs": "list_communication_runs",
    "/communication-jobs": "list_communication_jobs",
    "/communication-attempts": "list_communication_attempts",
    "/usage": "list_usage",
    "/zapier/triggers/lead-created": "poll_lead_created",
    "/zapier/triggers/call-completed": "poll_call_completed",
    "/agents/versions": "list_agent_versions",
}
"""What the suite calls the lists."""
RUN = {"steps": [{"channel": "sms", "text": "Hello"}], "contacts": [{"phone": "+13035550101"}, {"phone": "+13035550102"}]}
TRIGGERS = [
    *[(code, "create_call", {"to": f"+1303555017{last}"}) for code, last in
      (("number_on_dnc", 1), ("tcpa_violation", 3), ("vapi_error", 4), ("call_failed", 5))],
    *[(code, "send_sms", {"to": f"+1303555017{last}"}) for code, last in
      (("number_on_dnc", 1), ("number_opted_out", 2), ("tcpa_violation", 3), ("sms_send_failed", 6))],
    ("content_blocked", "send_sms", {"message": "Win big at our CASINO"}),
    ("vapi_error", "create_agent", {"name": "provider down"}),
    ("vapi_error", "create_eval", {"name": "provider down"}),
    ("internal_error", "audit_leads", {"hot_score": BROKEN}),
    ("payment_required", "sign_up", {"plan_id": "pro"}),
]  # fmt: skip


def declaration(world: World, url: str) -> dict[str, Any]:
    """The target file, as data."""
    keys, scoped, businesses = seed(world)
    return {
        "name": "second server",
        "url": url,
        "allow": ["read", "write", "spend", "flood"],
        "keys": keys,
        "scoped_keys": scoped,
        "businesses": {role: business.id for role, business in businesses.items()},
        "phone_numbers": ["+13035550111", "+13035550112"],
        "maximum": {NAMES[listing.path]: listing.maximum for listing in (*LISTS, VERSIONS, EVAL_RUNS)},
        "collections": {"list_event_deliveries": "data", "list_communication_attempts": "attempts"},
        "inputs": {
            "backfill_events": {"from": "2026-04-25T00:00:00Z", "to": "2026-04-25T12:00:00Z"},
            **{f"{verb}_communication_run": RUN for verb in ("validate", "preview", "create")},
        },
        "triggers": [{"code": code, "operation": operation, "input": given} for code, operation, given in TRIGGERS],
        "clock": {"method": "PUT", "path": CLOCK, "member": "forward"},
        "addresses": ["127.0.0.0/8"],
    }


def main(target: str, port: str = "0") -> None:
    """Serve until the process ends."""
    with Server(World(), int(port)) as server:
        url = f"http://127.0.0.1:{server.server_address[1]}{BASE}"
        Path(target).write_text(json.dumps(declaration(server.world, url), indent=1), encoding="utf-8")
        print("ready", url, flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
