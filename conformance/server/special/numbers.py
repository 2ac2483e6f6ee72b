"""Numbers: buying one takes it from the pool, and releasing it puts it back."""

from __future__ import annotations

from typing import Any

from conformance.server.extras import Document, Server
from conformance.server.messages import Context

CAPABILITIES = {"voice": True, "sms": True}


def assign(server: Server, context: Context) -> Document:
    """Move a number from the pool to the business of the key. Raises Refusal if it is not free."""
    number = context.values["phone_number"]
    with server.store.lock:
        row = server.find("available_number", number, context)
        if row is None:
            raise server.not_found(context.operation)
        server.store.remove(row)
        document: dict[str, Any] = {
            "id": server.new_id("number"),
            "agent_id": context.values.get("agent_id"),
            "capabilities": CAPABILITIES,
        }
        assigned = server.add(
            "phone_number", server.own_tenant(context), document, identifier=number
        )
    return assigned.document


def release(server: Server, context: Context) -> Document:
    """Move a number that the key can access back to the pool.

    Raises Refusal if the key cannot access it.
    """
    with server.store.lock:
        row = server.selected(context)
        server.store.remove(row)
        pooled = {"id": server.new_id("pooled"), "country": "US", "capabilities": CAPABILITIES}
        server.add("available_number", row.tenant, pooled, identifier=row.id)
    return {"phone_number": row.id, "released": True}
