"""Faults of keys and scopes."""

from __future__ import annotations

import base64
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any

from conformance.model import EVERY_SCOPE, Operation
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.store import Filter, Identity
from tests.faults.base import (
    ERRORS,
    Entry,
    Faulty,
    fault,
    faults_of,
    is_for,
    later_page,
    requested_limit,
)
from tests.faults.shared import EachActionOnce, InOneList, InputFirst, in_each_list

# --- revoked, expired and test keys ---


@fault("key-revoked status-401")
class RevokedKeyTaken(Faulty):
    """A revoked key still works."""

    def is_revoked(self, identity: Identity) -> bool:
        return False


@dataclass(frozen=True)
class Dead(Entry):
    """The role of a seeded key that does not work any more, and still opens requests.

    Only requests with the parameter ``given`` are opened.
    """

    role: str
    _: KW_ONLY
    breaks: str = "key-expired status-401"
    given: str = ""


def takes_dead_key(entry: Dead) -> type[Faulty]:
    """The reference server, where a key that does not work any more opens some requests."""

    class TakesDeadKey(Faulty):
        def authenticate(self, operation: Operation, request: Request) -> Identity | None:
            known = self.issued[entry.role]
            is_given = not entry.given or entry.given in request.query
            if entry.is_at(operation.id) and is_given and self.parse_key(request) == known.key:
                return known
            return super().authenticate(operation, request)

    return TakesDeadKey


DEAD_KEYS = {
    "delete_eval accepts a revoked key.": Dead(
        "revoked-key-deletes", "revoked", breaks="key-revoked status-401", also="refused-unchanged",
        at="delete_eval", depth=4),
    "read_call accepts an expired key.": Dead(
        "expired-key-reads-calls", "expired", at="read_call", depth=2),
    "list_usage accepts an expired key.": Dead(
        "expired-key-reads-usage", "expired", at="list_usage", depth=4),
    "Lists accept an expired key when a limit is given.": Dead(
        "expired-key-taken-with-limit", "expired", given="limit", depth=5),
    "list_calls accepts an expired key when filtered by agent_id.": Dead(
        "expired-key-filters", "expired", given="agent_id", at="list_calls", depth=4),
}  # fmt: skip

faults_of(takes_dead_key, __name__, DEAD_KEYS)


@fault("key-expired status-401")
class ExpiredKeyTaken(Faulty):
    """An expired key still works."""

    def is_expired(self, identity: Identity) -> bool:
        return False


@fault("key-expired status-401", at="list_leads", depth=5)
class ExpiredKeyTakenBesideFilters(InputFirst):
    """list_leads validates its filters, then accepts an expired key if a source is given."""

    def is_expired(self, identity: Identity) -> bool:
        beside = self.asked == "list_leads" and "source" in self.given
        return not beside and super().is_expired(identity)


@fault("key-expired status-401", depth=2)
class ForbiddenForExpiredKey(Faulty):
    """An expired key returns 403."""

    def is_expired(self, identity: Identity) -> bool:
        if super().is_expired(identity):
            raise Refusal("forbidden")
        return False


@fault("key-prefixes", depth=2)
class TestKeysRefused(Faulty):
    """Keys that begin with kc_test_ are refused."""

    __test__ = False

    def known_key(self, key: str) -> Identity | None:
        return None if key.startswith("kc_test_") else super().known_key(key)


@fault("key-prefixes", at="send_sms", depth=4)
class TestKeysSendNothing(Faulty):
    """send_sms refuses keys that begin with kc_test_."""

    __test__ = False

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        if operation.id == "send_sms" and (self.parse_key(request) or "").startswith("kc_test_"):
            raise self.unauthenticated(operation)
        return super().authenticate(operation, request)


@fault("key-prefixes", at="sign_up", by="new-key", depth=3)
class NewKeyWithoutPrefix(Faulty):
    """sign_up issues a key that starts with kcl_, and accepts it."""

    def succeed(self, context: Context, body: Any) -> Reply:
        if is_for(context, "sign_up"):
            body = {**body, "api_key": body["api_key"].replace("kc_live_", "kcl_")}
        return super().succeed(context, body)

    def known_key(self, key: str) -> Identity | None:
        return super().known_key(key.replace("kcl_", "kc_live_"))


