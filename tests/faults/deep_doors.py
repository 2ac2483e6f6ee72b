"""Deep faults of access: keys, scopes and businesses, each at one operation or for one kind of key."""

from __future__ import annotations

from typing import Any

from conformance.model import Operation, Parameter
from conformance.server import seeding
from conformance.server.access import ALL
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.store import Identity, Row
from tests.faults.base import fault
from tests.faults.deep_places import Deep, asked, later, meant, narrowed

# --- keys ---


class Welcoming(Deep):
    """The reference server with a handle for keys that it takes in spite of all."""

    def welcome(self, operation: Operation, request: Request, key: str | None) -> str | None:
        """The key that counts."""
        return key

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        key = self.welcome(operation, request, self.parse_key(request))
        identity = self.known_key(key) if key and key != self.parse_key(request) else None
        return identity or super().authenticate(operation, request)

    def key_of(self, name: str) -> str:
        """A seeded key."""
        return seeding.identities(self.contract, self.seed)[name].key


@fault("key-revoked status-401", also="refused-unchanged", at="delete_eval", depth=4)
class RevokedKeyDeletes(Deep):
    """A revoked key deletes evals."""

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        key = self.parse_key(request)
        known = self.known_key(key) if key and operation.id == "delete_eval" else None
        return known if known and self.is_revoked(known) else super().authenticate(operation, request)


@fault("key-expired status-401", at="list_usage", depth=4)
class ExpiredKeyReadsUsage(Deep):
    """An expired key reads the usage."""

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        key = self.parse_key(request)
        known = self.known_key(key) if key and operation.id == "list_usage" else None
        return known if known and self.is_expired(known) else super().authenticate(operation, request)


@fault("code-unauthorized status-401", at="read_balance", depth=4)
class AnyTestKeyReadsBalance(Welcoming):
    """The balance is read with any key that begins with kc_test_."""

    def welcome(self, operation: Operation, request: Request, key: str | None) -> str | None:
        any_test = operation.id == "read_balance" and (key or "").startswith("kc_test_")
        return self.key_of("test") if any_test else key


@fault("code-unauthorized status-401", also="key-header", depth=5)
class PrefixCutOff(Welcoming):
    """What follows the prefix of a key is compared: a live key is taken as a test key, too."""

    def welcome(self, operation: Operation, request: Request, key: str | None) -> str | None:
        swapped = {"kc_test_": "kc_live_", "kc_live_": "kc_test_"}.get((key or "")[:8])
        other = f"{swapped}{(key or '')[8:]}"
        return other if swapped and self.known_key(other) else key


@fault("code-unauthorized status-401", also="key-header", depth=5)
class BarePrefixTaken(Welcoming):
    """A key that is nothing but its prefix is taken for the first one."""

    def welcome(self, operation: Operation, request: Request, key: str | None) -> str | None:
        return self.key_of("full") if key in ("kc_live_", "kc_test_") else key


@fault(
    "code-unauthorized status-401",
    at="update_agent update_lead update_eval update_workspace act_on_workspace change_communication_run",
    depth=4,
)
class LastCharacterIgnored(Welcoming):
    """The last character of a key is not compared where something is changed."""

    def welcome(self, operation: Operation, request: Request, key: str | None) -> str | None:
        full = self.key_of("full")
        near = operation.method == "PATCH" and key and len(key) == len(full) and key[:-1] == full[:-1]
        return full if near else key


@fault("code-unauthorized", at="release_phone_number", depth=4)
class NumbersReleasedWithoutKey(Welcoming):
    """A number is released without a key."""

    def welcome(self, operation: Operation, request: Request, key: str | None) -> str | None:
        bare = operation.id == "release_phone_number" and request.header("authorization") is None
        return self.key_of("full") if bare else key


