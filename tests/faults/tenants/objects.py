"""Faults of single objects that belong to another business."""

from __future__ import annotations

from typing import Any

from conformance.model import Operation, Parameter
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.store import Identity, Page, Row
from tests.faults.base import Faulty, fault, is_for
from tests.faults.shared import body_of

# --- reads ---


@fault("business-object", at="read_lead", by="foreign-object", depth=4)
class RefusalNamesTheLead(Faulty):
    """read_lead reveals the owner of a lead that it rejects."""

    def selected(self, context: Context) -> Row:
        try:
            return super().selected(context)
        except Refusal:
            lead = self.store.get("lead", str(context.values.get("id")))
            if lead is not None and is_for(context, "read_lead"):
                raise Refusal("not_found", f"No access to {lead.document['name']}.") from None
            raise


@fault("business-object", at="read_agent")
class ForeignAgentRead(Faulty):
    """read_agent returns an agent of another business."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        if kind == "agent" and context.operation.id == "read_agent":
            return self.store.get(kind, identifier)
        return super().find(kind, identifier, context)


@fault("business-object", at="read_call", depth=2)
class ForeignCallRead(Faulty):
    """Calls of another business can be read."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        return (
            self.store.get(kind, identifier)
            if kind == "call"
            else super().find(kind, identifier, context)
        )


@fault("business-object", at="read_external_run", depth=4)
class ForeignRunByReference(Faulty):
    """read_external_run returns a run of another business."""

    def list_tenant(self, context: Context) -> str | None:
        return None if is_for(context, "read_external_run") else super().list_tenant(context)


@fault("business-object", at="replay_event", depth=4)
class ForeignEventNamed(Faulty):
    """replay_event names what it replays: any event of any business."""

    def act_perform(self, context: Context) -> Reply:
        reply = super().act_perform(context)
        if not is_for(context, "replay_event") or not isinstance(reply.body, dict):
            return reply
        event = self.store.get("event", str(context.values["event_id"]))
        replayed = [] if event is None else [event.id]
        return Reply(reply.status, {**reply.body, "event_ids": replayed})


@fault("business-object", at="read_provider_run", depth=4)
class ForeignRunByProvider(Faulty):
    """read_provider_run returns a run of another business."""

    def list_tenant(self, context: Context) -> str | None:
        return None if is_for(context, "read_provider_run") else super().list_tenant(context)


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


@fault("business-object", at="update_agent", depth=3)
class AgentMovedToOwnBusiness(Faulty):
    """update_agent changes an agent of another business and confirms it."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        if context.operation.id == "update_agent":
            return self.store.get(kind, identifier)
        return super().find(kind, identifier, context)


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
    """The reference server with a handle for an effect of rejected requests."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        self.do(self.operation_of(request), request)
        return super().refused(request, refusal)

    def do(self, operation: str, request: Request) -> None:
        """What is done in secret."""


@fault(
    "business-object",
    also="refused-unchanged status-200",
    at="delete_eval delete_webhook read_eval",
    depth=5,
)
class ForeignDeletedInSecret(ActsWhenRefusing):
    """A rejected deletion still deletes an eval or webhook of another business."""

    def do(self, operation: str, request: Request) -> None:
        if operation in ("delete_eval", "delete_webhook") and self.parse_key(request):
            row = self.store.get(operation.partition("_")[2], request.query.get("id", ""))
            identity = self.known_key(self.parse_key(request) or "")
            if row is not None and identity is not None and identity.tenant != row.tenant:
                self.store.remove(row)


class ChangesWhenRefusing(ActsWhenRefusing):
    """The reference server, where a rejected operation still changes an object of a business."""

    operation = ""
    kind = ""
    selector = "id"

    def do(self, operation: str, request: Request) -> None:
        sent, key = body_of(request), self.parse_key(request)
        if operation != self.operation or key is None:
            return
        row = self.store.get(self.kind, str(sent.get(self.selector)))
        identity = self.known_key(key)
        if row is not None and identity is not None and identity.tenant != row.tenant:
            self.store.change(row, self.changed(row, sent))

    def changed(self, row: Row, sent: dict[str, Any]) -> dict[str, Any]:
        """The members that are changed, with their new values."""
        raise NotImplementedError


@fault("business-object", at="act_on_workspace", depth=5)
class ForeignWorkspaceCancelled(ChangesWhenRefusing):
    """act_on_workspace cancels a workspace of another business but returns 404."""

    operation = "act_on_workspace"
    kind = "workspace"

    def changed(self, row: Row, sent: dict[str, Any]) -> dict[str, Any]:
        return {"lifecycle_state": "cancelled"}


@fault("business-object", at="update_sms_prompt", depth=5)
class ForeignPromptWritten(ChangesWhenRefusing):
    """update_sms_prompt writes a prompt of another business but returns 404."""

    operation = "update_sms_prompt"
    kind = "agent"
    selector = "agent_id"

    def changed(self, row: Row, sent: dict[str, Any]) -> dict[str, Any]:
        return {"prompts": {**row.document["prompts"], "sms": sent["sms_prompt"]}}


