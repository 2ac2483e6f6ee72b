"""Deep faults of what requests share, of other spellings and disguises, and pairs of faults that hide each other."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from conformance.model import Operation, Parameter, Payment
from conformance.server import seeding
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.moments import sort_key
from conformance.server.store import Filter, Identity, Row
from conformance.values import instant
from tests.faults.base import fault
from tests.faults.deep_places import Deep, later, meant

# --- overlapping requests ---


class Shared(Deep):
    """The reference server, but who sends a request is kept where other requests find it, too."""

    slow: tuple[str, ...] = ()
    last: Identity | None = None

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        self.last = super().authenticate(operation, request)
        if operation.id in self.slow and not request.query_text:
            time.sleep(0.003)  # what takes a moment lets another request in
            return self.last
        return self.last


@fault("business-rows", at="list_calls list_agents", by="overlapping-lists", depth=5)
class KeyOfOverlappingRequest(Shared):
    """Calls and agents are listed for whoever sent the latest request."""

    slow = ("list_calls", "list_agents")


@fault(
    "created-resource",
    also="changed-resource business-object",
    at="create_agent create_lead",
    by="overlapping-creations",
    depth=5,
)
class MadeForOverlappingRequest(Shared):
    """An agent or a lead is made in the business of whoever sent the latest request."""

    slow = ("create_agent", "create_lead")

    def check_tenant(self, parameter: Parameter, value: str, context: Context) -> None:
        if not meant(
            context, *self.slow
        ):  # there it was checked for the right key, and then the wrong one is taken
            super().check_tenant(parameter, value, context)


@fault(
    "paging-complete",
    also="paging-precision",
    at="list_agents list_webhooks list_evals",
    by="mixed-walk",
    depth=5,
)
class ChangeShiftsPages(Deep):
    """After a change of an object the next later page of its list lacks its first item."""

    shifted = False

    def act_update(self, context: Context) -> Reply:
        self.shifted = True
        return super().act_update(context)

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        if not (
            self.shifted
            and later(context)
            and meant(context, "list_agents", "list_webhooks", "list_evals")
        ):
            return super().rows_of(context, limit)
        self.shifted = False
        return super().rows_of(context, limit + 1)[1:]


# --- spellings and disguises ---


@fault("code-unauthorized", depth=4)
class SlashOpensLists(Deep):
    """A path with a slash at its end is the same path, and nobody asks for a key there."""

    def local_path(self, request: Request) -> str | None:
        path = super().local_path(request)
        return path.rstrip("/") if path else path

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        if (
            request.path.endswith("/")
            and request.header("authorization") is None
            and operation.keyed
        ):
            return seeding.identities(self.contract, self.seed)["full"]
        return super().authenticate(operation, request)


@fault("signup-limit", at="sign_up", depth=4)
class SlashCountsAnew(Deep):
    """A path with a slash at its end is the same path, and its requests are counted by themselves."""

    def local_path(self, request: Request) -> str | None:
        path = super().local_path(request)
        return path.rstrip("/") if path else path

    def rate_address(self, request: Request) -> str:
        return f"{request.address} {request.path}"


@fault("signup-limit", at="sign_up", depth=4)
class RequestedByClient(Deep):
    """Sign-ups are counted by the address that X-Client-IP names."""

    def rate_address(self, request: Request) -> str:
        return request.header("x-client-ip") or request.address


@fault("key-header", depth=4)
class KeyInQuery(Deep):
    """A key in the query is as good as one in the header."""

    def parse_key(self, request: Request) -> str | None:
        return super().parse_key(request) or request.query.get("api_key")


@fault("refused-unchanged", depth=5)
class MethodOverridden(Deep):
    """X-HTTP-Method-Override replaces the method of a read, after the scope for the read was checked."""

    def dispatch(self, request: Request) -> Reply:
        told = request.header("x-http-method-override")
        if request.method != "GET" or not told:
            return super().dispatch(request)
        operation, in_path = self.route(replace(request, method=told))
        context = Context(
            operation,
            request,
            self.authenticate(operation, request),
            self.take_in(operation, request, in_path),
        )
        self.check_references(context)
        return self.act(context)


@fault("envelope-unrouted", at="*", depth=4)
class BrokenPercentInPathFails(Deep):
    """A path with a broken percent sign is answered by what serves static files."""

    def find_route(self, request: Request) -> tuple[list[Operation], dict[str, str]] | None:
        found = super().find_route(request)
        if found is None and ("%" in request.path or "\ufffd" in request.path):
            raise Refusal("internal")
        return found


@fault("status-no-5xx-for-mistakes", at="* list_calls", by="unknown-route", depth=5)
class BrokenPercentInQueryFails(Deep):
    """A query with a broken percent sign is a fault of the server."""

    def limit_of(self, context: Context) -> int:
        if "%z" in context.request.query_text.lower():
            raise UnicodeError
        return super().limit_of(context)


# --- payments ---


@fault("code-payment_required", at="sign_up", depth=3)
class PaidAndAskedAgain(Deep):
    """A sign-up that was paid for is asked for a payment again."""

    def is_paid(self, proof: str | None) -> bool:
        return False


@fault("code-payment_required", at="sign_up", depth=4)
class ProofInOldHeaderOnly(Deep):
    """The proof of a payment is read from X-PAYMENT alone."""

    def payment_proof(self, payment: Payment, request: Request) -> str | None:
        return request.header("x-payment")


# --- triggers ---


@fault("code-content_blocked", at="send_sms", depth=5)
class CapitalsGetThrough(Deep):
    """A text that is not let through is let through in capitals."""

    def check_triggers(self, context: Context) -> None:
        if not str(context.values.get("message", "")).isupper():
            super().check_triggers(context)


@fault("code-content_blocked", also="refused-unchanged", at="send_sms", depth=5)
class BlockedOnce(Deep):
    """A text that is not let through is let through when it comes again."""

    seen: frozenset[str] = frozenset()

    def check_triggers(self, context: Context) -> None:
        text = str(context.values.get("message", ""))
        if text not in self.seen or not meant(context, "send_sms"):
            self.seen |= {text}
            super().check_triggers(context)


@fault("code-number_on_dnc", at="create_call", depth=5)
class LeadsAreNeverOnLists(Deep):
    """A number on a Do Not Call list is called where a lead goes with it."""

    def check_triggers(self, context: Context) -> None:
        if "lead_id" not in context.values or not meant(context, "create_call"):
            super().check_triggers(context)


# --- pairs that hide each other ---


@fault("scope-required status-403 code-forbidden", at="list_leads", depth=4)
class ScopeSeesNothing(Deep):
    """Two mistakes: the scope for leads is not checked, and a key without it finds no rows, so that none ever leak."""

    def has_scope(self, operation: Operation, identity: Identity) -> bool:
        return operation.id == "list_leads" or super().has_scope(operation, identity)

    def filters_of(self, context: Context) -> tuple[Filter, ...]:
        unseen = meant(context, "list_leads") and context.identity is not None
        unseen = unseen and not super().has_scope(context.operation, context.identity)  # type: ignore[arg-type]
        return (Filter("id", ""),) if unseen else super().filters_of(context)


@fault("has-more-false", also="has-more-true", at="list_evals", depth=5)
class TwoAheadTwoWanted(Deep):
    """Two mistakes: two rows are read ahead, and more than one must be left for more to be told."""

    def look_ahead(self, limit: int) -> int:
        return limit + 2

    def has_more(self, rows: Sequence[Row], limit: int) -> bool:
        return len(rows) > limit + 1

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        if meant(context, "list_evals"):
            return super().rows_of(context, limit)
        rows = super().rows_of(context, limit)
        return rows if len(rows) != limit + 1 else [*rows, rows[-1]]


@fault(
    "paging-complete",
    also="paging-exclusive has-more-false has-more-true paging-order",
    at="list_workspaces",
    depth=5,
)
class ZonesIgnoredBothWays(Deep):
    """Two mistakes: workspaces are served with the time of a zone two hours ahead, and zones in cursors are not read."""

    def render_item(self, operation: Operation, row: Row) -> dict[str, object]:
        item = super().render_item(operation, row)
        if row.kind != "workspace":
            return item
        at = instant(row.position)
        return (
            {**item, "created_at": row.position.removesuffix("Z") + "+02:00"}
            if at is not None
            else item
        )

    def edge_of(self, context: Context) -> str | None:
        text = str(context.values.get("after") or "")
        if not meant(context, "list_workspaces") or instant(text) is None:
            return super().edge_of(context)
        naive = instant(text[:19] + text[19:].rstrip("Z").partition("+")[0].partition("-")[0] + "Z")
        return super().edge_of(context) if naive is None else sort_key(naive)


@fault("business-object", also="status-404 code-not_found read-resource", at="read_lead", depth=4)
class ForeignGetsOwn(Deep):
    """Two mistakes: a lead is read whoever owns it, and what is not the key's is exchanged for its own latest lead."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        row = super().find(kind, identifier, context)
        if row is None and meant(context, "read_lead") and self.store.get(kind, identifier):
            return next(iter(self.rows_by(context, 1, filters=())), None)
        return row
