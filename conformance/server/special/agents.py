"""Agents: each has versions, and at least one."""

from __future__ import annotations

from conformance.server.extras import Document, Server
from conformance.server.messages import Context
from conformance.server.store import Filter, Page

MOST = 1_000
"""Versions of an agent that are counted."""


def version(server: Server, context: Context) -> Document:
    """A version of an agent by its number, from 1 on. Raises Refusal if there are not so many."""
    agent, number = context.values["agent_id"], int(context.values["version"])
    there = Page("agent_version", None, MOST, filters=(Filter("agent_id", agent),))
    if number > max(1, len(server.store.page(there))):
        raise server.not_found(context.operation)
    return {**server.catalog.example(context.operation), "agent_id": agent, "version": number}