@fault("business-object", at="rotate_webhook_secret", depth=5)
class ForeignSecretReplaced(ChangesWhenRefusing):
    """rotate_webhook_secret replaces a secret of another business but returns 404."""

    operation = "rotate_webhook_secret"
    kind = "webhook"

    def changed(self, row: Row, sent: dict[str, Any]) -> dict[str, Any]:
        return {"webhook_secret_masked": "...replaced"}


@fault("business-object", at="change_communication_run", depth=5)
class ForeignRunRenamed(ChangesWhenRefusing):
    """change_communication_run renames a run of another business but returns 404."""

    operation = "change_communication_run"
    kind = "communication_run"

    def changed(self, row: Row, sent: dict[str, Any]) -> dict[str, Any]:
        return {"external_ref": "renamed"}


# --- whole operations ---


class Borderless(Faulty):
    """The reference server, where some operations find objects of every business."""

    open_at: tuple[str, ...] = ()

    def is_open(self, context: Context) -> bool:
        """Whether a request reaches objects of every business."""
        return is_for(context, *self.open_at)

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        if kind == context.operation.kind and self.is_open(context):
            return self.store.get(kind, identifier)
        return super().find(kind, identifier, context)


class BorderlessAction(Borderless):
    """The reference server, where one action finds objects of every business."""

    doing = ""

    def is_open(self, context: Context) -> bool:
        return super().is_open(context) and context.values.get("action") == self.doing


@fault("business-object", at="change_communication_run", depth=5)
class ForeignRunCancelled(BorderlessAction):
    """change_communication_run cancels a run of another business, but pauses none."""

    open_at, doing = ("change_communication_run",), "cancel"


@fault("business-object", at="act_on_workspace", depth=5)
class ForeignWorkspaceTornDown(BorderlessAction):
    """act_on_workspace tears down a workspace of another business, and does nothing else to it."""

    open_at, doing = ("act_on_workspace",), "teardown"


@fault("business-object", at="rotate_webhook_secret test_webhook", depth=4)
class ForeignSecretRotated(Borderless):
    """The webhook of another business can be tested and its secret rotated."""

    open_at = ("rotate_webhook_secret", "test_webhook")


@fault("business-object", at="test_webhook", depth=4)
class ForeignWebhookTested(Borderless):
    """The webhook of another business can be tested."""

    open_at = ("test_webhook",)


@fault("business-object", at="release_phone_number assign_phone_number", depth=4)
class ForeignNumberReleased(Borderless):
    """release_phone_number releases a number of another business."""

    open_at = ("release_phone_number",)


# --- single keys ---


class OneKeyBorderless(Borderless):
    """The reference server, where one key finds objects of every business in some operations."""

    by_key = ""

    def is_open(self, context: Context) -> bool:
        by_this_key = context.identity is not None and context.identity.name == self.by_key
        return by_this_key and super().is_open(context)


@fault("business-object", at="read_lead", depth=5)
class OtherKeyReadsLeads(OneKeyBorderless):
    """read_lead lets the key of the other business read every lead."""

    open_at, by_key = ("read_lead",), "other"


@fault("business-object", at="update_eval", depth=5)
class OtherKeyChangesEvals(OneKeyBorderless):
    """update_eval lets the key of the other business change every eval."""

    open_at, by_key = ("update_eval",), "other"


@fault("business-object", at="read_agent", depth=5)
class EmptyKeyReadsAgents(OneKeyBorderless):
    """read_agent lets the key of the empty business read every agent."""

    open_at, by_key = ("read_agent",), "empty"


@fault("business-object", at="replay_event replay_several_events", depth=3)
class ForeignEventReplayed(Faulty):
    """An event of another business can be replayed, though an unknown one is rejected."""

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


@fault("business-object", at="release_phone_number assign_phone_number", depth=5)
class ForeignNumberBesideOwnBusiness(Faulty):
    """release_phone_number releases any number if the request names its own business."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        if is_for(context, "release_phone_number") and "business_id" in context.values:
            return self.store.get(kind, identifier)
        return super().find(kind, identifier, context)


@fault("business-object", at="update_lead", depth=5)
class NotesOfForeignLead(Faulty):
    """update_lead changes the notes of any lead if the request changes no name."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        if is_for(context, "update_lead") and "name" not in context.values:
            return self.store.get(kind, identifier)
        return super().find(kind, identifier, context)


@fault("business-object", at="update_webhook", depth=5)
class ForeignWebhookSwitched(Faulty):
    """update_webhook rejects a webhook of another business, and switches it on."""

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
    """read_agent names the agents of every business next to the agent."""

    def render_item(self, operation: Operation, row: Row) -> dict[str, Any]:
        shown = super().render_item(operation, row)
        if operation.id != "read_agent":
            return shown
        agents = self.store.page(Page("agent", None, 100))
        return {**shown, "team": [{"id": each.id, "name": "An agent"} for each in agents]}


@fault("business-inside", at="list_leads", by="rows-of-two-businesses", depth=4)
class SimilarLeadsOfAll(Faulty):
    """list_leads names leads of every business as similar ones."""

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
