"""Agents: each has at least one version."""

from __future__ import annotations

from conformance.server.extras import Document, Server
from conformance.server.messages import Context
from conformance.server.store import Filter, Page

MOST = 1_000
"""Maximum number of versions of an agent that are counted."""


def version(server: Server, context: Context) -> Document:
    """A version of an agent by its number, from 1. Raises Refusal if there is no such version.

    Version 1 of an agent always exists, even if it is not stored.
    """
    number = int(context.values["version"])
    of_agent = Filter("agent_id", context.values["agent_id"])
    versions = server.store.page(Page("agent_version", None, MOST, filters=(of_agent,)))
    if number > max(1, len(versions)):
        raise server.not_found(context.operation)
    return {**server.catalog.example(context.operation), "version": number}
