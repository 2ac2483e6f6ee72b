"""Finds the operation that issues secrets which later responses show without a mask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from conformance.causes.finding_key import Key
from conformance.causes.sightings import Settled, Sighting
from conformance.model import Contract, Exchange, Placeholder
from conformance.model.placeholder import ISSUED, PART

ELSEWHERE, AGAIN = "secret.elsewhere", "secret.again"
"""The rules that find a secret in a response that must not show it: in any, and in a change."""


def join_unmasked_secrets(contract: Contract, with_keys: Settled) -> Settled:
    """Give a change that shows a secret the key of a view that shows secrets of the same kind.

    Such a secret is stored without its mask, or read without it.
    """
    views: dict[str, Key] = {}  # by the kind of object
    for sighting, key in with_keys:
        operation = contract.operations.get(sighting.cell.operation)
        if operation is not None and key.rule == ELSEWHERE:
            views.setdefault(operation.kind, key)

    def settled_key(sighting: Sighting, key: Key) -> Key:
        operation = contract.operations.get(sighting.cell.operation)
        if operation is None or key.rule != AGAIN:
            return key
        return views.get(operation.kind, key)

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]


def unmasked_by(
    contract: Contract, sightings: Sequence[Sighting], by_id: Mapping[str, Exchange]
) -> str:
    """The route of the only operation whose secrets are revealed, of several that issue secrets.

    Empty if there is none. Then the responses lack a mask, whoever issued the secret.
    """
    revealed: set[Placeholder] = set()
    for sighting in sightings:
        if sighting.own_key.rule == ELSEWHERE and sighting.shown_by in by_id:
            revealed |= _issued(by_id[sighting.shown_by])
    issuers = _issuers(contract, by_id.values())
    of_revealed = {issuers[secret] for secret in revealed if secret in issuers}
    if len(of_revealed) != 1 or len({*issuers.values()}) == 1:
        return ""
    return of_revealed.pop()


def _issuers(contract: Contract, log: Iterable[Exchange]) -> dict[Placeholder, str]:
    """The route of the operation that issued each secret, by the placeholder of the secret."""
    issuers: dict[Placeholder, str] = {}
    for exchange in sorted(log, key=lambda each: each.started):
        operation = contract.operations.get(exchange.operation)
        if operation is not None and operation.secrets:
            for secret in _issued(exchange):
                issuers.setdefault(secret, operation.exact_route)
    return issuers


def _issued(exchange: Exchange) -> set[Placeholder]:
    """The placeholders of complete issued secrets in a success."""
    if not exchange.ok or exchange.response is None:
        return set()
    shown = Placeholder.all_in(exchange.response.body.written)
    return {each for each in shown if each.kind in ISSUED and each.suffix != PART}
