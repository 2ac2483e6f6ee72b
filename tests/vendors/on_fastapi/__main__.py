"""``python -m tests.vendors.on_fastapi TARGET-FILE [WRONG ...]`` serves on a free port.

It writes a target file and prints a line when it is ready. WRONG names what is to be wrong.
"""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path
from typing import Any

import uvicorn

from tests.vendors.on_fastapi import people
from tests.vendors.on_fastapi.app import BASE, CLOCK, build
from tests.vendors.on_fastapi.seed import EMPTY, MAIN, OTHER, seed
from tests.vendors.on_fastapi.store import Store, broken, on

LISTS = (
    "list_calls", "list_transcripts", "list_agents", "list_leads", "list_webhooks", "list_events",
    "list_phone_numbers", "list_available_numbers",
)  # fmt: skip


def declaration(store: Store, url: str) -> dict[str, Any]:
    """Fill the store and return its target file as data."""
    keys, scoped = seed(store)
    return {
        "name": "FastAPI vendor",
        "url": url,
        "allow": ["read", "write", "spend", "flood"],
        "keys": keys,
        "scoped_keys": scoped,
        "businesses": {"main": MAIN, "other": OTHER, "empty": EMPTY},
        "maximum": dict.fromkeys(LISTS, 100),
        "triggers": [
            {"code": "vapi_error", "operation": "create_call", "input": {"to": people.DOWN}},
            {"code": "call_failed", "operation": "create_call", "input": {"to": people.UNPLACED}},
        ],
        "clock": {"method": "POST", "path": CLOCK, "member": "seconds"},
        "addresses": ["127.0.0.0/8"],
    }


def main(target: str, *wrong: str) -> None:
    """Write the target file and serve until the process ends."""
    broken.update(wrong)
    store = Store()
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}{BASE}"
    told = declaration(store, url)
    Path(target).write_text(json.dumps(told, indent=1), encoding="utf-8")
    settings = uvicorn.Config(
        build(store),
        log_config=None,
        access_log=False,
        proxy_headers=on("proxy-headers"),
        forwarded_allow_ips="*",
    )
    print("ready", url, flush=True)
    uvicorn.Server(settings).run(sockets=[listener])


if __name__ == "__main__":
    main(*sys.argv[1:])
