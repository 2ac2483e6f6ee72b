"""Faults of single objects that belong to another business."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Any

from conformance.model import Operation, Parameter
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.store import Identity, Page, Row
from tests.faults.base import Entry, Faulty, fault, faults_of, is_for, words
from tests.faults.shared import body_of

# --- reads ---


@fault("business-object", at="read_lead", by="foreign-object", depth=4)
class RefusalNamesTheLead(Faulty):
    """read_lead reveals the name of a lead that it refuses."""

    def selected(self, context: Context) -> Row:
        try:
            return super().selected(context)
        except Refusal:
            lead = self.store.get("lead", str(context.values.get("id")))
            if lead is not None and is_for(context, "read_lead"):
                raise Refusal("not_found", f"No access to {lead.document['name']}.") from None
            raise


def run_of_all(entry: Entry) -> type[Faulty]:
    """The reference server, where one read by another member finds objects of every business."""

    class RunOfAll(Faulty):
        def list_tenant(self, context: Context) -> str | None:
            return None if is_for(context, entry.here) else super().list_tenant(context)

    return RunOfAll


RUNS_OF_ALL = {
    "read_external_run returns a run of another business.": Entry(
        "foreign-run-by-reference", breaks="business-object", at="read_external_run", depth=4),
    "read_provider_run returns a run of another business.": Entry(
        "foreign-run-by-provider", breaks="business-object", at="read_provider_run", depth=4),
}  # fmt: skip

faults_of(run_of_all, __name__, RUNS_OF_ALL)


@fault("business-object", at="replay_event", depth=4)
class ForeignEventNamed(Faulty):
    """replay_event returns the id of the event, even one of another business."""

    def act_perform(self, context: Context) -> Reply:
        reply = super().act_perform(context)
        if not is_for(context, "replay_event") or not isinstance(reply.body, dict):
            return reply
        event = self.store.get("event", str(context.values["event_id"]))
        replayed = [] if event is None else [event.id]
        return Reply(reply.status, {**reply.body, "event_ids": replayed})


@fault("business-object", at="read_recording", depth=4)
class ForeignRecordingRead(Faulty):
    """read_recording returns a recording of another business."""

    def list_tenant(self, context: Context) -> str | None:
        return None if is_for(context, "read_recording") else super().list_tenant(context)

    def check_reference(self, parameter: Parameter, value: Any, context: Context) -> None:
        if not is_for(context, "read_recording"):
            super().check_reference(parameter, value, context)


@fault("business-object", also="status-404 code-not_found read-resource", at="read_lead", depth=4)
class ForeignGetsOwn(Faulty):
    """For a lead of another business, read_lead returns the caller's latest lead."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        row = super().find(kind, identifier, context)
        if row is None and is_for(context, "read_lead") and self.store.get(kind, identifier):
            return next(iter(self.rows_by(context, 1, filters=())), None)
        return row