# --- where the key stands ---


@fault("key-header", depth=2)
class BasicTaken(Faulty):
    """A key after Basic is also accepted."""

    def parse_key(self, request: Request) -> str | None:
        scheme, _, key = (request.header("authorization") or "").partition(" ")
        return key if scheme.lower() in ("bearer", "basic") else None


@fault("key-header", depth=3)
class AnySchemeTaken(Faulty):
    """The scheme before the key is ignored."""

    def parse_key(self, request: Request) -> str | None:
        return (request.header("authorization") or "").rpartition(" ")[2]


@fault("key-header", depth=4)
class KeyAsUser(Faulty):
    """A key is also accepted as the user name of Basic authentication."""

    def parse_key(self, request: Request) -> str | None:
        scheme, _, credentials = (request.header("authorization") or "").partition(" ")
        if scheme != "Basic":
            return super().parse_key(request)
        with suppress(ValueError):
            return base64.b64decode(credentials, validate=True).decode().partition(":")[0]
        return None


@fault("key-header", at="read_capabilities", depth=4)
class TokenTakenByCapabilities(Faulty):
    """read_capabilities ignores the scheme before the key."""

    def parse_key(self, request: Request) -> str | None:
        any_scheme = self.operation_of(request) == "read_capabilities"
        return (
            (request.header("authorization") or "").rpartition(" ")[2]
            if any_scheme
            else super().parse_key(request)
        )


@fault("key-header", depth=4)
class KeyInQuery(Faulty):
    """A key is also accepted in the query parameter api_key."""

    def parse_key(self, request: Request) -> str | None:
        return super().parse_key(request) or request.query.get("api_key")


# --- scopes that should be required ---


SCOPE = "scope-required status-403 code-forbidden"


@dataclass(frozen=True)
class Scope(Entry):
    """Another scope that operations accept; empty if they require none."""

    scope: str
    _: KW_ONLY
    breaks: str = SCOPE
    depth: int = 4


def opened(entry: Scope) -> type[Faulty]:
    """The reference server, where some operations also accept another scope, or none."""

    class Opened(Faulty):
        def has_scope(self, operation: Operation, identity: Identity) -> bool:
            is_open = entry.is_at(operation.id) and entry.scope in ("", *identity.scopes)
            return is_open or super().has_scope(operation, identity)

    return Opened


OPENED = {
    "update_agent requires no scope.": Scope(
        "update-without-scope", "", at="update_agent", depth=2),
    "read_agent requires no scope, although list_agents does.": Scope(
        "read-agent-without-scope", "", at="read_agent", depth=2),
    "delete_webhook requires no scope.": Scope(
        "webhooks-deleted-without-scope", "", also="refused-unchanged", at="delete_webhook"),
    "The scope agents:write also allows placing calls.": Scope(
        "agent-scope-places-calls", "agents:write", at="create_call", depth=3),
    "The scope sms:write also allows changing the prompt of an agent.": Scope(
        "scope-of-the-path-opens", "sms:write", at="update_sms_prompt"),
    "The scope webhooks:read also allows rotating secrets.": Scope(
        "readers-rotate-secrets", "webhooks:read", at="rotate_webhook_secret"),
    "The scope events:read also allows replaying events.": Scope(
        "readers-replay", "events:read",
        at="replay_event replay_several_events replay_filtered_events backfill_events"),
    "The scope workspaces:write also allows tearing workspaces down.": Scope(
        "writers-tear-down", "workspaces:write", at="act_on_workspace"),
}  # fmt: skip

faults_of(opened, __name__, OPENED)


@fault(SCOPE, depth=2)
class AnyScopeOpens(Faulty):
    """A key with any scope can do everything."""

    def has_scope(self, operation: Operation, identity: Identity) -> bool:
        return not operation.scopes or bool(identity.scopes)


