"""Shows that a key is accepted without creating anything: by a refusal for another reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.base.values import without
from conformance.model import Role
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.writing import must_be_there

FOR_THE_KEY = (401, 403)
"""The statuses of a refusal for the key."""
FOR_THE_INPUT = 400


def is_let_in(client: Client, values: Mapping[str, Any], key: str, *, beside: str | None) -> bool:
    """Whether an incomplete creation with a key was refused for its input, and not for the key.

    That proves something only if the target refuses the same request for the key first. So it is
    sent before with the key ``beside``, which is not enough, or with none. Nothing is sent if the
    target file has no such key, or if the API can delete what the operation creates.
    """
    operation = client.operation
    members = [*operation.body, *operation.parameters_in("header")]
    needed = [member.name for member in members if must_be_there(member)]
    is_given = beside is None or beside in client.target.keys
    if not client.shared.spares or not is_given or not needed:
        return False
    omitted = needed[0]
    if omitted == operation.when:  # without it, the request is one of another operation
        return False
    incomplete = without(values, {omitted})
    closed = client.mistake(operation, incomplete, key=beside, role=Role.BYSTANDER)
    if closed.status not in FOR_THE_KEY:
        return False
    return client.mistake(operation, incomplete, key=key).status == FOR_THE_INPUT
