"""Faults of work on an object: it reaches other members, or other objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from conformance.server.messages import Context, Reply
from conformance.server.store import Page, Row
from tests.faults.base import Entry, Faulty, fault, faults_of, is_for


@dataclass(frozen=True)
class Work(Entry):
    """The kind of an object, and the members that work on it changes as well.

    Every object of the kind in the business gets the value of the member ``shared``.
    """

    kind: str
    _: KW_ONLY
    breaks: str = "changed-resource"
    depth: int = 4
    members: Mapping[str, Any] = field(default_factory=dict)
    shared: str = ""


def goes_too_far(entry: Work) -> type[Faulty]:
    """The reference server, where one operation on an object does more than it should."""

    class GoesTooFar(Faulty):
        def act(self, context: Context) -> Reply:
            reply = super().act(context)
            name = context.values.get("id") or context.values.get("agent_id")
            is_here = is_for(context, entry.here)
            row = self.store.get(entry.kind, str(name)) if is_here else None
            if row is not None and reply.status == 200:
                self.store.change(row, dict(entry.members))
                self.spread(row)
            return reply

        def spread(self, row: Row) -> None:
            """Give the shared member of an object to every object of its kind and business."""
            member = entry.shared
            for each in self.store.page(Page(row.kind, row.tenant, 1_000)) if member else ():
                self.store.change(each, {member: row.document[member]})

    return GoesTooFar


WORK = {
    "update_sms_prompt clears the first message of the agent.": Work(
        "greeting-reset", "agent", members={"first_message": None}, at="update_sms_prompt",
        depth=5),
    "rotate_webhook_secret switches the webhook off.": Work(
        "switched-off-with-the-secret", "webhook", members={"is_active": False},
        at="rotate_webhook_secret"),
    "rotate_webhook_secret clears the description of the webhook.": Work(
        "description-lost-with-the-secret", "webhook", members={"description": None},
        at="rotate_webhook_secret", depth=5),
    "act_on_workspace clears the metadata of the workspace.": Work(
        "metadata-lost-by-pausing", "workspace", members={"metadata": None}, at="act_on_workspace",
        depth=5),
    "act_on_workspace acts on every workspace of the business.": Work(
        "all-workspaces-paused", "workspace", shared="lifecycle_state", at="act_on_workspace"),
    "change_communication_run changes every run of the business.": Work(
        "all-runs-paused", "communication_run", shared="status", at="change_communication_run"),
}  # fmt: skip

faults_of(goes_too_far, __name__, WORK)


@fault("changed-resource", at="act_on_workspace", depth=4)
class PauseOnlySaid(Faulty):
    """act_on_workspace confirms that a workspace is paused, but leaves it active."""

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


@fault("changed-resource", at="change_communication_run", by="work-on-object", depth=4)
class CancellationNotKept(Faulty):
    """change_communication_run confirms that a run is cancelled, but does not apply it."""

    def act(self, context: Context) -> Reply:
        if is_for(context, "change_communication_run") and context.values["action"] == "cancel":
            row = self.selected(context)
            reply = super().act(context)
            self.store.change(row, row.document)
            return reply
        return super().act(context)
