"""Texts: a sent text appears in a thread. Nobody receives it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.server.extras import Document, Server
from conformance.server.messages import Context
from conformance.server.store import Filter, Page, Row


def send(server: Server, context: Context) -> Document:
    """Add a text to the thread between its agent and its receiver, which is created if missing."""
    tenant, values = server.own_tenant(context), context.values
    with server.store.lock:
        thread = _thread(server, tenant, values) or _new_thread(server, tenant, values)
        text = {
            "conversation_id": thread.id,
            "direction": "outbound",
            "message": values["message"],
        }
        row = server.add("message", tenant, text)
    return {"success": True, "message_sid": f"SM{row.id.replace('-', '')}"}


def _thread(server: Server, tenant: str, values: Mapping[str, Any]) -> Row | None:
    """The newest thread between the agent and the receiver of a text; None if there is none."""
    between = (Filter("phone_number", values["to"]), Filter("agent_id", values["from_agent_id"]))
    threads = server.store.page(Page("conversation", tenant, 1, filters=between))
    return threads[0] if threads else None


def _new_thread(server: Server, tenant: str, values: Mapping[str, Any]) -> Row:
    thread = {"agent_id": values["from_agent_id"], "phone_number": values["to"]}
    return server.add("conversation", tenant, thread)