@fault("business-object", depth=3)
class BadRequestForForeign(Faulty):
    """An object of another business returns 400."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        row = self.store.get(kind, identifier)
        if row is not None and not self.may_reach(row.tenant, context.identity):
            raise Refusal("invalid_parameter")
        return row


# --- writes ---


@fault("business-object", at="update_agent", depth=4)
class ForeignAgentWritten(Faulty):
    """update_agent changes an agent of another business but returns 404."""

    def act_update(self, context: Context) -> Reply:
        row = self.store.get("agent", str(context.values.get("id")))
        if row is not None:
            self.store.change(row, self.changes(context))
        return super().act_update(context)


@fault("business-object", also="reference-known", at="create_agent", depth=2)
class AgentInForeignBusiness(Faulty):
    """create_agent creates an agent in another business."""

    def check_tenant(self, parameter: Parameter, value: str, context: Context) -> None:
        if context.operation.id != "create_agent":
            super().check_tenant(parameter, value, context)

    def own_tenant(self, context: Context) -> str:
        return str(context.values.get("business_id") or super().own_tenant(context))


@fault("business-object", at="create_agent", depth=4)
class AgentInForeignBusinessInSecret(Faulty):
    """create_agent creates an agent in another business but returns 403."""

    def check_tenant(self, parameter: Parameter, value: str, context: Context) -> None:
        if context.operation.id == "create_agent" and not self.may_reach(value, context.identity):
            self.add("agent", value, self.document(context, "agent"))
        super().check_tenant(parameter, value, context)


@fault("business-object", at="create_call", depth=4)
class CallByForeignAgent(Faulty):
    """create_call places a call with an agent of another business."""

    def check_reference(self, parameter: Parameter, value: Any, context: Context) -> None:
        if (
            context.operation.id != "create_call"
            or self.store.get(parameter.references or "", str(value)) is None
        ):
            super().check_reference(parameter, value, context)


@fault("business-object", also="reference-known", at="create_call", depth=5)
class CallTiedToForeignLead(Faulty):
    """create_call accepts a lead of another business."""

    def check_reference(self, parameter: Parameter, value: Any, context: Context) -> None:
        if not (is_for(context, "create_call") and parameter.name == "lead_id"):
            super().check_reference(parameter, value, context)


@fault("business-object", at="update_lead", depth=5)
class ForeignLeadRenamedInSecret(Faulty):
    """update_lead changes a lead of another business but returns 404."""

    def act_update(self, context: Context) -> Reply:
        row = (
            self.store.get("lead", str(context.values.get("id")))
            if is_for(context, "update_lead")
            else None
        )
        if row is not None:
            self.store.change(row, self.changes(context))
        return super().act_update(context)


@fault("business-object", at="delete_eval", depth=5)
class BusinessOfRequestTrusted(Faulty):
    """delete_eval trusts the business_id in the query string."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        row = self.store.get(kind, identifier)
        named = row is not None and f"business_id={row.tenant}" in context.request.query_text
        return (
            row
            if named and is_for(context, "delete_eval")
            else super().find(kind, identifier, context)
        )


@fault(
    "business-object",
    also="business-rows business-inside",
    at="create_workspace list_workspaces read_workspace",
    depth=5,
)
class WorkspaceSaidToBeOfAnother(Faulty):
    """create_workspace shows the undocumented business_id of the request as the owner."""

    def document(self, context: Context, kind: str) -> dict[str, Any]:
        named = (
            body_of(context.request).get("business_id")
            if is_for(context, "create_workspace")
            else None
        )
        return super().document(context, kind) | ({"business_id": named} if named else {})


@fault(
    "business-object",
    also="business-rows business-inside",
    at="update_lead list_leads read_lead",
    depth=5,
)
class LeadSaidToBeOfAnother(Faulty):
    """update_lead shows the undocumented business_id of the request as the owner."""

    def changes(self, context: Context) -> dict[str, Any]:
        named = (
            body_of(context.request).get("business_id") if is_for(context, "update_lead") else None
        )
        return super().changes(context) | ({"business_id": named} if named else {})


