"""Discovery: the service tells its own OpenAPI document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.server.actions import Actions
    from conformance.server.messages import Context


def document(app: Actions, _context: Context) -> Any:
    """The document that is being served."""
    return app.contract.document
