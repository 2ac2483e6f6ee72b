"""Faults of refused requests that have an effect all the same."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any

from conformance.model import Operation, Parameter
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.store import Identity, Row
from tests.faults.base import Entry, Faulty, OldestFirst, fault, faults_of, is_for
from tests.faults.shared import body_of

# --- refused for the key, the scope or the input ---


@dataclass(frozen=True)
class Early(Entry):
    """The role of the refusals before which an operation acts."""

    role: str
    _: KW_ONLY
    breaks: str = "refused-unchanged"
    depth: int = 4


class ActsBeforeRefusing(Faulty):
    """The reference server, where one operation acts before it refuses for one role."""

    here, role = "", ""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        operation = self.operation_of(request)
        if operation == self.here and refusal.role == self.role:
            self.force(self.contract.operations[operation], request)
        return super().refused(request, refusal)

    def force(self, operation: Operation, request: Request) -> None:
        """Do what was refused, for the main business."""
        with suppress(Refusal):  # what cannot be done is only refused
            values = {
                **self.query_values(operation, request),
                **self.body_values(operation, request),
            }
            self.act(
                Context(operation, request, self.known_key(self.parse_key(request) or ""), values)
            )


def acts_early(entry: Early) -> type[Faulty]:
    """The reference server, where the operation of an entry acts before it refuses."""

    class ActsEarly(ActsBeforeRefusing):
        here, role = entry.here, entry.role

    return ActsEarly


EARLY = {
    "create_lead stores the lead before it refuses the key for its scope.": Early(
        "lead-stored-without-scope", "forbidden", also="created-resource", at="create_lead"),
    "update_lead saves before it refuses a missing scope, and ignores unknown members.": Early(
        "lead-saved-without-scope", "forbidden", at="update_lead", depth=5),
    "delete_eval deletes the eval before it refuses the key for its scope.": Early(
        "eval-deleted-without-scope", "forbidden", also="deleted-resource", at="delete_eval"),
    "update_workspace makes the change before it refuses a missing key.": Early(
        "workspace-renamed-without-key", "unauthenticated", also="changed-resource",
        at="update_workspace"),
    "create_call stores the call before it refuses an unknown agent.": Early(
        "call-stored-for-no-agent", "not_found", also="created-resource", at="create_call"),
    "create_eval stores the eval before it refuses missing messages.": Early(
        "eval-stored-without-messages", "missing_parameter", also="created-resource",
        at="create_eval", depth=5),
    "create_lead stores the lead before it refuses an invalid e-mail address.": Early(
        "lead-stored-with-invalid-address", "invalid_parameter",
        also="created-resource success-members", at="create_lead list_leads", depth=5),
    "rotate_webhook_secret replaces the secret before it refuses a missing scope.": Early(
        "rotated-without-scope", "forbidden", at="rotate_webhook_secret"),
}  # fmt: skip

faults_of(acts_early, __name__, EARLY)


@fault("refused-unchanged", at="create_lead", depth=5)
class LeadOfNobodyStored(Faulty):
    """create_lead refuses the lead of an unknown agent but stores it."""

    def check_reference(self, parameter: Parameter, value: Any, context: Context) -> None:
        try:
            super().check_reference(parameter, value, context)
        except Refusal:
            if is_for(context, "create_lead"):
                self.act_create(context)
            raise


@fault("refused-unchanged", also="created-resource", at="update_lead", depth=5)
class UnknownLeadMade(Faulty):
    """update_lead refuses an unknown lead but creates it."""

    def selected(self, context: Context) -> Row:
        try:
            return super().selected(context)
        except Refusal:
            if is_for(context, "update_lead"):
                creation = self.contract.operations["create_lead"]
                self.act_create(
                    Context(creation, context.request, context.identity, context.values)
                )
            raise


@fault("refused-unchanged", at="update_eval", depth=5)
class NewestChangedForNone(Faulty):
    """update_eval refuses a request without an id but renames the newest eval."""

    def take_in(self, operation: Operation, request: Request, in_path: Any) -> dict[str, Any]:
        body = body_of(request)
        if operation.id == "update_eval" and "id" not in body and isinstance(body.get("name"), str):
            rows = self.rows_by(
                Context(operation, request, None), 1, tenant=self.main_tenant(), filters=()
            )
            for row in rows:
                self.store.change(row, {"name": body["name"]})
        return super().take_in(operation, request, in_path)


@fault("refused-unchanged", depth=5)
class MethodOverridden(Faulty):
    """X-HTTP-Method-Override turns a read into a write without a scope check."""

    def dispatch(self, request: Request) -> Reply:
        method = request.header("x-http-method-override")
        if request.method != "GET" or not method:
            return super().dispatch(request)
        operation, in_path = self.route(replace(request, method=method))
        context = Context(
            operation,
            request,
            self.authenticate(operation, request),
            self.take_in(operation, request, in_path),
        )
        self.check_references(context)
        return self.act(context)


# --- refused for a trigger ---


@fault("refused-unchanged", at="create_call", depth=4)
class FailedCallQueued(Faulty):
    """create_call lists a failed call as queued."""

    def check_triggers(self, context: Context) -> None:
        if is_for(context, "create_call") and self.triggered(context) == "call_failed":
            self.act_create(context)
        super().check_triggers(context)


@fault("refused-unchanged", at="send_sms", depth=5)
class BlockedTextListed(Faulty):
    """send_sms lists a blocked text as sent."""

    def check_triggers(self, context: Context) -> None:
        if is_for(context, "send_sms") and self.triggered(context) == "content_blocked":
            self.act(context)
        super().check_triggers(context)


# --- in lists from oldest to newest ---


@fault("refused-unchanged", at="send_sms", depth=5)
class BlockedTextListedAtTheEnd(OldestFirst, BlockedTextListed):
    """With lists from oldest to newest, send_sms lists a blocked text as sent."""


@fault("refused-unchanged", also="created-resource", at="create_lead", depth=5)
class LeadStoredAtTheEnd(OldestFirst, ActsBeforeRefusing):
    """With lists from oldest to newest, create_lead stores the lead that it refuses."""

    here, role = "create_lead", "forbidden"


@fault("refused-unchanged", at="delete_eval read_eval", depth=5)
class EvalMarkedAsDeleted(Faulty):
    """delete_eval refuses a key without its scope, and marks the eval as deleted all the same."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        row = self.store.get("eval", request.query.get("id", ""))
        here = self.operation_of(request) == "delete_eval" and refusal.role == "forbidden"
        if row and here and row.tenant == self.own_business(request):
            self.store.change(row, {**row.document, "state": "deleted"})
        return super().refused(request, refusal)

    def own_business(self, request: Request) -> str:
        """The business of the key of a request; empty without a known one."""
        identity = self.store.key(self.parse_key(request) or "")
        return identity.tenant if identity else ""

    def document(self, context: Context, kind: str) -> dict[str, Any]:
        whole = super().document(context, kind)
        return {**whole, "state": "live"} if kind == "eval" else whole


