"""Faults of access: keys, scopes, businesses."""

from __future__ import annotations

from typing import Any

from conformance.model import Operation, Parameter
from conformance.server import seeding
from conformance.server.access import ALL
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.store import Identity, Row
from tests.faults.base import Faulty, fault

NARROWED = (
    "list_events list_phone_numbers list_webhooks list_event_deliveries list_communication_runs "
    "poll_lead_created poll_call_completed"
)
"""Lists that a strong source narrows to a business."""

# --- keys ---


@fault("code-unauthorized", at="list_agents")
class AgentsWithoutKey(Faulty):
    """Agents are listed without a key."""

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        if operation.id == "list_agents" and request.header("authorization") is None:
            return seeding.identities(self.contract, self.seed)["full"]
        return super().authenticate(operation, request)


@fault("code-unauthorized")
class ForbiddenForMissingKey(Faulty):
    """A request without a key gets 403."""

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        if operation.keyed and request.header("authorization") is None:
            raise Refusal("forbidden")
        return super().authenticate(operation, request)


@fault("code-unauthorized status-401", also="key-header")
class ForbiddenForInvalidKey(Faulty):
    """A key that is not known gets 403."""

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        key = self.parse_key(request)
        if operation.keyed and key and self.known_key(key) is None:
            raise Refusal("forbidden")
        return super().authenticate(operation, request)


class Lenient(Faulty):
    """The reference server with a handle for keys that are taken for a known one."""

    def alike(self, given: str, known: str) -> bool:
        """Whether a key is taken for another."""
        return given == known

    def known_key(self, key: str) -> Identity | None:
        known = seeding.identities(self.contract, self.seed).values()
        return next((i for i in known if self.alike(key, i.key)), None)


@fault(
    "code-unauthorized status-401",
    also="key-header key-expired key-revoked status-403 scope-required code-forbidden status-200 business-rows"
    " business-object business-empty refused-unchanged",
)
class PrefixIsEnough(Lenient):
    """A key that begins as keys do is taken for a known one."""

    def alike(self, given: str, known: str) -> bool:
        return given[:8] == known[:8]


@fault("code-unauthorized status-401", depth=2)
class HalfOfKeyCompared(Lenient):
    """The first twenty characters of a key are compared."""

    def alike(self, given: str, known: str) -> bool:
        return given[:20] == known[:20]


@fault("code-unauthorized status-401", depth=3)
class KeyInAnyCase(Lenient):
    """Keys are compared without case."""

    def alike(self, given: str, known: str) -> bool:
        return given.lower() == known.lower()


@fault("code-unauthorized status-401", depth=3)
class KeyCutToLength(Lenient):
    """What follows a key is cut off."""

    def alike(self, given: str, known: str) -> bool:
        return given[: len(known)] == known


@fault(
    "code-unauthorized status-401",
    also="key-header key-expired key-revoked",
    at="update_agent",
    depth=3,
)
class UpdateWithAnyKey(Faulty):
    """Agents are updated with a key that nobody was given."""

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        try:
            return super().authenticate(operation, request)
        except Refusal:
            if operation.id == "update_agent" and request.header("authorization"):
                return seeding.identities(self.contract, self.seed)["full"]
            raise


@fault("key-revoked status-401")
class RevokedKeyTaken(Faulty):
    """A revoked key opens."""

    def is_revoked(self, identity: Identity) -> bool:
        return False


@fault("key-expired status-401")
class ExpiredKeyTaken(Faulty):
    """An expired key opens."""

    def is_expired(self, identity: Identity) -> bool:
        return False


@fault("key-expired status-401", at="read_call", depth=2)
class ExpiredKeyReadsCalls(Faulty):
    """An expired key reads a call."""

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        key = self.parse_key(request)
        identity = self.known_key(key) if key else None
        if operation.id == "read_call" and identity is not None and self.is_expired(identity):
            return identity
        return super().authenticate(operation, request)


@fault("key-expired status-401", depth=2)
class ForbiddenForExpiredKey(Faulty):
    """An expired key gets 403."""

    def is_expired(self, identity: Identity) -> bool:
        if super().is_expired(identity):
            raise Refusal("forbidden")
        return False


