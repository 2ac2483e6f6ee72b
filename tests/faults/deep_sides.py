"""Deep faults of one side only: of one key, in one direction, beside one parameter, or where nothing is asked for by name."""

from __future__ import annotations

import json
from typing import Any

from conformance.model import Operation, Parameter
from conformance.server import seeding
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.store import Filter, Identity, Row
from tests.faults.base import fault
from tests.faults.deep_places import Deep, asked, later, meant, narrowed
from tests.faults.deep_tenants import Borderless
from tests.faults.doors import Lenient


def body_of(request: Request) -> dict[str, Any]:
    """The members of a body, whether a document names them or not."""
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


# --- keys ---


class OneKeyBorderless(Borderless):
    """The reference server with a place where one key reaches every business."""

    by_key = ""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        own = context.identity is not None and context.identity.name == self.by_key
        return (
            super().find(kind, identifier, context)
            if own
            else super(Borderless, self).find(kind, identifier, context)
        )


@fault("business-object", at="read_lead", depth=5)
class OtherKeyReadsLeads(OneKeyBorderless):
    """The key of one other business reads the leads of all, and the main one does not."""

    open_at, by_key = ("read_lead",), "other"


@fault("business-object", at="update_eval", depth=5)
class OtherKeyChangesEvals(OneKeyBorderless):
    """The key of one other business changes the evals of all, and the main one does not."""

    open_at, by_key = ("update_eval",), "other"


@fault("business-object", at="read_agent", depth=5)
class EmptyKeyReadsAgents(OneKeyBorderless):
    """The key of a business that has nothing reads the agents of all."""

    open_at, by_key = ("read_agent",), "empty"


@fault("business-rows", at="list_evals", by="scope-opens", depth=5)
class ScopedKeysSeeAll(Deep):
    """A key with a single scope lists the evals of every business."""

    def list_tenant(self, context: Context) -> str | None:
        scoped = context.identity is not None and context.identity.name.endswith(":read")
        return None if scoped and meant(context, "list_evals") else super().list_tenant(context)


@fault("business-rows", at="list_transcripts", depth=5)
class ReadersSeeAll(Deep):
    """A key that only reads lists the transcripts of every business."""

    def list_tenant(self, context: Context) -> str | None:
        reader = context.identity is not None and context.identity.name == "read_only"
        return (
            None if reader and meant(context, "list_transcripts") else super().list_tenant(context)
        )


@fault("scope-required status-403 code-forbidden", at="list_evals", depth=5)
class LimitForScope(Deep):
    """Evals come without the scope where a limit is given."""

    def authorise(self, operation: Operation, identity: Identity | None) -> None:
        if operation.id != "list_evals":
            super().authorise(operation, identity)

    def act_list(self, context: Context) -> Reply:
        if meant(context, "list_evals") and not asked(context):
            super().authorise(context.operation, context.identity)
        return super().act_list(context)


@fault("code-unauthorized status-401", depth=4)
class DotsAfterKeys(Lenient):
    """Dots after a key are ignored."""

    def alike(self, given: str, known: str) -> bool:
        return given.rstrip(".") == known


@fault("code-unauthorized status-401", depth=5)
class KeysSoughtByPattern(Lenient):
    """A key is looked up with LIKE: a percent sign in it stands for anything."""

    def alike(self, given: str, known: str) -> bool:
        return known.startswith(given[:-1]) if given.endswith("%") else given == known


@fault("code-unauthorized status-401", depth=4)
class FourCharactersIgnored(Lenient):
    """Of a key, the four characters after its prefix are not compared."""

    def alike(self, given: str, known: str) -> bool:
        return (given[:8], given[12:]) == (known[:8], known[12:])


@fault("code-unauthorized", also="status-401", depth=5)
class NeighboursNeedNoKey(Deep):
    """Who says that the request comes from the machine itself needs no key."""

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        if self.parse_key(request) is None and request.header("x-forwarded-for") == "127.0.0.1":
            return seeding.identities(self.contract, self.seed)["full"]
        return super().authenticate(operation, request)


@fault("envelope-json", by="refused-key", depth=4)
class ErrorsForPeople(Deep):
    """An error is a page for people, for who takes anything."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return Reply(reply.status, b"<p>Error</p>") if request.header("accept") == "*/*" else reply


# --- businesses ---


@fault("business-rows", at="list_transcripts", depth=5)
class HeaderNamesBusiness(Deep):
    """Transcripts are those of the business that a header names."""

    def list_tenant(self, context: Context) -> str | None:
        named = (
            context.request.header("x-business-id") if meant(context, "list_transcripts") else None
        )
        return named or super().list_tenant(context)


@fault("business-rows", at="list_conversations", depth=5)
class QueryNamesBusiness(Deep):
    """Conversations are those of the business in the query, where no document names such a parameter."""

    def list_tenant(self, context: Context) -> str | None:
        named = (
            context.request.query.get("business_id")
            if meant(context, "list_conversations")
            else None
        )
        return named or super().list_tenant(context)


@fault("business-object", also="business-rows", at="create_workspace list_workspaces", depth=5)
class WorkspaceSaidToBeOfAnother(Deep):
    """A workspace shows the business that the body names, where no document names such a member."""

    def document(self, context: Context, kind: str) -> dict[str, Any]:
        named = (
            body_of(context.request).get("business_id")
            if meant(context, "create_workspace")
            else None
        )
        return super().document(context, kind) | ({"business_id": named} if named else {})


@fault("business-object", also="business-rows", at="update_lead list_leads read_lead", depth=5)
class LeadSaidToBeOfAnother(Deep):
    """A lead shows the business that a change of it names, where no document names such a member."""

    def changes(self, context: Context) -> dict[str, Any]:
        named = (
            body_of(context.request).get("business_id") if meant(context, "update_lead") else None
        )
        return super().changes(context) | ({"business_id": named} if named else {})


@fault("business-rows", at="sign_up", depth=4)
class AccountsShareBusiness(Deep):
    """Every account that is opened gets one and the same business."""

    def succeed(self, context: Context, body: Any) -> Reply:
        shared = {**body, "business_id": "business-of-all"} if meant(context, "sign_up") else body
        return super().succeed(context, shared)


# --- lists ---


@fault("has-more-false", at="list_calls", by="printed-sample", depth=5)
class NoneAfterTwentyFive(Deep):
    """After twenty-five calls has_more is false."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        return super().render_page(
            context, items, more and not (meant(context, "list_calls") and asked(context) == 25)
        )


