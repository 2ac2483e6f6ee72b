"""Deep faults of access: keys and scopes, each at one operation or for one kind of key."""

from __future__ import annotations

import base64
from contextlib import suppress

from conformance.model import Operation
from conformance.server import seeding
from conformance.server.access import ALL
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.store import Identity
from tests.faults.base import fault
from tests.faults.deep_places import Deep, later, meant

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
        return (
            known if known and self.is_revoked(known) else super().authenticate(operation, request)
        )


@fault("key-expired status-401", at="list_usage", depth=4)
class ExpiredKeyReadsUsage(Deep):
    """An expired key reads the usage."""

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        key = self.parse_key(request)
        known = self.known_key(key) if key and operation.id == "list_usage" else None
        return (
            known if known and self.is_expired(known) else super().authenticate(operation, request)
        )


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


@fault("code-unauthorized status-401", depth=5)
class EarlyCharactersIgnored(Welcoming):
    """The characters from the fifteenth to the twenty-fifth of a key are not compared."""

    def welcome(self, operation: Operation, request: Request, key: str | None) -> str | None:
        full = self.key_of("full")
        near = key and len(key) == len(full) and key[:14] == full[:14] and key[25:] == full[25:]
        return full if near else key


@fault("code-unauthorized status-401", depth=4)
class PrefixNotWanted(Welcoming):
    """A key is taken without its prefix."""

    def welcome(self, operation: Operation, request: Request, key: str | None) -> str | None:
        full = self.key_of("full")
        return full if key == full[8:] else key


@fault("key-header", depth=4)
class KeyAsUser(Deep):
    """A key is taken as the user of Basic authentication."""

    def parse_key(self, request: Request) -> str | None:
        scheme, _, told = (request.header("authorization") or "").partition(" ")
        if scheme != "Basic":
            return super().parse_key(request)
        with suppress(ValueError):
            return base64.b64decode(told, validate=True).decode().partition(":")[0]
        return None


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
        near = (
            operation.method == "PATCH" and key and len(key) == len(full) and key[:-1] == full[:-1]
        )
        return full if near else key


@fault("code-unauthorized", also="refused-unchanged", at="release_phone_number", depth=4)
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
        return (
            (request.header("authorization") or "").rpartition(" ")[2]
            if any_scheme
            else super().parse_key(request)
        )


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
        besides = operation.id in self.opened and (
            not self.by_scope or self.by_scope in identity.scopes
        )
        return besides or super().has_scope(operation, identity)


@fault(
    "scope-required status-403 code-forbidden",
    also="refused-unchanged",
    at="delete_webhook",
    depth=4,
)
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


@fault(
    "scope-required status-403 code-forbidden", also="refused-unchanged", at="update_lead", depth=5
)
class AnyWriterUpdatesLeads(Deep):
    """A key that may write anything updates leads."""

    def has_scope(self, operation: Operation, identity: Identity) -> bool:
        writes = operation.id == "update_lead" and any(
            scope.endswith(":write") for scope in identity.scopes
        )
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


@fault(
    "scope-required status-403 code-forbidden",
    also="status-404 code-not_found",
    at="read_workspace",
    depth=4,
)
class NotFoundWithoutScope(Deep):
    """A workspace is not found by a key without the scope: the scope is looked at after the business."""

    def authorise(self, operation: Operation, identity: Identity | None) -> None:
        if (
            operation.id == "read_workspace"
            and identity
            and not self.has_scope(operation, identity)
        ):
            raise Refusal("not_found")
        super().authorise(operation, identity)


@fault("key-expired status-401", depth=5)
class ExpiredKeyTakenWithLimit(Deep):
    """An expired key opens lists where a limit is given."""

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        known = seeding.identities(self.contract, self.seed)["expired"]
        if (
            operation.paging
            and "limit=" in request.query_text
            and self.parse_key(request) == known.key
        ):
            return known
        return super().authenticate(operation, request)


@fault("scope-required status-403 code-forbidden", at="list_leads", depth=5)
class NarrowedLeadsWithoutScope(Deep):
    """No scope is asked for where leads are narrowed by a status."""

    def dispatch(self, request: Request) -> Reply:
        self._narrowed = "status=" in request.query_text
        return super().dispatch(request)

    def has_scope(self, operation: Operation, identity: Identity) -> bool:
        return (operation.id == "list_leads" and self._narrowed) or super().has_scope(
            operation, identity
        )