@fault(SCOPE, depth=2)
class ReadScopeWrites(Faulty):
    """A read scope also allows writing."""

    def has_scope(self, operation: Operation, identity: Identity) -> bool:
        reading = {scope.replace(":write", ":read") for scope in operation.scopes}
        return super().has_scope(operation, identity) or bool(reading & identity.scopes)


@fault(SCOPE, at="update_lead", depth=5)
class NotesNeedNoWriting(Faulty):
    """The scope leads:read is enough to change the notes of a lead, if nothing else changes."""

    def authorise(self, operation: Operation, identity: Identity | None) -> None:
        if operation.id != "update_lead":
            super().authorise(operation, identity)

    def act_update(self, context: Context) -> Reply:
        identity = context.identity
        reads = identity is not None and "leads:read" in identity.scopes
        if not reads or self.changes(context).keys() != {"notes"}:
            super().authorise(context.operation, identity)
        return super().act_update(context)


@fault(SCOPE, at="act_on_workspace", depth=5)
class ResumedWithoutScope(Faulty):
    """No scope is required to resume a workspace. Any other action requires one."""

    def authorise(self, operation: Operation, identity: Identity | None) -> None:
        if operation.id != "act_on_workspace":
            super().authorise(operation, identity)

    def act_update(self, context: Context) -> Reply:
        if context.values.get("action") != "resume":
            super().authorise(context.operation, context.identity)
        return super().act_update(context)


@fault(SCOPE, at="act_on_workspace", depth=5)
class TornDownWithTheOtherScope(Faulty):
    """The scope workspaces:write is enough to tear down a workspace."""

    def authorise(self, operation: Operation, identity: Identity | None) -> None:
        if operation.id != "act_on_workspace":
            super().authorise(operation, identity)

    def act_update(self, context: Context) -> Reply:
        identity = context.identity
        writes = identity is not None and "workspaces:write" in identity.scopes
        if not writes or context.values.get("action") != "teardown":
            super().authorise(context.operation, identity)
        return super().act_update(context)


@fault(SCOPE, at="act_on_workspace", depth=5)
class ActsOnceWithTheOtherScope(EachActionOnce):
    """The scope workspaces:write is enough to act on a workspace, which takes each action once."""

    def has_scope(self, operation: Operation, identity: Identity) -> bool:
        writes = "workspaces:write" in identity.scopes
        is_act = operation.id == "act_on_workspace"
        return (is_act and writes) or super().has_scope(operation, identity)


@fault(SCOPE, also="refused-unchanged", at="create_lead", depth=5)
class NotesOpenTheCreation(InputFirst):
    """create_lead validates its input, then requires no scope for a lead with notes."""

    def has_scope(self, operation: Operation, identity: Identity) -> bool:
        beside = self.asked == "create_lead" and "notes" in self.given
        return beside or super().has_scope(operation, identity)


@fault(SCOPE, depth=2)
class NotFoundForScope(Faulty):
    """A missing scope returns 404."""

    def authorise(self, operation: Operation, identity: Identity | None) -> None:
        if identity is not None and not self.has_scope(operation, identity):
            raise Refusal("not_found")


@fault(SCOPE, depth=3)
class EmptyListForScope(Faulty):
    """A list returns an empty page when the scope is missing."""

    def authorise(self, operation: Operation, identity: Identity | None) -> None:
        if operation.paging is None:
            super().authorise(operation, identity)

    def act_list(self, context: Context) -> Reply:
        if context.identity and not self.has_scope(context.operation, context.identity):
            return self.succeed(context, self.render_page(context, [], False))
        return super().act_list(context)


@in_each_list(SCOPE)
class NoScope(InOneList):
    """No scope is required."""

    def has_scope(self, operation: Operation, identity: Identity) -> bool:
        return operation.id == self.here or super().has_scope(operation, identity)


@fault(SCOPE, also="refused-unchanged", at="update_lead", depth=5)
class AnyWriterUpdatesLeads(Faulty):
    """update_lead accepts any write scope."""

    def has_scope(self, operation: Operation, identity: Identity) -> bool:
        writes = operation.id == "update_lead" and any(
            scope.endswith(":write") for scope in identity.scopes
        )
        return writes or super().has_scope(operation, identity)


