"""Texts: what is sent is listed in a thread. Nobody gets a text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from conformance.server.extras import Document
from conformance.server.store import Filter, Page, Row

if TYPE_CHECKING:
    from conformance.server.actions import Actions
    from conformance.server.messages import Context


def send(app: Actions, context: Context) -> Document:
    """Put a text into the thread of its agent and receiver, or into a new one."""
    tenant, values = app.own_tenant(context), context.values
    with app.store.lock:
        same = (Filter("phone_number", values["to"]), Filter("agent_id", values["from_agent_id"]))
        threads = app.store.page(Page("conversation", tenant, 1, filters=same))
        thread = threads[0] if threads else _new_thread(app, tenant, values)
        text = {"conversation_id": thread.id, "direction": "outbound", "message": values["message"]}
        made = app.add("message", tenant, text)
    return {"success": True, "message_sid": f"SM{made.id.replace('-', '')}"}


def _new_thread(app: Actions, tenant: str, values: Mapping[str, Any]) -> Row:
    return app.add(
        "conversation", tenant, {"agent_id": values["from_agent_id"], "phone_number": values["to"]}
    )
