"""``python -m tests.second TARGET-FILE [DICE]`` runs the server on a free port.

It writes a target file and prints a line when it is ready. The number DICE is the seed for other
habits of the lists.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.second.habits import HABITS, throw
from tests.second.lists import register
from tests.second.reads import BROKEN
from tests.second.seeds import seed
from tests.second.wire import BASE, CLOCK, Server
from tests.second.world import World

RUN = {
    "steps": [{"channel": "sms", "text": "Hello"}],
    "contacts": [{"phone": "+13035550101"}, {"phone": "+13035550102"}],
}
TRIGGERS = [
    ("number_on_dnc", "create_call", {"to": "+13035550171"}),
    ("tcpa_violation", "create_call", {"to": "+13035550173"}),
    ("vapi_error", "create_call", {"to": "+13035550174"}),
    ("call_failed", "create_call", {"to": "+13035550175"}),
    ("number_on_dnc", "send_sms", {"to": "+13035550171"}),
    ("number_opted_out", "send_sms", {"to": "+13035550172"}),
    ("tcpa_violation", "send_sms", {"to": "+13035550173"}),
    ("sms_send_failed", "send_sms", {"to": "+13035550176"}),
    ("content_blocked", "send_sms", {"message": "Win big at our CASINO"}),
    ("vapi_error", "create_agent", {"name": "provider down"}),
    ("vapi_error", "create_eval", {"name": "provider down"}),
    ("internal_error", "audit_leads", {"hot_score": BROKEN}),
    ("payment_required", "sign_up", {"plan_id": "pro"}),
]
"""Each code with the operation and the input that provoke it."""


def declaration(world: World, url: str) -> dict[str, Any]:
    """Fill the world and return its target file as data."""
    keys, scoped, businesses = seed(world)
    return {
        "name": "second server",
        "url": url,
        "allow": ["read", "write", "spend", "flood"],
        "keys": keys,
        "scoped_keys": scoped,
        "businesses": {role: business.id for role, business in businesses.items()},
        "phone_numbers": ["+13035550111", "+13035550112"],
        "maximum": {listing.operation: listing.maximum for listing in HABITS.values()},
        "collections": {"list_event_deliveries": "data", "list_communication_attempts": "attempts"},
        "inputs": {
            "backfill_events": {"from": "2026-04-25T00:00:00Z", "to": "2026-04-25T12:00:00Z"},
            **{f"{verb}_communication_run": RUN for verb in ("validate", "preview", "create")},
        },
        "triggers": [
            {"code": code, "operation": operation, "input": values}
            for code, operation, values in TRIGGERS
        ],
        "clock": {"method": "PUT", "path": CLOCK, "member": "forward"},
        "addresses": ["127.0.0.0/8"],
    }


def main(target: str, dice: str = "") -> None:
    """Write the target file and serve until the process ends."""
    if dice:
        throw(int(dice))
    register()
    with Server(World(), 0) as server:
        url = f"http://127.0.0.1:{server.server_address[1]}{BASE}"
        Path(target).write_text(
            json.dumps(declaration(server.world, url), indent=1), encoding="utf-8"
        )
        print("ready", url, flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