@fault(SCOPE, at="list_leads", depth=5)
class LaterPagesWithoutScope(Faulty):
    """Later pages of list_leads require no scope."""

    def authorise(self, operation: Operation, identity: Identity | None) -> None:
        if operation.id != "list_leads":
            super().authorise(operation, identity)

    def act_list(self, context: Context) -> Reply:
        if is_for(context, "list_leads") and not later_page(context):
            super().authorise(context.operation, context.identity)
        return super().act_list(context)


@fault(SCOPE, at="list_evals", depth=5)
class LimitForScope(Faulty):
    """list_evals requires no scope when a limit is given."""

    def authorise(self, operation: Operation, identity: Identity | None) -> None:
        if operation.id != "list_evals":
            super().authorise(operation, identity)

    def act_list(self, context: Context) -> Reply:
        if is_for(context, "list_evals") and not requested_limit(context):
            super().authorise(context.operation, context.identity)
        return super().act_list(context)


@fault(
    SCOPE,
    also="status-404 code-not_found",
    at="read_workspace",
    depth=4,
)
class NotFoundWithoutScope(Faulty):
    """read_workspace returns 404 when the scope is missing."""

    def authorise(self, operation: Operation, identity: Identity | None) -> None:
        if (
            operation.id == "read_workspace"
            and identity
            and not self.has_scope(operation, identity)
        ):
            raise Refusal("not_found")
        super().authorise(operation, identity)


@fault(SCOPE, at="list_leads", depth=5)
class NarrowedLeadsWithoutScope(Faulty):
    """list_leads requires no scope when filtered by status."""

    def dispatch(self, request: Request) -> Reply:
        self._narrowed = "status=" in request.query_text
        return super().dispatch(request)

    def has_scope(self, operation: Operation, identity: Identity) -> bool:
        return (operation.id == "list_leads" and self._narrowed) or super().has_scope(
            operation, identity
        )


@fault(SCOPE, at="list_leads", depth=4)
class ScopeSeesNothing(Faulty):
    """Two faults: list_leads requires no scope, but finds no rows without the right one."""

    def has_scope(self, operation: Operation, identity: Identity) -> bool:
        return operation.id == "list_leads" or super().has_scope(operation, identity)

    def filters_of(self, context: Context) -> tuple[Filter, ...]:
        identity = context.identity
        unseen = (
            is_for(context, "list_leads")
            and identity is not None
            and not super().has_scope(context.operation, identity)
        )
        return (Filter("id", ""),) if unseen else super().filters_of(context)


# --- scopes that should be enough ---


@fault("scope-opens", also="status-201", at="create_call", depth=2)
class OnlyAllScopesPlaceCalls(Faulty):
    """create_call accepts only keys with every scope."""

    def has_scope(self, operation: Operation, identity: Identity) -> bool:
        return super().has_scope(operation, identity) and (
            operation.id != "create_call" or EVERY_SCOPE in identity.scopes
        )


@fault("scope-opens", at="list_event_deliveries", depth=4)
class OneOfTwoScopesOpens(Faulty):
    """list_event_deliveries accepts only the first of its two scopes."""

    def has_scope(self, operation: Operation, identity: Identity) -> bool:
        if operation.id == "list_event_deliveries":
            return bool({EVERY_SCOPE, operation.scopes[0]} & identity.scopes)
        return super().has_scope(operation, identity)


@fault("scope-opens", at="list_messages list_conversations", depth=4)
class MessagesWantAgents(Faulty):
    """list_messages and list_conversations also require the scope agents:read."""

    def has_scope(self, operation: Operation, identity: Identity) -> bool:
        allowed = super().has_scope(operation, identity)
        beside = bool({EVERY_SCOPE, "agents:read"} & identity.scopes)
        return allowed and (beside or operation.id not in ("list_messages", "list_conversations"))


