"""Finds the operation that issues secrets which later responses show without a mask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from conformance.causes.finding_key import Key
from conformance.causes.sightings import Settled, Sighting
from conformance.model import Contract, Exchange, Finding, Placeholder
from conformance.model.placeholder import PART
from conformance.reading import issued_secrets, issuing

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
    """The route of the only operation whose secrets are revealed, if others issue some, too.

    The others are on the same kind of object. Empty if there is no such operation. Then the
    responses lack a mask, whoever issued the secret.
    """
    revealed = _revealed(sightings, by_id)
    if not revealed:
        return ""
    issued = issuing(contract, by_id.values())
    issuers = {issued[secret].operation for secret in revealed if secret in issued}
    if len(issuers) != 1:
        return ""
    issuer = contract.operations[issuers.pop()]
    issuing_operations = {exchange.operation for exchange in issued.values()}
    others = [contract.operations[name] for name in issuing_operations - {issuer.id}]
    return issuer.exact_route if any(each.kind == issuer.kind for each in others) else ""


def issuer_of_shown(
    contract: Contract, finding: Finding, by_id: Mapping[str, Exchange]
) -> Exchange | None:
    """The exchange that issued the secret which a finding quotes, before its exchanges show it.

    None for a finding about anything but secrets that are shown again, and for a secret that no
    response issued, such as one from the target file.
    """
    if finding.rule != ELSEWHERE:
        return None
    issued = issuing(contract, by_id.values())
    issuers = [issued[each] for each in Placeholder.all_in(finding.actual) if each in issued]
    return issuers[0] if issuers and issuers[0].id not in finding.exchanges else None


def _revealed(sightings: Iterable[Sighting], by_id: Mapping[str, Exchange]) -> set[Placeholder]:
    """The placeholders of the complete secrets in responses that must not show them."""
    revealed: set[Placeholder] = set()
    for sighting in sightings:
        if sighting.own_key.rule == ELSEWHERE and sighting.shown_by in by_id:
            shown = issued_secrets(by_id[sighting.shown_by])
            revealed |= {secret for secret in shown if secret.suffix != PART}
    return revealed
