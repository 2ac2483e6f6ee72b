"""Subscriptions: the signing secret is shown once, when it is created, and masked afterwards."""

from __future__ import annotations

from conformance.server.extras import Document, Server
from conformance.server.identifiers import secret
from conformance.server.messages import Context

EVENTS = ("call.completed", "lead.captured", "webhook.test")


def _new_secret(server: Server) -> str:
    return secret("whsec_", server.seed, "webhook", server.store.number("webhook"))


def _masked(text: str) -> str:
    return f"...{text[-4:]}"


def create(server: Server, context: Context) -> Document:
    """Create a subscription. Only this response shows its secret."""
    signing_secret = _new_secret(server)
    webhook = {
        "events": [EVENTS[0]],
        "is_active": True,
        "description": None,
        "webhook_secret_masked": _masked(signing_secret),
    }
    webhook |= server.kept("webhook", server.as_shown(context))
    row = server.add("webhook", server.own_tenant(context), webhook)
    return {**row.document, "webhook_secret": signing_secret}


def update(server: Server, context: Context) -> Document:
    """Change a subscription. Its secret stays masked."""
    return server.store.change(server.selected(context), server.changes(context)).document


def rotate(server: Server, context: Context) -> Document:
    """Give a subscription a new secret. Only this response shows it."""
    signing_secret = _new_secret(server)
    masked = {"webhook_secret_masked": _masked(signing_secret)}
    row = server.store.change(server.selected(context), masked)
    return {"id": row.id, "webhook_secret": signing_secret}
