"""Sign-up, which creates a business, an agent and a first key. Some plans require a payment."""

from __future__ import annotations

from conformance.model import EVERY_SCOPE
from conformance.server.extras import Document, Server
from conformance.server.identifiers import secret
from conformance.server.messages import Context
from conformance.server.moments import MICRO, render
from conformance.server.store import Identity

TRIAL_DAYS = 14
_DAY = 86_400 * MICRO

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
"""5 USDC on a test network, to an address that nobody owns, because the sandbox takes no money."""


def open_account(server: Server, context: Context) -> Document:
    """Open an account. Its key is valid immediately, and only this response shows it."""
    name = context.values["business_name"]
    with server.store.lock:
        number = server.store.number("sign-up")
        business = server.new_id("business")
        server.add("business", business, {"name": name}, identifier=business)
        agent = server.add("agent", business, {"name": f"{name} front desk", "status": "active"})
        key = secret(server.contract.authentication.prefixes[0], server.seed, "sign-up", number)
        server.store.put_key(Identity("sign_up", key, business, frozenset({EVERY_SCOPE})))
    account: Document = {
        "api_key": key,
        "business_id": business,
        "agent_id": agent.id,
        "phone_number": None,
        "trial_ends_at": render(server.clock.now() + TRIAL_DAYS * _DAY),
        "provisioning_deferred": False,
    }
    return account