@fault("key-header", at="read_capabilities", depth=4)
class TokenTakenByCapabilities(Deep):
    """The capabilities are read with a key after any scheme."""

    def parse_key(self, request: Request) -> str | None:
        any_scheme = self.meant(request) == "read_capabilities"
        return (request.header("authorization") or "").rpartition(" ")[2] if any_scheme else super().parse_key(request)


@fault("key-prefixes", at="send_sms", depth=4)
class TestKeysSendNothing(Deep):
    """A key that starts with kc_test_ is refused where a text is sent."""

    __test__ = False

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        if operation.id == "send_sms" and (self.parse_key(request) or "").startswith("kc_test_"):
            raise self.unauthenticated(operation)
        return super().authenticate(operation, request)


# --- scopes ---


class Scoped(Deep):
    """The reference server with a handle for scopes that open besides."""

    opened: tuple[str, ...] = ()
    by_scope = ""

    def has_scope(self, operation: Operation, identity: Identity) -> bool:
        besides = operation.id in self.opened and (not self.by_scope or self.by_scope in identity.scopes)
        return besides or super().has_scope(operation, identity)


@fault("scope-required status-403 code-forbidden", also="refused-unchanged", at="delete_webhook", depth=4)
class WebhooksDeletedWithoutScope(Scoped):
    """A webhook is deleted without the scope."""

    opened = ("delete_webhook",)


@fault("scope-required status-403 code-forbidden", at="rotate_webhook_secret", depth=4)
class ReadersRotateSecrets(Scoped):
    """A key that may read webhooks gives them new secrets."""

    opened, by_scope = ("rotate_webhook_secret",), "webhooks:read"


@fault(
    "scope-required status-403 code-forbidden",
    at="replay_event replay_several_events replay_filtered_events backfill_events",
    depth=4,
)
class ReadersReplay(Scoped):
    """A key that may read events replays them."""

    opened = ("replay_event", "replay_several_events", "replay_filtered_events", "backfill_events")
    by_scope = "events:read"


@fault("scope-required status-403 code-forbidden", at="act_on_workspace", depth=4)
class WritersTearDown(Scoped):
    """A key that may write workspaces tears them down, which wants a scope of its own."""

    opened, by_scope = ("act_on_workspace",), "workspaces:write"


@fault("scope-required status-403 code-forbidden", also="refused-unchanged", at="update_lead", depth=5)
class AnyWriterUpdatesLeads(Deep):
    """A key that may write anything updates leads."""

    def has_scope(self, operation: Operation, identity: Identity) -> bool:
        writes = operation.id == "update_lead" and any(scope.endswith(":write") for scope in identity.scopes)
        return writes or super().has_scope(operation, identity)


@fault("scope-required status-403 code-forbidden", at="list_leads", depth=5)
class LaterPagesWithoutScope(Deep):
    """Later pages of leads come without the scope."""

    def authorise(self, operation: Operation, identity: Identity | None) -> None:
        if operation.id != "list_leads":
            super().authorise(operation, identity)

    def act_list(self, context: Context) -> Reply:
        if meant(context, "list_leads") and not later(context):
            super().authorise(context.operation, context.identity)
        return super().act_list(context)


@fault("scope-opens", at="list_event_deliveries", depth=4)
class OneOfTwoScopesOpens(Deep):
    """Deliveries open to the first of their two scopes only."""

    def has_scope(self, operation: Operation, identity: Identity) -> bool:
        if operation.id == "list_event_deliveries":
            return bool({ALL, operation.scopes[0]} & identity.scopes)
        return super().has_scope(operation, identity)


@fault("scope-opens", at="list_messages list_conversations", depth=4)
class MessagesWantAgents(Deep):
    """Messages are read only with the scope of agents beside their own."""

    def has_scope(self, operation: Operation, identity: Identity) -> bool:
        told = super().has_scope(operation, identity)
        beside = bool({ALL, "agents:read"} & identity.scopes)
        return told and (beside or operation.id not in ("list_messages", "list_conversations"))


