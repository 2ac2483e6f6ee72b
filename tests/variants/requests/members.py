"""Legal variants that lack optional members of bodies: they ignore them, whatever they hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.model import Operation, Parameter
from conformance.server.messages import Context, Reply, Request
from conformance.server.store import Page, Row
from tests.faults.base import Faulty, variant
from tests.support.contracts import real

TRIGGERING = "plan_id"
"""The optional member that a trigger of the sandbox goes by."""


def optional_members(operation: Operation) -> Iterator[Parameter]:
    """The members of a body that a server may lack.

    Left out are the business, members that another operation on the kind requires, and members by
    which the target file triggers an answer.
    """
    required = {
        member.shown_as
        for other in real().operations.values()
        if other.kind == operation.kind
        for member in other.body
        if member.required
    }
    for member in operation.body:
        if member.shown_as not in required and member.name not in (real().tenant, TRIGGERING):
            yield member


class Lacking(Faulty):
    """The reference server without some optional members: it neither reads nor shows them."""

    lacked: frozenset[str] | None = None  # None for all

    def body_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        lacked = {member.name for member in self._lacked(operation)}
        values = super().body_values(operation, request)
        return {name: value for name, value in values.items() if name not in lacked}

    def render_item(self, operation: Operation, row: Row) -> dict[str, Any]:
        lacked = {
            member.shown_as
            for write in self.contract.operations.values()
            if write.kind == row.kind
            for member in self._lacked(write)
        }
        shown = super().render_item(operation, row)
        return {name: value for name, value in shown.items() if name not in lacked}

    def _lacked(self, operation: Operation) -> list[Parameter]:
        return [
            member
            for member in optional_members(operation)
            if self.lacked is None or member.name in self.lacked
        ]


UNTESTED = "status-400 code-invalid_request changed-resource"
"""What nobody can judge where the only member to judge it by is lacking."""


@variant("S2", untested=UNTESTED)
class LacksOptionalMembers(Lacking):
    """No optional member of any body is read or shown, whatever it holds."""


def _add_one_for_each_member() -> None:
    """Register a variant for each optional member that some body has."""
    operations: dict[str, list[str]] = {}
    for operation in real().operations.values():
        for member in optional_members(operation):
            operations.setdefault(member.name, []).append(operation.id)
    for name, places in operations.items():
        title = "".join(word.capitalize() for word in name.split("_"))
        members = {
            "__doc__": f"The optional member {name} of bodies is neither read nor shown.",
            "__module__": __name__,
            "lacked": frozenset({name}),
        }
        kind = type(f"Lacks{title}", (Lacking,), members)
        variant("S2", at=" ".join(places), untested=UNTESTED)(kind)


_add_one_for_each_member()


@variant("S3", at="create_lead update_lead read_lead list_leads")
class ScoreComputed(Faulty):
    """The score of a lead is computed from its texts: what a change sends for it is ignored."""

    def body_values(self, operation: Operation, request: Request) -> dict[str, Any]:
        values = super().body_values(operation, request)
        if operation.id == "update_lead":
            values.pop("score", None)
        return values

    def changes(self, context: Context) -> dict[str, Any]:
        changes = super().changes(context)
        if context.operation.id == "update_lead":
            changes["score"] = sum(len(str(value)) for value in changes.values()) % 100
        return changes


@variant("S4", at="test_webhook")
class FailedDeliveryReported(Faulty):
    """test_webhook returns 200 and says that the delivery, not the request, has failed."""

    def act(self, context: Context) -> Reply:
        reply = super().act(context)
        if context.operation.id == "test_webhook" and reply.status == 200:
            return Reply(200, {"success": False, "error": "Connection refused"})
        return reply


@variant("S5", at="read_health")
class HealthOfTheService(Faulty):
    """read_health shows how many leads of all businesses wait to be processed."""

    def act_fetch(self, context: Context) -> Reply:
        reply = super().act_fetch(context)
        if context.operation.id != "read_health":
            return reply
        return Reply(200, {"queue": len(self.store.page(Page("lead", None, 10_000)))})
