"""Faults that only the response to the request itself shows: it names another business."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from conformance.server.messages import Context, Reply
from conformance.server.store import Row
from tests.faults.base import Faulty, fault, faults_of, is_for
from tests.faults.shared import Member, body_of


def _named(context: Context, operation: str, member: str) -> Any:
    """What the body of a request for an operation holds as a member; None without it."""
    return body_of(context.request).get(member) if is_for(context, operation) else None


class Echoing(Faulty):
    """The reference server, where the success of an operation shows a member as it was sent."""

    here, member = "", ""

    def succeed(self, context: Context, body: Any) -> Reply:
        named = _named(context, self.here, self.member)
        shown = {**body, self.member: named} if named and isinstance(body, dict) else body
        return super().succeed(context, shown)


@fault(
    "business-object",
    also="status-200 status-404 changed-resource read-resource",
    at="update_agent read_agent update_sms_prompt",
    depth=5,
)
class AgentMovedAway(Echoing):
    """update_agent moves an agent to the undocumented business_id of the request, and shows it."""

    here, member = "update_agent", "business_id"

    def act_update(self, context: Context) -> Reply:
        reply = super().act_update(context)
        business = _named(context, self.here, self.member)
        if business:
            row = self.selected(context)
            self.store.remove(row)
            self.add("agent", str(business), {**row.document, "business_id": business})
        return reply


def echoes(entry: Member) -> type[Faulty]:
    """The reference server, where one success shows the member of an entry as it was sent."""

    class Echoes(Echoing):
        here, member = entry.here, entry.member

    return Echoes


ECHOING = {
    "update_lead returns the undocumented business_id of the request as the owner.": Member(
        "lead-answer-of-another", "business_id", breaks="business-object", at="update_lead",
        depth=5),
    "create_workspace returns the undocumented business_id of the request as the owner.": Member(
        "workspace-answer-of-another", "business_id", breaks="business-object",
        at="create_workspace", depth=5),
}  # fmt: skip

faults_of(echoes, __name__, ECHOING)


@fault("business-object", also="reference-known", at="create_call", depth=5)
class CallAnswerWithForeignLead(Echoing):
    """create_call drops a lead of another business, but returns its id."""

    here, member = "create_call", "lead_id"

    def check_reference(self, parameter: Any, value: Any, context: Context) -> None:
        if not (is_for(context, self.here) and parameter.name == self.member):
            super().check_reference(parameter, value, context)

    def document(self, context: Context, kind: str) -> dict[str, Any]:
        whole = super().document(context, kind)
        return {**whole, "lead_id": None} if is_for(context, self.here) else whole


@fault("business-object", also="status-200 changed-resource", at="update_eval", depth=5)
class EvalMovedAway(Faulty):
    """update_eval moves an eval to the undocumented business_id of the request."""

    def act_update(self, context: Context) -> Reply:
        row: Row | None = None
        business = _named(context, "update_eval", "business_id")
        if business:
            row = self.selected(context)
        reply = super().act_update(context)
        if row is not None:
            self.store.remove(row)
        return reply


@fault("business-rows", at="sign_up", by="new-key", depth=5)
class AccountOfTheSameAddress(Faulty):
    """A sign-up with a known e-mail address returns the account of that address, with its key."""

    @cached_property
    def _accounts(self) -> dict[str, Any]:
        return {}

    def succeed(self, context: Context, body: Any) -> Reply:
        if is_for(context, "sign_up"):
            body = self._accounts.setdefault(context.values["email"], body)
        return super().succeed(context, body)