# --- secrets in answers ---


@fault("key-secret", at="read_agent", by="plain-read", depth=3)
class KeyInAnAgent(Faulty):
    """read_agent shows the key that the request carried."""

    def succeed(self, context: Context, body: Any) -> Reply:
        if is_for(context, "read_agent"):
            body = {**body, "debug": {"key": context.request.header("authorization")}}
        return super().succeed(context, body)


@fault("key-secret", at="list_calls", by="walk", depth=3)
class SomebodyElsesKeyInCalls(Faulty):
    """list_calls shows the live key of another customer in every item."""

    def succeed(self, context: Context, body: Any) -> Reply:
        if is_for(context, "list_calls"):
            calls = [{**call, "via": "kc_live_qT7wE2rZ9uI4oP6aS1dF"} for call in body["calls"]]
            body = {**body, "calls": calls}
        return super().succeed(context, body)


@fault("key-header", at="poll_lead_created", depth=4)
class NothingAfterTheScheme(Faulty):
    """poll_lead_created treats a header with only the scheme as the main key."""

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        bare = (request.header("authorization") or "").strip() == "Bearer"
        if bare and operation.id == "poll_lead_created":
            return Identity("", "", self.main_tenant(), frozenset({"*"}))
        return super().authenticate(operation, request)


@fault(
    "key-header",
    at="read_recording read_analytics_calls read_health update_sms_prompt replay_event",
    depth=3,
)
class UndefinedIsSomebody(Faulty):
    """The key undefined, which broken clients send, opens a demo account."""

    def known_key(self, key: str) -> Identity | None:
        if key == "undefined":
            return Identity(
                "demo", key, str(self.store.note("tenant:main")), frozenset({EVERY_SCOPE})
            )
        return super().known_key(key)


@fault(
    "status-401 code-unauthorized",
    at="read_analytics_dashboard assign_phone_number backfill_events",
    depth=4,
)
class TestKeyInAnyCase(Faulty):
    """The second half of a test key is compared without regard to case."""

    def known_key(self, key: str) -> Identity | None:
        known = super().known_key(key)
        if known is None and key.startswith("kc_test_"):
            half = len(key) // 2
            return super().known_key(key[:half] + key[half:].swapcase())
        return known


@fault("key-secret", at="rotate_webhook_secret", depth=5)
class RotatedOnce(Faulty):
    """rotate_webhook_secret issues the same new secret each time."""

    @cached_property
    def rotated(self) -> dict[str, str]:
        """The secret of each webhook after the first rotation, by its id."""
        return {}

    def act(self, context: Context) -> Reply:
        reply = super().act(context)
        if is_for(context, "rotate_webhook_secret") and reply.status < 300:
            secret = reply.body["webhook_secret"]
            reply.body["webhook_secret"] = self.rotated.setdefault(reply.body["id"], secret)
        return reply


class SecretsKept(Faulty):
    """The server keeps the secrets of webhooks as they were issued."""

    @cached_property
    def secret_of(self) -> dict[str, str]:
        """The secret of each new webhook, by its id."""
        return {}

    def succeed(self, context: Context, body: Any) -> Reply:
        if is_for(context, "create_webhook"):
            self.secret_of[body["id"]] = body["webhook_secret"]
        return super().succeed(context, body)


@fault("key-secret", at="update_webhook create_webhook", by="update", depth=3)
class SecretAgain(SecretsKept):
    """update_webhook shows the secret that create_webhook issued."""

    def succeed(self, context: Context, body: Any) -> Reply:
        if is_for(context, "update_webhook") and body["id"] in self.secret_of:
            body = {**body, "webhook_secret": self.secret_of[body["id"]]}
        return super().succeed(context, body)


@fault("key-secret", by=ERRORS, depth=3)
class HeadersInErrors(Faulty):
    """Every error shows the headers of the request, and so the key."""

    def refused(self, request: Request, refusal: Any) -> Reply:
        reply = super().refused(request, refusal)
        reply.body["error"]["headers"] = {"authorization": request.header("authorization")}
        return reply