class ActsWhenRefusing(Faulty):
    """The reference server with a handle for an effect of refused requests."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        self.do(self.operation_of(request), request)
        return super().refused(request, refusal)

    def do(self, operation: str, request: Request) -> None:
        """Do something, although the request is refused."""


@fault(
    "business-object",
    also="refused-unchanged status-200",
    at="delete_eval delete_webhook read_eval",
    depth=5,
)
class ForeignDeletedInSecret(ActsWhenRefusing):
    """A refused deletion still deletes an eval or webhook of another business."""

    def do(self, operation: str, request: Request) -> None:
        if operation in ("delete_eval", "delete_webhook") and self.parse_key(request):
            row = self.store.get(operation.partition("_")[2], request.query.get("id", ""))
            identity = self.known_key(self.parse_key(request) or "")
            if row is not None and identity is not None and identity.tenant != row.tenant:
                self.store.remove(row)


@dataclass(frozen=True)
class ForeignChange(Entry):
    """The kind of an object, and how a refused request changes it: its new members.

    ``selector`` is the member of the request that names the object.
    """

    kind: str
    change: Callable[[Row, dict[str, Any]], dict[str, Any]]
    _: KW_ONLY
    selector: str = "id"
    breaks: str = "business-object"
    depth: int = 5


def changes_when_refusing(entry: ForeignChange) -> type[Faulty]:
    """The reference server, where a refused operation still changes an object of a business."""

    class ChangesWhenRefusing(ActsWhenRefusing):
        def do(self, operation: str, request: Request) -> None:
            sent, key = body_of(request), self.parse_key(request)
            if operation != entry.here or key is None:
                return
            row = self.store.get(entry.kind, str(sent.get(entry.selector)))
            identity = self.known_key(key)
            if row is not None and identity is not None and identity.tenant != row.tenant:
                self.store.change(row, entry.change(row, sent))

    return ChangesWhenRefusing


FOREIGN_CHANGES = {
    "act_on_workspace cancels a workspace of another business but returns 404.": ForeignChange(
        "foreign-workspace-cancelled", "workspace",
        lambda row, sent: {"lifecycle_state": "cancelled"}, at="act_on_workspace"),
    "update_sms_prompt writes a prompt of another business but returns 404.": ForeignChange(
        "foreign-prompt-written", "agent",
        lambda row, sent: {"prompts": {**row.document["prompts"], "sms": sent["sms_prompt"]}},
        selector="agent_id", at="update_sms_prompt"),
    "rotate_webhook_secret replaces a secret of another business but returns 404.": ForeignChange(
        "foreign-secret-replaced", "webhook",
        lambda row, sent: {"webhook_secret_masked": "...replaced"}, at="rotate_webhook_secret"),
    "change_communication_run renames a run of another business but returns 404.": ForeignChange(
        "foreign-run-renamed", "communication_run", lambda row, sent: {"external_ref": "renamed"},
        at="change_communication_run"),
}  # fmt: skip

faults_of(changes_when_refusing, __name__, FOREIGN_CHANGES)


# --- whole operations ---


@dataclass(frozen=True)
class Reached(Entry):
    """Where the objects of every business are found: in all operations of ``open_at`` or ``at``.

    ``action`` limits this to one action, ``key`` to a key, ``sent`` to requests with a parameter,
    and ``unless`` to requests without one.
    """

    _: KW_ONLY
    breaks: str = "business-object"
    depth: int = 5
    open_at: str = ""
    action: str = ""
    key: str = ""
    sent: str = ""
    unless: str = ""

    def is_reached(self, context: Context) -> bool:
        """Whether a request reaches objects of every business."""
        key = context.identity.name if context.identity else ""
        return (
            is_for(context, *words(self.open_at or self.at))
            and self.action in ("", context.values.get("action"))
            and self.key in ("", key)
            and (not self.sent or self.sent in context.values)
            and self.unless not in context.values
        )


def borderless(entry: Reached) -> type[Faulty]:
    """The reference server, where some requests find objects of every business."""

    class Borderless(Faulty):
        def find(self, kind: str, identifier: str, context: Context) -> Row | None:
            if kind == context.operation.kind and entry.is_reached(context):
                return self.store.get(kind, identifier)
            return super().find(kind, identifier, context)

    return Borderless


BORDERLESS = {
    "read_agent returns an agent of another business.": Reached(
        "foreign-agent-read", at="read_agent", depth=1),
    "Calls of another business can be read.": Reached("foreign-call-read", at="read_call", depth=2),
    "update_agent changes an agent of another business and confirms it.": Reached(
        "agent-moved-to-own-business", at="update_agent", depth=3),
    "change_communication_run cancels a run of another business, but pauses none.": Reached(
        "foreign-run-cancelled", action="cancel", at="change_communication_run"),
    "act_on_workspace tears down a workspace of another business, and does nothing else.": Reached(
        "foreign-workspace-torn-down", action="teardown", at="act_on_workspace"),
    "The webhook of another business can be tested and its secret rotated.": Reached(
        "foreign-secret-rotated", at="rotate_webhook_secret test_webhook", depth=4),
    "The webhook of another business can be tested.": Reached(
        "foreign-webhook-tested", at="test_webhook", depth=4),
    "release_phone_number releases a number of another business.": Reached(
        "foreign-number-released", open_at="release_phone_number",
        at="release_phone_number assign_phone_number", depth=4),
    "read_lead lets the key of the other business read every lead.": Reached(
        "other-key-reads-leads", key="other", at="read_lead"),
    "update_eval lets the key of the other business change every eval.": Reached(
        "other-key-changes-evals", key="other", at="update_eval"),
    "read_agent lets the key of the empty business read every agent.": Reached(
        "empty-key-reads-agents", key="empty", at="read_agent"),
    "release_phone_number releases any number if the request names its own business.": Reached(
        "foreign-number-beside-own-business", open_at="release_phone_number", sent="business_id",
        at="release_phone_number assign_phone_number"),
    "release_phone_number releases any number if the request names no business.": Reached(
        "foreign-number-without-business", open_at="release_phone_number", unless="business_id",
        at="release_phone_number assign_phone_number"),
    "rotate_webhook_secret finds any webhook if the request names no business.": Reached(
        "foreign-webhook-without-business", unless="business_id", at="rotate_webhook_secret"),
    "update_lead changes the notes of any lead if the request changes no name.": Reached(
        "notes-of-foreign-lead", unless="name", at="update_lead"),
}  # fmt: skip

faults_of(borderless, __name__, BORDERLESS)


@fault("business-object", at="replay_event replay_several_events", depth=3)
class ForeignEventReplayed(Faulty):
    """An event of another business can be replayed, though an unknown one is refused."""

    def act_perform(self, context: Context) -> Reply:
        selector = context.operation.selector
        if selector is None or context.operation.kind != "event":
            return super().act_perform(context)
        named = context.values.get(selector.name)
        for identifier in named if isinstance(named, list) else [named]:
            if self.store.get("event", str(identifier)) is None:
                raise Refusal("not_found", "There is no such event")
        return super().act_perform(context)


# --- objects that are reached beside something else ---


@fault("business-object", at="update_webhook", depth=5)
class ForeignWebhookSwitched(Faulty):
    """update_webhook refuses a webhook of another business, and switches it on."""

    def selected(self, context: Context) -> Row:
        row = self.store.get("webhook", str(context.values.get("id")))
        foreign = row is not None and not self.may_reach(row.tenant, context.identity)
        if row is not None and foreign and is_for(context, "update_webhook"):
            self.store.change(row, {"is_active": True})
        return super().selected(context)


@fault("business-inside", at="read_communication_run", by="plain-read", depth=4)
class TouchesOfAnother(Faulty):
    """read_communication_run shows touches of another business inside the run."""

    def render_item(self, operation: Operation, row: Row) -> dict[str, Any]:
        shown = super().render_item(operation, row)
        if operation.id != "read_communication_run":
            return shown
        mine = row.tenant == self.main_tenant()
        other = self.store.note("tenant:other") if mine else self.main_tenant()
        return {**shown, "touches": [{"channel": "sms", "business_id": other}]}


@fault("business-inside", at="read_agent", by="foreign-object", depth=4)
class TeamOfAllBusinesses(Faulty):
    """read_agent lists the agents of every business along with the agent."""

    def render_item(self, operation: Operation, row: Row) -> dict[str, Any]:
        shown = super().render_item(operation, row)
        if operation.id != "read_agent":
            return shown
        agents = self.store.page(Page("agent", None, 100))
        return {**shown, "team": [{"id": each.id, "name": "An agent"} for each in agents]}


@fault("business-inside", at="list_leads", by="rows-of-two-businesses", depth=4)
class SimilarLeadsOfAll(Faulty):
    """list_leads lists leads of every business as similar ones."""

    def render_item(self, operation: Operation, row: Row) -> dict[str, Any]:
        shown = super().render_item(operation, row)
        if operation.id != "list_leads":
            return shown
        return {**shown, "similar": [each.id for each in self.store.page(Page("lead", None, 100))]}


@fault("business-object", also="deleted-resource", at="delete_webhook", depth=5)
class ForeignWebhookOfItsBusiness(Faulty):
    """delete_webhook deletes a webhook of another business if the request names both."""

    named: object = None

    def may_reach(self, tenant: str, identity: Identity | None) -> bool:
        return tenant == self.named or super().may_reach(tenant, identity)

    def check_references(self, context: Context) -> None:
        if is_for(context, "delete_webhook"):
            self.named = context.values.get("business_id")
        super().check_references(context)

    def act(self, context: Context) -> Reply:
        try:
            return super().act(context)
        finally:
            self.named = None


@fault("business-object", at="read_eval", by="foreign-object", depth=5)
class EvalBesideBusiness(Faulty):
    """read_eval returns an eval of another business if the query names a business."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        if is_for(context, "read_eval") and "business_id" in context.request.query:
            return self.store.get(kind, identifier)
        return super().find(kind, identifier, context)
