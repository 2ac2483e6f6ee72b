"""Faults of what a creation stores and returns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from conformance.model import Operation, Parameter
from conformance.server.messages import Context, Reply, Request
from conformance.server.store import Page, Row
from tests.faults.base import Faulty, OldestFirst, fault, is_for
from tests.faults.shared import LatestSender, body_of

# --- objects that are not there, or not alone ---


class NotStored(Faulty):
    """The reference server, which confirms new objects of a kind, but does not store them."""

    unstored = ""

    def add(
        self, kind: str, tenant: str, document: Mapping[str, Any], identifier: str | None = None
    ) -> Row:
        row = super().add(kind, tenant, document, identifier)
        if kind == self.unstored:
            self.store.remove(row)
        return row


@fault(
    "created-resource",
    also="status-200 changed-resource",
    at="create_agent update_agent update_sms_prompt",
)
class AgentNotStored(NotStored):
    """create_agent confirms an agent that it does not store."""

    unstored = "agent"


@fault("created-resource", at="create_call", depth=2)
class CallNotStored(NotStored):
    """create_call confirms a call that it does not store."""

    unstored = "call"


@fault("created-resource", at="run_eval read_eval_run", depth=4)
class EvalRunNotStored(NotStored):
    """run_eval returns a run with an id, but does not store it."""

    unstored = "eval_run"


@fault(
    "created-resource",
    also="status-200 changed-resource",
    at="create_agent update_agent update_sms_prompt",
    depth=3,
)
class AnotherIdAnnounced(Faulty):
    """create_agent returns an id that is not that of the new agent."""

    def act_create(self, context: Context) -> Reply:
        reply = super().act_create(context)
        if context.operation.id == "create_agent":
            return Reply(reply.status, {**reply.body, "id": self.new_id("announced")})
        return reply


@fault("created-resource", at="create_eval", depth=5)
class IdOfTheClient(Faulty):
    """create_eval returns the id that the request names."""

    def succeed(self, context: Context, body: Any) -> Reply:
        named = body_of(context.request).get("id") if is_for(context, "create_eval") else None
        return super().succeed(context, {**body, "id": named} if named else body)


@fault("created-resource", at="create_workspace", depth=4)
class WorkspaceMadeTwice(Faulty):
    """create_workspace creates two workspaces."""

    def act_create(self, context: Context) -> Reply:
        if is_for(context, "create_workspace"):
            self.add("workspace", self.own_tenant(context), self.document(context, "workspace"))
        return super().act_create(context)


@fault(
    "created-resource",
    also="status-200 changed-resource deleted-resource",
    at="create_eval update_eval delete_eval",
    depth=4,
)
class EvalReplaced(Faulty):
    """A second eval of the same agent replaces the first and takes its id."""

    def add(
        self, kind: str, tenant: str, document: Mapping[str, Any], identifier: str | None = None
    ) -> Row:
        rows = self.store.page(Page("eval", tenant, 1)) if kind == "eval" else []
        if (
            rows
            and rows[0].document.get("agent_id") == document.get("agent_id")
            and rows[0].position > "2026-05"
        ):
            self.store.remove(rows[0])
            identifier = rows[0].id
        return super().add(kind, tenant, document, identifier)


@fault(
    "created-resource",
    also="changed-resource business-object reference-known business-inside",
    at="create_agent create_lead",
    by="overlapping-creations",
    depth=5,
)
class MadeForOverlappingRequest(LatestSender):
    """Overlapping requests create agents and leads for the latest sender."""

    slow = ("create_agent", "create_lead")

    def check_tenant(self, parameter: Parameter, value: str, context: Context) -> None:
        if not is_for(context, *self.slow):  # the right key was checked before
            super().check_tenant(parameter, value, context)


# --- values that are not kept ---


@fault("created-resource", at="create_call", depth=3)
class CallByAnotherAgent(Faulty):
    """create_call places the call with another agent of the business."""

    def document(self, context: Context, kind: str) -> dict[str, Any]:
        document = super().document(context, kind)
        if kind != "call":
            return document
        agents = self.store.page(Page("agent", self.own_tenant(context), 2))
        other = next(agent for agent in agents if agent.id != document["agent_id"])
        return {**document, "agent_id": other.id}


# --- positions ------------------------------------------------------------------------------------


@fault("created-at", at="create_agent", by="creation", depth=4)
class CreatedAtInLocalTime(Faulty):
    """create_agent returns a created_at that is two hours off."""

    def succeed(self, context: Context, body: Any) -> Reply:
        if is_for(context, "create_agent"):
            hours = timedelta(hours=2)
            moment = datetime.fromisoformat(body["created_at"]) + hours
            body = {**body, "created_at": moment.isoformat()}
        return super().succeed(context, body)


@fault(
    "created-at",
    at="create_lead",
    by="counted-creation",
    depth=4,
)
class NewLeadIsOld(Faulty):
    """create_lead dates each new lead some seconds before the previous one."""

    _made = 0

    def new_moment(self, kind: str, tenant: str) -> int:
        moment = super().new_moment(kind, tenant)
        if kind != "lead":
            return moment
        self._made += 1
        return moment - 30_000_000 * self._made


@fault("created-resource", at="create_call", depth=4)
class CallWithAnotherLead(Faulty):
    """create_call stores a different lead than the one it is given."""

    def document(self, context: Context, kind: str) -> dict[str, Any]:
        whole = super().document(context, kind)
        if not is_for(context, "create_call") or "lead_id" not in context.values:
            return whole
        leads = self.store.page(Page("lead", self.tenant_of(context.identity), 2))
        return {**whole, "lead_id": next(row.id for row in leads if row.id != whole["lead_id"])}


@fault("created-resource", also="changed-resource", at="create_webhook update_webhook", depth=4)
class QueryOfUrlCut(Faulty):
    """list_webhooks shows the URLs without their queries."""

    def render_item(self, operation: Operation, row: Row) -> dict[str, Any]:
        item = super().render_item(operation, row)
        cut = operation.kind == "webhook" and "url" in item
        return {**item, "url": item["url"].partition("?")[0]} if cut else item


@fault("created-resource", also="paging-complete", at="create_lead list_leads read_lead", depth=5)
class NewLeadsNeverListed(OldestFirst):
    """With lists from oldest to newest, list_leads lacks all leads that are created."""

    @cached_property
    def newest_seeded(self) -> str:
        """The sort key of the newest lead that existed at the first request."""
        (newest,) = self.store.page(Page("lead", None, 1))
        return newest.sort

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        assert self.newest_seeded  # it is read before the first creation
        return super().answer(request)

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        rows = super().rows_of(context, limit)
        if not is_for(context, "list_leads"):
            return rows
        return [row for row in rows if row.sort <= self.newest_seeded]
