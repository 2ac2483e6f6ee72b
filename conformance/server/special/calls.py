"""Calls: a new call is outbound and queued, and has the name of its agent. Nobody is called."""

from __future__ import annotations

from conformance.server.extras import Document, Server
from conformance.server.messages import Context


def complete(server: Server, context: Context, document: Document) -> Document:
    """A new call with the members that the request does not provide."""
    agent = server.find("agent", str(document.get("agent_id")), context)
    return {
        **document,
        "direction": "outbound",
        "status": "queued",
        "duration": None,
        "agent_name": agent.document.get("name") if agent else None,
        "summary": None,
        "recording_url": None,
    }