@fault("key-prefixes", depth=2)
class TestKeysRefused(Faulty):
    """Keys that start with kc_test_ are refused."""

    __test__ = False

    def known_key(self, key: str) -> Identity | None:
        return None if key.startswith("kc_test_") else super().known_key(key)


@fault("key-header", depth=2)
class BasicTaken(Faulty):
    """A key is taken after Basic, too."""

    def parse_key(self, request: Request) -> str | None:
        scheme, _, key = (request.header("authorization") or "").partition(" ")
        return key if scheme.lower() in ("bearer", "basic") else None


@fault("key-header", depth=3)
class AnySchemeTaken(Faulty):
    """Whatever stands before the key is ignored."""

    def parse_key(self, request: Request) -> str | None:
        return (request.header("authorization") or "").rpartition(" ")[2]


# --- scopes ---


@fault("scope-required status-403 code-forbidden", at="update_agent", depth=2)
class UpdateWithoutScope(Faulty):
    """An agent is updated without the scope."""

    def has_scope(self, operation: Operation, identity: Identity) -> bool:
        return operation.id == "update_agent" or super().has_scope(operation, identity)


@fault("scope-required status-403 code-forbidden", at="read_agent", depth=2)
class ReadAgentWithoutScope(Faulty):
    """An agent is read without the scope, though agents are listed only with it."""

    def has_scope(self, operation: Operation, identity: Identity) -> bool:
        return operation.id == "read_agent" or super().has_scope(operation, identity)


@fault("scope-required status-403 code-forbidden", depth=2)
class AnyScopeOpens(Faulty):
    """A key with any scope at all opens everything."""

    def has_scope(self, operation: Operation, identity: Identity) -> bool:
        return not operation.scopes or bool(identity.scopes)


@fault("scope-required status-403 code-forbidden", depth=2)
class ReadScopeWrites(Faulty):
    """A scope that reads a resource also writes it."""

    def has_scope(self, operation: Operation, identity: Identity) -> bool:
        reading = {scope.replace(":write", ":read") for scope in operation.scopes}
        return super().has_scope(operation, identity) or bool(reading & identity.scopes)


@fault("scope-required status-403 code-forbidden", at="create_call", depth=3)
class AgentScopePlacesCalls(Faulty):
    """A key that may write agents places calls."""

    def has_scope(self, operation: Operation, identity: Identity) -> bool:
        return super().has_scope(operation, identity) or (
            operation.id == "create_call" and "agents:write" in identity.scopes
        )


@fault("scope-opens", also="status-201", at="create_call", depth=2)
class OnlyAllScopesPlaceCalls(Faulty):
    """A call is placed only by a key with every scope."""

    def has_scope(self, operation: Operation, identity: Identity) -> bool:
        return super().has_scope(operation, identity) and (
            operation.id != "create_call" or ALL in identity.scopes
        )


@fault("scope-required status-403 code-forbidden", depth=2)
class NotFoundForScope(Faulty):
    """A key without the scope gets 404."""

    def authorise(self, operation: Operation, identity: Identity | None) -> None:
        if identity is not None and not self.has_scope(operation, identity):
            raise Refusal("not_found")


@fault("scope-required status-403 code-forbidden", depth=3)
class EmptyListForScope(Faulty):
    """A list without the scope is empty instead of refused."""

    def authorise(self, operation: Operation, identity: Identity | None) -> None:
        if operation.paging is None:
            super().authorise(operation, identity)

    def act_list(self, context: Context) -> Reply:
        if context.identity and not self.has_scope(context.operation, context.identity):
            return self.succeed(context, self.render_page(context, [], False))
        return super().act_list(context)


# --- businesses ---


@fault("business-object", at="read_agent")
class ForeignAgentRead(Faulty):
    """An agent of another business is read."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        if kind == "agent" and context.operation.id == "read_agent":
            return self.store.get(kind, identifier)
        return super().find(kind, identifier, context)


@fault("business-object", at="read_call", depth=2)
class ForeignCallRead(Faulty):
    """A call of another business is read."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        return (
            self.store.get(kind, identifier)
            if kind == "call"
            else super().find(kind, identifier, context)
        )