@fault("scope-required status-403 code-forbidden", also="status-404 code-not_found", at="read_workspace", depth=4)
class NotFoundWithoutScope(Deep):
    """A workspace is not found by a key without the scope: the scope is looked at after the business."""

    def authorise(self, operation: Operation, identity: Identity | None) -> None:
        if operation.id == "read_workspace" and identity and not self.has_scope(operation, identity):
            raise Refusal("not_found")
        super().authorise(operation, identity)


# --- businesses ---


class Borderless(Deep):
    """The reference server with a place where no business is looked at."""

    open_at: tuple[str, ...] = ()

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        if meant(context, *self.open_at) and kind == context.operation.kind:
            return self.store.get(kind, identifier)
        return super().find(kind, identifier, context)


@fault("business-object", at="read_external_run", depth=4)
class ForeignRunByReference(Deep):
    """A run of another business is read by its external_ref."""

    def list_tenant(self, context: Context) -> str | None:
        return None if meant(context, "read_external_run") else super().list_tenant(context)


@fault("business-object", at="read_provider_run", depth=4)
class ForeignRunByProvider(Deep):
    """A run of another business is read by the id that the provider gave it."""

    def list_tenant(self, context: Context) -> str | None:
        return None if meant(context, "read_provider_run") else super().list_tenant(context)


@fault("business-object", at="read_recording", depth=4)
class ForeignRecordingRead(Deep):
    """The recording of a call of another business is read."""

    def list_tenant(self, context: Context) -> str | None:
        return None if meant(context, "read_recording") else super().list_tenant(context)

    def check_reference(self, parameter: Parameter, value: Any, context: Context) -> None:
        if not meant(context, "read_recording"):
            super().check_reference(parameter, value, context)


@fault("business-object", at="change_communication_run", depth=4)
class ForeignRunCancelled(Borderless):
    """A run of another business is cancelled."""

    open_at = ("change_communication_run",)


@fault("business-object", at="act_on_workspace", depth=4)
class ForeignWorkspaceTornDown(Borderless):
    """A workspace of another business is torn down."""

    open_at = ("act_on_workspace",)


@fault("business-object", at="rotate_webhook_secret test_webhook", depth=4)
class ForeignSecretRotated(Borderless):
    """The secret of a webhook of another business is rotated, or tested."""

    open_at = ("rotate_webhook_secret", "test_webhook")


@fault("business-object", at="release_phone_number", depth=4)
class ForeignNumberReleased(Borderless):
    """A number of another business is released."""

    open_at = ("release_phone_number",)


@fault("business-object", at="replay_several_events", depth=4)
class ForeignEventsReplayed(Borderless):
    """Events of another business are replayed, where several are named."""

    open_at = ("replay_several_events",)

    def check_reference(self, parameter: Parameter, value: Any, context: Context) -> None:
        if not meant(context, "replay_several_events"):
            super().check_reference(parameter, value, context)


