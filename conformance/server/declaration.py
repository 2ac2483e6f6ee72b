"""The target file of a reference server: its address, its keys, and the allowed effects."""

from __future__ import annotations

from typing import Any

import yaml

from conformance.model import Contract
from conformance.server import control, seeding
from conformance.server.application import Application
from conformance.server.extras import MagicInput
from conformance.server.triggers import PROOF

_HEAD = """\
# Target file of a reference server, written when it started. Its keys open nothing but that server.
# Everything is allowed here: no call is placed, no text is sent, no money moves.
# A POST outside the base path moves the clock.
# Connections may come from any address of 127.0.0.0/8.
"""


def declaration(app: Application, url: str) -> dict[str, Any]:
    """The target file of an application at ``url``, with its keys, as data.

    Its ``addresses`` are the local addresses that a client of the server may send from.
    """
    contract = app.contract
    declared: dict[str, Any] = {
        "name": f"{contract.title} reference server",
        "url": url,
        "allow": ["read", "write", "spend", "flood"],
        **_keys(app),
    }
    if contract.tenant is not None:
        declared["businesses"] = {
            name: seeding.tenant_id(app.seed, name) for name in seeding.TENANTS
        }
    if app.extras.phone_numbers and _takes_phone_numbers(contract):
        declared["phone_numbers"] = list(app.extras.phone_numbers)
    declared["maximum"] = {o.id: app.maximum(o) for o in contract.operations.values() if o.paging}
    declared["triggers"] = [_trigger(contract, magic) for magic in app.triggers]
    declared["clock"] = {"method": control.METHOD, "path": control.PATH, "member": control.MEMBER}
    declared["addresses"] = ["127.0.0.0/8"]
    return declared


def _keys(app: Application) -> dict[str, Any]:
    """The members that hold keys. A key with a single scope is listed under that scope."""
    scopes = app.catalog.scopes
    identities = seeding.identities(app.contract, app.seed)
    return {
        "keys": {name: identity.key for name, identity in identities.items() if name not in scopes},
        "scoped_keys": {scope: identities[scope].key for scope in scopes},
    }


def _takes_phone_numbers(contract: Contract) -> bool:
    """Whether any operation has a parameter that is a phone number."""
    for operation in contract.operations.values():
        if any(parameter.phone for parameter in operation.parameters):
            return True
    return False


def _trigger(contract: Contract, magic: MagicInput) -> dict[str, Any]:
    """A magic input as an entry of ``triggers``."""
    entry: dict[str, Any] = {
        "code": magic.code,
        "operation": magic.operation,
        "input": dict(magic.input),
    }
    if magic.robust:
        entry["robust"] = True
    elif magic.code in contract.codes_of("payment_required"):
        entry["payment"] = PROOF
    return entry


def target_file(app: Application, url: str) -> str:
    """The target file as text, with comments at the top."""
    return _HEAD + str(yaml.safe_dump(declaration(app, url), sort_keys=False, width=200))
