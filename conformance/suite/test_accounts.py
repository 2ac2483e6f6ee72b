"""Scenarios of keys that the target hands out: each is taken, more than once, and shows what is its own."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.objects import object_of
from conformance.model import Exchange, Placeholder, SecretKind
from conformance.plan import Draft, Planning, operations, scenario
from conformance.suite.client import Client


def handing_out(planning: Planning) -> Iterator[Draft]:
    """Each operation that answers with a key."""
    for operation in operations(planning):
        if operation.key is not None:
            yield Draft(operation, needs=("full",), cost=6)


@scenario(handing_out, rules=("account.key", "account.rows"), phase=2)
def test_new_key(client: Client) -> None:
    """Two keys are handed out, and each lists what it can, the first one before and after there is a second."""
    plain = [o for o in client.contract.operations_by("list") if o.keyed and not o.pool]
    listing = next(
        (o for o in plain if not any(p.required or p.advised for p in o.parameters)), None
    )
    if listing is None:
        return
    client.call(listing, {}, role="setup", side="own")
    keys: list[str] = []
    for _ in range(2):
        values = client.valid(client.operation)
        key = (
            _handed_out(client, client.control(client.operation, values, step="made"))
            if values is not None
            else None
        )
        if key is None:
            return
        keys.append(key)
        for used in keys:
            client.call(listing, {}, key=used, step="used", side="foreign")


def _handed_out(client: Client, exchange: Exchange) -> str | None:
    """The name of the key in a success: the log and this process know no more of it."""
    if exchange.response is None or not exchange.response.ok or client.operation.key is None:
        return None
    shown = object_of(client.contract, client.operation, exchange.response.json)
    value = shown.get(client.operation.key) if isinstance(shown, dict) else None
    key = Placeholder.parse(value) if isinstance(value, str) else None
    return key.identity if key is not None and key.kind is SecretKind.SECRET else None
