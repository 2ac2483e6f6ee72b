"""Shows that a key is accepted without creating anything: by a refusal for another reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.base.values import without
from conformance.model import Role
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.writing import is_mandatory

FOR_THE_KEY = (401, 403)
"""The statuses of a refusal for the key."""
FOR_THE_INPUT = 400


def passes_key_check(
    client: Client, values: Mapping[str, Any], key: str, *, beside: str | None
) -> bool:
    """Send an incomplete creation; whether it is refused for its input and not for its key.

    That proves something only if the target checks the key first. So the request is sent before
    with the insufficient key ``beside``, or without a key for None, and must be refused for that.
    False, without a request, if the target file has no key ``beside``, if no member is mandatory or
    the first one selects the operation, or if the API can delete what the operation creates.
    """
    operation = client.operation
    members = [*operation.body, *operation.parameters_in("header")]
    needed = [member.name for member in members if is_mandatory(member)]
    has_beside = beside is None or beside in client.target.keys
    if not client.shared.creates_undeletable or not has_beside or not needed:
        return False
    omitted = needed[0]
    if omitted == operation.when:  # without it, the request is one of another operation
        return False
    incomplete = without(values, {omitted})
    refused_first = client.mistake(operation, incomplete, key=beside, role=Role.BYSTANDER)
    if refused_first.status not in FOR_THE_KEY:
        return False
    return client.mistake(operation, incomplete, key=key).status == FOR_THE_INPUT