class Secret(Deep):
    """The reference server with a deed that is done before it is refused."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        self.do(self.meant(request), request)
        return super().refused(request, refusal)

    def do(self, operation: str, request: Request) -> None:
        """What is done in secret."""


@fault("business-object", also="refused-unchanged", at="delete_eval delete_webhook", depth=5)
class ForeignDeletedInSecret(Secret):
    """A deletion that is refused has deleted all the same."""

    def do(self, operation: str, request: Request) -> None:
        if operation in ("delete_eval", "delete_webhook") and self.parse_key(request):
            row = self.store.get(operation.partition("_")[2], request.query.get("id", ""))
            identity = self.known_key(self.parse_key(request) or "")
            if row is not None and identity is not None and identity.tenant != row.tenant:
                self.store.remove(row)


@fault("business-object", at="update_lead", depth=5)
class ForeignLeadRenamedInSecret(Deep):
    """A lead of another business is renamed, though the answer is 404."""

    def act_update(self, context: Context) -> Reply:
        row = self.store.get("lead", str(context.values.get("id"))) if meant(context, "update_lead") else None
        if row is not None:
            self.store.change(row, self.changes(context))
        return super().act_update(context)


@fault("business-object", at="create_lead", depth=5)
class LeadOfForeignAgent(Deep):
    """A lead is made for an agent of another business, which an optional member names."""

    def check_reference(self, parameter: Parameter, value: Any, context: Context) -> None:
        if not meant(context, "create_lead") or self.store.get(parameter.refers or "", str(value)) is None:
            super().check_reference(parameter, value, context)


@fault("business-object", at="create_call send_sms", depth=5)
class ForeignLeadCalled(Deep):
    """A call is placed, and a text sent, for a lead of another business, which an optional member names."""

    def check_reference(self, parameter: Parameter, value: Any, context: Context) -> None:
        foreign = parameter.name == "lead_id" and self.store.get("lead", str(value)) is not None
        if not (meant(context, "create_call", "send_sms") and foreign):
            super().check_reference(parameter, value, context)


@fault("business-rows", also="paging-complete paging-exclusive has-more-false", at="list_leads", depth=5)
class FilteredLaterPagesOfAll(Deep):
    """Later pages of leads of some state show those of every business."""

    def list_tenant(self, context: Context) -> str | None:
        every = meant(context, "list_leads") and later(context) and narrowed(context, "status")
        return None if every else super().list_tenant(context)


@fault("business-rows", also="paging-complete paging-exclusive has-more-false", at="list_events", depth=5)
class LargePagesOfAll(Deep):
    """Pages of more than fifty events show those of every business."""

    def list_tenant(self, context: Context) -> str | None:
        return None if meant(context, "list_events") and asked(context) > 50 else super().list_tenant(context)


@fault("business-rows", also="paging-complete paging-exclusive has-more-false", at="list_evals", depth=5)
class PagesOfOneOfAll(Deep):
    """Pages of one eval show those of every business."""

    def list_tenant(self, context: Context) -> str | None:
        return None if meant(context, "list_evals") and asked(context) == 1 else super().list_tenant(context)


@fault("business-filter", at="list_event_deliveries", depth=4)
class DeliveriesOfForeignEvent(Deep):
    """The deliveries of an event of another business are listed by its id."""

    def list_tenant(self, context: Context) -> str | None:
        every = meant(context, "list_event_deliveries") and narrowed(context, "event_id")
        return None if every else super().list_tenant(context)


@fault("business-filter", at="list_messages", depth=4)
class MessagesOfForeignConversation(Deep):
    """The messages of a conversation of another business are listed by its id, where a limit is given."""

    def list_tenant(self, context: Context) -> str | None:
        every = meant(context, "list_messages") and narrowed(context, "conversation_id", "limit")
        return None if every else super().list_tenant(context)


@fault("business-filter", at="list_eval_runs", depth=4)
class RunsOfForeignAgent(Deep):
    """The runs of an agent of another business are listed by its id."""

    def list_tenant(self, context: Context) -> str | None:
        return None if meant(context, "list_eval_runs") else super().list_tenant(context)

    def check_reference(self, parameter: Parameter, value: Any, context: Context) -> None:
        if not meant(context, "list_eval_runs"):
            super().check_reference(parameter, value, context)


@fault("business-filter", at="list_communication_jobs", depth=5)
class JobsOfForeignRunLater(Deep):
    """Later pages of the jobs of a run of another business are listed by its id."""

    def list_tenant(self, context: Context) -> str | None:
        every = meant(context, "list_communication_jobs") and narrowed(context, "communication_run_id") and later(context)
        return None if every else super().list_tenant(context)


@fault("business-empty", at="list_conversations", depth=4)
class EmptyBusinessUnknown(Deep):
    """The conversations of a business without any are not found."""

    def act_list(self, context: Context) -> Reply:
        reply = super().act_list(context)
        if meant(context, "list_conversations") and not self.rows_by(context, 1, filters=()):
            raise self.not_found(context.operation)
        return reply
