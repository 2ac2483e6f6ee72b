"""Discovery: the service publishes its OpenAPI document, its schemas, and what a key can access."""

from __future__ import annotations

from typing import Any

from conformance.model import EVERY_SCOPE
from conformance.server.extras import Server
from conformance.server.messages import Context, Refusal


def document(server: Server, _context: Context) -> Any:
    """The OpenAPI document of the served contract."""
    return server.contract.document


def schemas(server: Server, context: Context) -> Any:
    """All schemas, or the one with the given name. Raises Refusal if there is no such schema."""
    by_name = server.contract.document["components"]["schemas"]
    name = context.values.get("name")
    if name is None:
        return {"schemas": by_name}
    if name not in by_name:
        raise Refusal("not_found", "There is no schema of that name")
    return {"name": name, "schema": by_name[name]}


def capabilities(server: Server, context: Context) -> Any:
    """The scopes of the key, and the routes that they open."""
    granted = context.identity.scopes if context.identity else frozenset()
    scopes = list(server.catalog.scopes) if EVERY_SCOPE in granted else sorted(granted)
    routes = set()
    for operation in server.contract.operations.values():
        if not operation.scopes or not set(operation.scopes).isdisjoint(scopes):
            routes.add(f"{operation.method} {operation.path}")
    return {"scopes": scopes, "routes": sorted(routes), "workspaces": []}
