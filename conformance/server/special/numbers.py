"""Numbers: one of the pool is assigned to a business, and goes back when it is released."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.server.extras import Document

if TYPE_CHECKING:
    from conformance.server.actions import Actions
    from conformance.server.messages import Context


def assign(app: Actions, context: Context) -> Document:
    """Take a number out of the pool for the business of the key."""
    number = context.values["phone_number"]
    with app.store.lock:
        row = app.find("available_number", number, context)
        if row is None:
            raise app.not_found(context.operation)
        app.store.remove(row)
        document: dict[str, Any] = {
            "agent_id": context.values.get("agent_id"),
            "capabilities": {"voice": True, "sms": True},
        }
        made = app.add(
            "phone_number",
            app.own_tenant(context),
            {"id": app.new_id("number"), **document},
            identifier=number,
        )
    return made.document


def release(app: Actions, context: Context) -> Document:
    """Put a number back into the pool."""
    with app.store.lock:
        row = app.selected(context)
        app.store.remove(row)
        pooled = {
            "id": app.new_id("pooled"),
            "country": "US",
            "capabilities": {"voice": True, "sms": True},
        }
        app.add("available_number", row.tenant, pooled, identifier=row.id)
    return {"phone_number": row.id, "released": True}
