"""Calls: a new one is outbound and queued, and tells the name of its agent. Nobody is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.server.extras import Document

if TYPE_CHECKING:
    from conformance.server.actions import Actions
    from conformance.server.messages import Context


def complete(app: Actions, context: Context, document: Document) -> Document:
    """The members of a new call that the request does not tell."""
    agent = app.find("agent", str(document.get("agent_id")), context)
    return {
        **document,
        "direction": "outbound",
        "status": "queued",
        "duration": None,
        "agent_name": agent.document.get("name") if agent else None,
        "summary": None,
        "recording_url": None,
    }