@fault("business-object", at="update_agent", depth=4)
class ForeignAgentWritten(Faulty):
    """An agent of another business is changed, though the answer is 404."""

    def act_update(self, context: Context) -> Reply:
        row = self.store.get("agent", str(context.values.get("id")))
        if row is not None:
            self.store.change(row, self.changes(context))
        return super().act_update(context)


@fault("business-object", at="create_agent", depth=2)
class AgentInForeignBusiness(Faulty):
    """An agent is created in another business."""

    def check_tenant(self, parameter: Parameter, value: str, context: Context) -> None:
        if context.operation.id != "create_agent":
            super().check_tenant(parameter, value, context)

    def own_tenant(self, context: Context) -> str:
        return str(context.values.get("business_id") or super().own_tenant(context))


@fault("business-object", at="create_agent", depth=4)
class AgentInForeignBusinessInSecret(Faulty):
    """An agent is created in another business, though the answer is 403."""

    def check_tenant(self, parameter: Parameter, value: str, context: Context) -> None:
        if context.operation.id == "create_agent" and not self.may_reach(value, context.identity):
            self.add("agent", value, self.document(context, "agent"))
        super().check_tenant(parameter, value, context)


@fault("business-object", at="create_call", depth=4)
class CallByForeignAgent(Faulty):
    """A call is placed by an agent of another business."""

    def check_reference(self, parameter: Parameter, value: Any, context: Context) -> None:
        if (
            context.operation.id != "create_call"
            or self.store.get(parameter.references or "", str(value)) is None
        ):
            super().check_reference(parameter, value, context)


@fault("business-object", depth=3)
class BadRequestForForeign(Faulty):
    """An object of another business gets 400."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        row = self.store.get(kind, identifier)
        if row is not None and not self.may_reach(row.tenant, context.identity):
            raise Refusal("invalid_parameter")
        return row


@fault(
    "business-rows",
    also="paging-filter-kept business-filter business-empty status-200 business-object",
)
class RowsOfAll(Faulty):
    """Lists show the objects of every business."""

    def list_tenant(self, context: Context) -> str | None:
        return None


@fault("business-rows", also="business-empty", at="list_agents", depth=2)
class AgentsOfAll(Faulty):
    """The list of agents shows those of every business."""

    def list_tenant(self, context: Context) -> str | None:
        return None if context.operation.id == "list_agents" else super().list_tenant(context)


@fault(
    "business-rows",
    also="paging-complete paging-precision has-more-false paging-filter-kept business-filter",
    depth=4,
)
class RowsOfAllOnLaterPages(Faulty):
    """Later pages show the objects of every business."""

    def list_tenant(self, context: Context) -> str | None:
        return None if context.values.get("after") else super().list_tenant(context)


@fault(
    "business-rows",
    also="business-filter paging-complete paging-filter-kept business-rows",
    depth=4,
)
class RowsOfAllWithFilter(Faulty):
    """The list of calls by status shows those of every business."""

    def list_tenant(self, context: Context) -> str | None:
        return None if "status" in context.values else super().list_tenant(context)


@fault("business-filter", also="business-rows", depth=2)
class ForeignBusinessListed(Faulty):
    """The calls of another business are listed by its id."""

    def check_tenant(self, parameter: Parameter, value: str, context: Context) -> None:
        if context.operation.action != "list":
            super().check_tenant(parameter, value, context)

    def list_tenant(self, context: Context) -> str | None:
        return str(context.values.get("business_id") or super().list_tenant(context))


@fault(
    "business-filter",
    at=NARROWED,
    depth=3,
)
class ForeignBusinessIgnored(Faulty):
    """The id of another business is ignored as a filter: the events of the own one come."""

    def check_tenant(self, parameter: Parameter, value: str, context: Context) -> None:
        if context.operation.action != "list":
            super().check_tenant(parameter, value, context)


@fault("business-filter", also="business-rows", depth=3)
class ForeignAgentListed(Faulty):
    """The calls of an agent of another business are listed by its id."""

    def list_tenant(self, context: Context) -> str | None:
        return None if "agent_id" in context.values else super().list_tenant(context)


@fault("business-object", at="update_agent", depth=3)
class AgentMovedToOwnBusiness(Faulty):
    """An agent of another business is updated, and the change is confirmed."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        if context.operation.id == "update_agent":
            return self.store.get(kind, identifier)
        return super().find(kind, identifier, context)
