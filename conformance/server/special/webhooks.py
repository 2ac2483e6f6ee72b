"""Subscriptions: a signing secret is shown once, when it is made, and masked from then on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.server.extras import Document
from conformance.server.naming import secret

if TYPE_CHECKING:
    from conformance.server.actions import Actions
    from conformance.server.messages import Context

EVENTS = ("call.completed", "lead.captured", "webhook.test")


def _new_secret(app: Actions) -> str:
    return secret("whsec_", app.seed, "webhook", app.store.number())


def _masked(text: str) -> str:
    return f"...{text[-4:]}"


def create(app: Actions, context: Context) -> Document:
    """Make a subscription; the secret stands in this answer only."""
    told = _new_secret(app)
    usual = {
        "events": list(EVENTS[:1]),
        "is_active": True,
        "description": None,
        "webhook_secret_masked": _masked(told),
    }
    kept = app.kept("webhook", app.as_shown(context))
    made = app.add("webhook", app.own_tenant(context), {**usual, **kept})
    return {**made.document, "webhook_secret": told}


def update(app: Actions, context: Context) -> Document:
    """Change a subscription; its secret stays hidden."""
    return app.store.change(app.selected(context), app.changes(context)).document


def rotate(app: Actions, context: Context) -> Document:
    """Give a subscription another secret, and show it once."""
    told = _new_secret(app)
    row = app.store.change(app.selected(context), {"webhook_secret_masked": _masked(told)})
    answer: dict[str, Any] = {"id": row.id, "webhook_secret": told}
    return answer
