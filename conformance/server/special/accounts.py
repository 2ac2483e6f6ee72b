"""Sign-up: a business, an agent and a first key, and the terms of the payment that some plans ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.server.access import ALL
from conformance.server.extras import Document
from conformance.server.moments import MICRO, render
from conformance.server.naming import secret
from conformance.server.store import Identity

if TYPE_CHECKING:
    from conformance.server.actions import Actions
    from conformance.server.messages import Context

TRIAL_DAYS = 14

TERMS: tuple[Document, ...] = (
    {
        "scheme": "exact",
        "network": "base-sepolia",
        "amount": "5000000",
        "maxAmountRequired": "5000000",
        "asset": "0x0000000000000000000000000000000000000001",
        "payTo": "0x000000000000000000000000000000000000dEaD",
        "maxTimeoutSeconds": 300,
        "description": "A sandbox account",
        "mimeType": "application/json",
        "extra": {"name": "USDC", "version": "2"},
    },
)
"""5 USDC on a test network, to an address that nobody owns: the sandbox takes no money."""


def open_account(app: Actions, context: Context) -> Document:
    """Open an account; the key works at once, and is told only here."""
    values = context.values
    with app.store.lock:
        number = app.store.number()
        business = app.new_id("business")
        app.add("business", business, {"name": values["business_name"]}, identifier=business)
        agent = app.add(
            "agent", business, {"name": f"{values['business_name']} front desk", "status": "active"}
        )
        key = secret(app.contract.authentication.prefixes[0], app.seed, "sign-up", number)
        app.store.put_key(Identity("sign_up", key, business, frozenset({ALL})))
    account: Document = {
        "api_key": key,
        "business_id": business,
        "agent_id": agent.id,
        "phone_number": None,
        "trial_ends_at": render(app.clock.now() + TRIAL_DAYS * 86_400 * MICRO),
        "provisioning_deferred": False,
    }
    return account