@fault("refused-unchanged", at="update_lead", depth=5)
class LeadHalfSaved(Faulty):
    """update_lead saves a change that it refuses for an unknown agent."""

    def act_update(self, context: Context) -> Reply:
        agent = body_of(context.request).get("agent_id")
        reply = super().act_update(context)
        if is_for(context, "update_lead") and agent and not self.store.get("agent", str(agent)):
            raise Refusal("not_found")
        return reply


class DeadKeyDeletes(Faulty):
    """The reference server, where a webhook that a refused deletion names is gone."""

    def is_dead(self, identity: Identity) -> bool:
        """Whether a key is the one that still deletes."""
        raise NotImplementedError

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        identity = self.known_key(self.parse_key(request) or "")
        if self.operation_of(request) == "delete_webhook" and identity and self.is_dead(identity):
            row = self.store.get("webhook", request.query.get("id", ""))
            if row is not None and row.tenant == identity.tenant:
                self.store.remove(row)
        return super().refused(request, refusal)


@fault("refused-unchanged", at="delete_webhook", depth=5)
class RevokedKeyDeletesInSecret(DeadKeyDeletes):
    """delete_webhook refuses a revoked key, but deletes the webhook."""

    def is_dead(self, identity: Identity) -> bool:
        return self.is_revoked(identity)


@fault("refused-unchanged", at="delete_webhook", depth=5)
class ExpiredKeyDeletesInSecret(DeadKeyDeletes):
    """delete_webhook refuses an expired key, but deletes the webhook."""

    def is_dead(self, identity: Identity) -> bool:
        return self.is_expired(identity)


@fault("refused-unchanged", at="update_lead", by="refused-write", depth=4)
class NotesSavedBeforeRefusal(ActsBeforeRefusing):
    """update_lead saves the notes before it finds another member invalid."""

    here, role = "update_lead", "invalid_parameter"

    def force(self, operation: Operation, request: Request) -> None:
        body = body_of(request)
        row = self.store.get("lead", str(body.get("id")))
        if row is not None and "notes" in body:
            self.store.change(row, {"notes": body["notes"]})


@fault(
    "refused-unchanged",
    also="success-members",
    at="create_agent list_agents",
    by="generated last-look",
    depth=5,
)
class AgentOfNumbersStored(ActsBeforeRefusing):
    """create_agent stores the agent before it refuses metadata that are a number."""

    here, role = "create_agent", "invalid_parameter"

    def force(self, operation: Operation, request: Request) -> None:
        if isinstance(body_of(request).get("metadata"), int):
            super().force(operation, request)
