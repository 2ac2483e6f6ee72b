"""Discovery: the service tells its own OpenAPI document, its schemas, and what a key can reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.server.access import ALL
from conformance.server.messages import Refusal

if TYPE_CHECKING:
    from conformance.server.actions import Actions
    from conformance.server.messages import Context


def document(app: Actions, _context: Context) -> Any:
    """The document that is being served."""
    return app.contract.document


def schemas(app: Actions, context: Context) -> Any:
    """All schemas, or the one that is named."""
    known = app.contract.document["components"]["schemas"]
    name = context.values.get("name")
    if name is None:
        return {"schemas": known}
    if name not in known:
        raise Refusal("not_found", "There is no schema of that name")
    return {"name": name, "schema": known[name]}


def capabilities(app: Actions, context: Context) -> Any:
    """The scopes of the key, and the routes that they open."""
    granted = context.identity.scopes if context.identity else frozenset()
    scopes = app.catalog.scopes if ALL in granted else sorted(granted)
    operations = app.contract.operations.values()
    routes = {
        f"{o.method} {o.path}" for o in operations if not o.scopes or set(o.scopes) & set(scopes)
    }
    return {"scopes": list(scopes), "routes": sorted(routes), "workspaces": []}
