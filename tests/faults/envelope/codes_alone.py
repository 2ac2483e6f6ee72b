"""Faults of the code for one wrong value, in requests that are otherwise valid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

from conformance.model import Operation
from conformance.server.messages import Refusal
from tests.faults.base import Entry, Faulty, faults_of


@dataclass(frozen=True)
class OtherCode(Entry):
    """A member of a body, the type of a wrong value, and how the server refuses it."""

    member: str
    kind: type
    refused_as: str
    _: KW_ONLY
    breaks: str = "code-invalid_request"
    also: str = "status-400 code-not_found code-forbidden code-unauthorized"
    by: str = "odd-request generated"
    depth: int = 5


def refuses_otherwise(entry: OtherCode) -> type[Faulty]:
    """The reference server, which refuses a wrong value of one member with another code."""

    class RefusesOtherwise(Faulty):
        def invalid(self, operation: Operation, values: Mapping[str, Any]) -> list[str]:
            names = super().invalid(operation, values)
            is_alone = operation.id == entry.here and names == [entry.member]
            if is_alone and isinstance(values[entry.member], entry.kind):
                raise Refusal(entry.refused_as)
            return names

    return RefusesOtherwise


REFUSED_OTHERWISE = {
    "update_agent takes a vapi_config that is a text for a missing right, and returns 403.":
        OtherCode("config-forbidden", "vapi_config", str, "forbidden", at="update_agent"),
    "create_workspace returns 403 for an external_ref that is an object.": OtherCode(
        "reference-forbidden", "external_ref", dict, "forbidden", at="create_workspace"),
}  # fmt: skip

faults_of(refuses_otherwise, __name__, REFUSED_OTHERWISE)
