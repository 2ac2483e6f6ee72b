"""Faults of work on an object: it reaches other members, or other objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.server.messages import Context, Reply
from conformance.server.store import Page, Row
from tests.faults.base import Faulty, fault, is_for


class GoesTooFar(Faulty):
    """The reference server, where one operation on an object does more than it should."""

    here, kind, member = "", "", ""

    def act(self, context: Context) -> Reply:
        reply = super().act(context)
        name = context.values.get("id") or context.values.get("agent_id")
        row = self.store.get(self.kind, str(name)) if is_for(context, self.here) else None
        if row is not None and reply.status == 200:
            self.go_on(row)
        return reply

    def go_on(self, row: Row) -> None:
        """What the operation does once its work on an object is done."""
        raise NotImplementedError


class WorkResets(GoesTooFar):
    """The same, and it clears a member that it does not name."""

    def go_on(self, row: Row) -> None:
        self.store.change(row, {self.member: None})


@fault("changed-resource", at="update_sms_prompt", depth=5)
class GreetingReset(WorkResets):
    """update_sms_prompt clears the first message of the agent."""

    here, kind, member = "update_sms_prompt", "agent", "first_message"


@fault("changed-resource", at="rotate_webhook_secret", depth=4)
class SwitchedOffWithTheSecret(GoesTooFar):
    """rotate_webhook_secret switches the webhook off."""

    here, kind = "rotate_webhook_secret", "webhook"

    def go_on(self, row: Row) -> None:
        self.store.change(row, {"is_active": False})


@fault("changed-resource", at="rotate_webhook_secret", depth=5)
class DescriptionLostWithTheSecret(WorkResets):
    """rotate_webhook_secret clears the description of the webhook."""

    here, kind, member = "rotate_webhook_secret", "webhook", "description"


@fault("changed-resource", at="act_on_workspace", depth=5)
class MetadataLostByPausing(WorkResets):
    """act_on_workspace clears the metadata of the workspace."""

    here, kind, member = "act_on_workspace", "workspace", "metadata"


class WorksOnAll(GoesTooFar):
    """The same, and it puts each object of the business into the state of this one."""

    def go_on(self, row: Row) -> None:
        for each in self.store.page(Page(self.kind, row.tenant, 1_000)):
            self.store.change(each, {self.member: row.document[self.member]})


@fault("changed-resource", at="act_on_workspace", depth=4)
class AllWorkspacesPaused(WorksOnAll):
    """act_on_workspace does it to every workspace of the business."""

    here, kind, member = "act_on_workspace", "workspace", "lifecycle_state"


@fault("changed-resource", at="change_communication_run", depth=4)
class AllRunsPaused(WorksOnAll):
    """change_communication_run does it to every run of the business."""

    here, kind, member = "change_communication_run", "communication_run", "status"


@fault("changed-resource", at="act_on_workspace", depth=4)
class PauseOnlySaid(Faulty):
    """act_on_workspace reports that a workspace is paused, and leaves it active."""

    def add(
        self, kind: str, tenant: str, document: Mapping[str, Any], identifier: str | None = None
    ) -> Row:
        state = {"lifecycle_state": "active"} if kind == "workspace" else {}
        return super().add(kind, tenant, {**document, **state}, identifier)

    def act(self, context: Context) -> Reply:
        reply = super().act(context)
        if is_for(context, "act_on_workspace") and reply.status == 200:
            self.store.change(self.selected(context), {"lifecycle_state": "active"})
        return reply
