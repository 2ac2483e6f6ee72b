"""``python -m tests.vendors.on_flask TARGET-FILE [WRONG ...]`` serves on a free port.

It writes a target file and prints a line when it is ready. WRONG names what is to be wrong.
"""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from tests.vendors.on_flask.application import BASE, build
from tests.vendors.on_flask.data import WRONG, Data
from tests.vendors.on_flask.others import PAID
from tests.vendors.on_flask.seeding import EMPTY, MAIN, OTHER, seed

LISTS = (
    "list_workspaces", "list_leads", "list_agents", "list_conversations", "list_evals",
    "list_event_deliveries", "list_usage", "list_transcripts",
)  # fmt: skip


class Handler(WSGIRequestHandler):
    """Connections that stay open."""

    protocol_version = "HTTP/1.1"


def declaration(data: Data, url: str) -> dict[str, Any]:
    """Fill the data and return its target file."""
    keys, scoped = seed(data)
    query = "SELECT id FROM {} WHERE business_id = ? ORDER BY created_at DESC"
    call, agent = (
        data.db.execute(query.format(table), (MAIN,)).fetchone()[0] for table in ("calls", "agents")
    )
    blocked = {"message": "Win at our CASINO"}
    paid = {"code": "payment_required", "operation": "sign_up", "input": {"plan_id": "pro"}}
    return {
        "name": "Flask vendor",
        "url": url,
        "allow": ["read", "write", "spend", "flood"],
        "keys": keys,
        "scoped_keys": scoped,
        "businesses": {"main": MAIN, "other": OTHER, "empty": EMPTY},
        "maximum": {**dict.fromkeys(LISTS, 50), "list_messages": 20},
        "inputs": {
            "read_recording": {"call_id": call},
            "update_sms_prompt": {"agent_id": agent},
        },
        "triggers": [
            {"code": "content_blocked", "operation": "send_sms", "input": blocked},
            {**paid, "payment": PAID},
        ],
        "addresses": ["127.0.0.0/8"],
    }


def main(target: str, *wrong: str) -> None:
    """Write the target file and serve until the process ends."""
    WRONG.update(wrong)
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    data = Data()
    server = make_server("127.0.0.1", 0, build(data), threaded=True, request_handler=Handler)
    url = f"http://127.0.0.1:{server.port}{BASE}"
    Path(target).write_text(json.dumps(declaration(data, url), indent=1), encoding="utf-8")
    print("ready", url, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