@fault(
    "paging-exclusive",
    also="paging-supported paging-order",
    at="list_transcripts",
    by="walk-with-option",
    depth=5,
)
class DaysForCursor(Deep):
    """The cursor of transcripts is dropped where the days are given."""

    def edge_of(self, context: Context) -> str | None:
        dropped = meant(context, "list_transcripts") and narrowed(context, "days")
        return None if dropped else super().edge_of(context)


@fault("paging-complete", also="has-more-false", at="list_calls", by="filtered-walk", depth=4)
class UsualStateShowsNothing(Deep):
    """Of the calls with the usual state none is listed by it."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        usual = meant(context, "list_calls") and context.values.get("status") == "completed"
        return [] if usual else super().rows_of(context, limit)


@fault(
    "paging-complete",
    also="paging-exclusive paging-order paging-supported has-more-false",
    at="list_numbers",
    depth=5,
)
class AskedAgainGoesOn(Deep):
    """Numbers that are asked for twice in the same words are the next ones."""

    latest = ""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        rows = super().rows_of(context, limit)
        if not meant(context, "list_numbers") or later(context):
            return rows
        again, self.latest = self.latest == context.request.query_text, context.request.query_text
        return rows[1:] if again else rows


@fault("status-no-5xx-for-mistakes", at="list_event_deliveries", by="foreign-filter", depth=5)
class UnknownWebhookBreaks(Deep):
    """Deliveries to a webhook that nobody has are a fault of the server."""

    def filters_of(self, context: Context) -> tuple[Filter, ...]:
        sought = (
            context.values.get("webhook_id") if meant(context, "list_event_deliveries") else None
        )
        if sought is not None and self.store.get("webhook", str(sought)) is None:
            raise ValueError
        return super().filters_of(context)


@fault("status-no-5xx-for-mistakes", at="list_leads", by="unparsable-parameter", depth=5)
class EmptyWindowBreaks(Deep):
    """A window of leads that ends before it begins is a fault of the server."""

    def filters_of(self, context: Context) -> tuple[Filter, ...]:
        least, most = (str(context.values.get(f"created_{end}", "")) for end in ("after", "before"))
        if meant(context, "list_leads") and least and most and least > most:
            raise ValueError
        return super().filters_of(context)


# --- writes ---


@fault("status-no-5xx-for-mistakes", at="create_lead", by="refused-write", depth=5)
class LeadOfNobodyBreaks(Deep):
    """A lead of an agent that nobody has is a fault of the server."""

    def check_reference(self, parameter: Parameter, value: Any, context: Context) -> None:
        if (
            meant(context, "create_lead")
            and parameter.name == "agent_id"
            and self.store.get("agent", str(value)) is None
        ):
            raise ValueError
        super().check_reference(parameter, value, context)


@fault("refused-unchanged", at="create_lead", depth=5)
class LeadOfNobodyStored(Deep):
    """A lead of an agent that nobody has is refused, and stored."""

    def check_reference(self, parameter: Parameter, value: Any, context: Context) -> None:
        try:
            super().check_reference(parameter, value, context)
        except Refusal:
            if meant(context, "create_lead"):
                self.act_create(context)
            raise


@fault("refused-unchanged", at="update_eval", depth=5)
class NewestChangedForNone(Deep):
    """A change of an eval that says of which is refused, and the newest one is changed."""

    def take_in(self, operation: Operation, request: Request, in_path: Any) -> dict[str, Any]:
        body = body_of(request)
        if operation.id == "update_eval" and "id" not in body and isinstance(body.get("name"), str):
            rows = self.rows_by(
                Context(operation, request, None), 1, tenant=self.main_tenant(), filters=()
            )
            for row in rows:
                self.store.change(row, {"name": body["name"]})
        return super().take_in(operation, request, in_path)


@fault("created-resource", at="create_eval", depth=5)
class IdOfTheClient(Deep):
    """An eval is told to have the id that the request names, also one that there is."""

    def succeed(self, context: Context, body: Any) -> Reply:
        named = body_of(context.request).get("id") if meant(context, "create_eval") else None
        return super().succeed(context, {**body, "id": named} if named else body)


@fault("changed-resource", at="update_lead", depth=5)
class StateGoesBack(Deep):
    """A lead whose notes are changed is new again."""

    def changes(self, context: Context) -> dict[str, Any]:
        told = super().changes(context)
        return (
            told
            if not meant(context, "update_lead") or "status" in told
            else {**told, "status": "new"}
        )


@fault("changed-resource", at="update_eval", depth=5)
class SiblingsDescribed(Deep):
    """The description of one eval becomes that of all."""

    def act_update(self, context: Context) -> Reply:
        told = context.values.get("description") if meant(context, "update_eval") else None
        for row in self.rows_by(context, 1_000, filters=()) if told is not None else ():
            self.store.change(row, {"description": told})
        return super().act_update(context)
