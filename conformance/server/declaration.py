"""The target file of a reference server: what it is, its keys, and what may be done to it."""

from __future__ import annotations

from typing import Any

import yaml

from conformance.server import control, seeding
from conformance.server.application import Application
from conformance.server.limits import PROOF

_HEAD = """\
# Target file of a reference server, written when it started. Its keys open nothing but that server.
# Everything is allowed here: no call is placed, no text is sent, no money moves.
# The clock moves by a POST outside the base path; connections may come from any address of 127.0.0.0/8.
"""


def declaration(app: Application, url: str) -> dict[str, Any]:
    """The target file of an application that is reached at an address, as data."""
    contract, catalog = app.contract, app.catalog
    named = seeding.identities(contract, app.seed)
    told: dict[str, Any] = {
        "name": f"{contract.title} reference server",
        "url": url,
        "allow": ["read", "write", "spend", "flood"],
        "keys": {
            name: identity.key for name, identity in named.items() if name not in catalog.scopes
        },
        "scoped_keys": {scope: named[scope].key for scope in catalog.scopes},
    }
    if contract.tenant is not None:
        told["businesses"] = {
            name: seeding.business_id(app.seed, name) for name in seeding.BUSINESSES
        }
    if (
        any(p.phone for o in contract.operations.values() for p in o.parameters)
        and app.extras.phone_numbers
    ):
        told["phone_numbers"] = list(app.extras.phone_numbers)
    told["maximum"] = {o.id: app.maximum(o) for o in contract.operations.values() if o.paging}
    paid = {code: {"payment": PROOF} for code in contract.codes_of("payment_required")}
    told["triggers"] = [
        {"code": t.code, "operation": t.operation, "input": dict(t.input)}
        | ({"robust": True} if t.firm else paid.get(t.code, {}))
        for t in app.triggers
    ]
    told["clock"] = {"method": control.METHOD, "path": control.PATH, "member": control.MEMBER}
    told["addresses"] = ["127.0.0.0/8"]
    return told


def target_file(app: Application, url: str) -> str:
    """The target file as text."""
    return _HEAD + str(yaml.safe_dump(declaration(app, url), sort_keys=False, width=200))
