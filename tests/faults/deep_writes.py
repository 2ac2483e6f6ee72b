"""Deep faults of what is written: members, ids, the wrong object, deletions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.moments import key_of, render
from conformance.server.store import Filter, Page, Row
from tests.faults.base import fault
from tests.faults.deep_places import Deep, meant

# --- creations ---


class Kept(Deep):
    """The reference server with a handle for what it keeps of a new object."""

    of = ""

    def keep(self, document: dict[str, Any]) -> dict[str, Any]:
        """What is stored."""
        return document

    def add(
        self, kind: str, tenant: str, document: Mapping[str, Any], identifier: str | None = None
    ) -> Row:
        kept = self.keep(dict(document)) if kind == self.of else document
        return super().add(kind, tenant, kept, identifier)


def _each_text(document: dict[str, Any], change: Any) -> dict[str, Any]:
    return {
        name: change(value) if isinstance(value, str) else value for name, value in document.items()
    }


@fault("created-resource", at="create_lead", depth=4)
class NotesOfLeadLost(Kept):
    """The notes of a new lead are lost."""

    of = "lead"

    def keep(self, document: dict[str, Any]) -> dict[str, Any]:
        return {**document, "notes": ""} if document.get("notes") else document


@fault("created-resource", at="create_lead", depth=5)
class AccentsOfLeadLost(Kept):
    """Letters with accents in a new lead become question marks."""

    of = "lead"

    def keep(self, document: dict[str, Any]) -> dict[str, Any]:
        return _each_text(document, lambda text: text.encode("ascii", "replace").decode())


@fault("created-resource", at="create_workspace", depth=5)
class EmojiOfWorkspaceLost(Kept):
    """Characters beyond the first plane are lost from a new workspace, as in databases of three bytes."""

    of = "workspace"

    def keep(self, document: dict[str, Any]) -> dict[str, Any]:
        return _each_text(
            document, lambda text: "".join(char for char in text if ord(char) < 0x10000)
        )


@fault("created-resource", at="create_eval", depth=5)
class MarkupEscaped(Kept):
    """An ampersand in a new eval is stored as markup writes it."""

    of = "eval"

    def keep(self, document: dict[str, Any]) -> dict[str, Any]:
        return _each_text(document, lambda text: text.replace("&", "&amp;"))


@fault("created-resource", at="create_agent", depth=5)
class BackslashEaten(Kept):
    """A backslash in a new agent is eaten."""

    of = "agent"

    def keep(self, document: dict[str, Any]) -> dict[str, Any]:
        return _each_text(document, lambda text: text.replace("\\", ""))


@fault("created-resource", at="create_workspace", depth=4)
class WorkspaceMadeTwice(Deep):
    """A new workspace is made twice."""

    def act_create(self, context: Context) -> Reply:
        if meant(context, "create_workspace"):
            self.add("workspace", self.own_tenant(context), self.document(context, "workspace"))
        return super().act_create(context)


@fault(
    "created-resource",
    also="status-200 changed-resource deleted-resource",
    at="create_eval update_eval delete_eval",
    depth=4,
)
class EvalReplaced(Deep):
    """A second eval of the same agent takes the id of the first, and its place."""

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


@fault("created-resource", at="create_webhook", depth=4)
class WebhookOfAnotherAddress(Kept):
    """The query of the address of a new webhook is cut off, and its path put in small letters."""

    of = "webhook"

    def keep(self, document: dict[str, Any]) -> dict[str, Any]:
        return {**document, "url": str(document.get("url", "")).rpartition("/")[0]}


@fault("created-resource", at="create_eval", depth=5)
class ScenarioTurnedAround(Kept):
    """Of the messages of a new eval only the first is kept, with its content in capitals."""

    of = "eval"

    def keep(self, document: dict[str, Any]) -> dict[str, Any]:
        messages = [
            {**one, "content": str(one.get("content")).upper()}
            for one in document.get("messages") or []
        ]
        return {**document, "messages": messages[:1]}


# --- changes ---


@fault("changed-resource", at="update_lead", depth=4)
class OtherMembersReset(Deep):
    """A change of a lead resets what it does not name."""

    def changes(self, context: Context) -> dict[str, Any]:
        made = super().changes(context)
        if not meant(context, "update_lead"):
            return made
        names = ("name", "first_name", "last_name", "email", "notes")
        return {**dict.fromkeys(names, ""), **made}


@fault("changed-resource", at="update_eval", depth=5)
class DescriptionReset(Deep):
    """A change of the name of an eval resets its description."""

    def changes(self, context: Context) -> dict[str, Any]:
        made = super().changes(context)
        return (
            {"description": None, **made}
            if meant(context, "update_eval") and "name" in made
            else made
        )


@fault("changed-resource", at="update_webhook", depth=4)
class NewestWebhookChanged(Deep):
    """A change goes to the newest webhook but one, whichever is named."""

    def selected(self, context: Context) -> Row:
        row = super().selected(context)
        if not meant(context, "update_webhook"):
            return row
        rows = self.store.page(Page("webhook", row.tenant, 2))
        return next((one for one in rows if one.id != row.id), row)


@fault("changed-resource", at="update_lead", depth=4)
class AllOfTheNameChanged(Deep):
    """A change of a lead is made to the newest twenty."""

    def act_update(self, context: Context) -> Reply:
        reply = super().act_update(context)
        if meant(context, "update_lead"):
            for row in self.store.page(Page("lead", self.own_tenant(context), 20)):
                self.store.change(row, self.changes(context))
        return reply


@fault("changed-resource", at="update_workspace", depth=5)
class ChangedIsNew(Deep):
    """A changed workspace moves to the head of its list: its created_at is that of the change."""

    def act_update(self, context: Context) -> Reply:
        if not meant(context, "update_workspace"):
            return super().act_update(context)
        row = self.store.change(self.selected(context), self.changes(context))
        moment = self.new_moment(row.kind, row.tenant)
        self.store.remove(row)
        moved = Row(row.kind, row.id, row.tenant, render(moment), key_of(moment), row.document)
        self.store.put([moved])
        return self.succeed(context, self.confirmation(context.operation, moved))


@fault("changed-resource", at="update_agent", depth=5)
class SecondChangeLost(Deep):
    """A change of an agent that has been changed since it was made is lost."""

    def changes(self, context: Context) -> dict[str, Any]:
        made = super().changes(context)
        place = f"changed:{context.values.get('id')}"
        if not meant(context, "update_agent") or not self.store.note(place):
            self.store.leave(place, 1)
            return made
        return {}


# --- deletions ---


@fault("deleted-resource", at="delete_webhook", depth=3)
class WebhookNotDeleted(Deep):
    """The deletion of a webhook is confirmed and not made."""

    def act_delete(self, context: Context) -> Reply:
        if meant(context, "delete_webhook"):
            return self.succeed(
                context, self.confirmation(context.operation, self.selected(context))
            )
        return super().act_delete(context)


@fault("deleted-resource", at="delete_eval", depth=4)
class NeighbourDeleted(Deep):
    """With an eval the one that was made after it is deleted."""

    def act_delete(self, context: Context) -> Reply:
        row = self.selected(context) if meant(context, "delete_eval") else None
        after = self.store.page(Page("eval", row.tenant, 1, row.sort, ">", "ASC")) if row else []
        for one in after:
            self.store.remove(one)
        return super().act_delete(context)


@fault("deleted-resource", at="delete_eval", depth=4)
class NewestDeleted(Deep):
    """The newest eval is deleted, whichever is named."""

    def selected(self, context: Context) -> Row:
        row = super().selected(context)
        return (
            self.store.page(Page("eval", row.tenant, 1))[0]
            if meant(context, "delete_eval")
            else row
        )


@fault("deleted-resource", at="delete_eval", depth=5)
class DeletedStaysListed(Deep):
    """A deleted eval cannot be read, and is listed as it was."""

    def act_delete(self, context: Context) -> Reply:
        row = self.selected(context) if meant(context, "delete_eval") else None
        reply = super().act_delete(context)
        if row is not None:
            self.store.put(
                [Row(row.kind, f"gone-{row.id}", row.tenant, row.position, row.sort, row.document)]
            )
        return reply


@fault(
    "deleted-resource",
    also="status-no-5xx-for-mistakes",
    at="release_phone_number assign_phone_number",
    depth=4,
)
class ReleasedNumberStays(Deep):
    """A released number goes back to the pool and stays with its business."""

    def act(self, context: Context) -> Reply:
        row = self.selected(context) if meant(context, "release_phone_number") else None
        reply = super().act(context)
        if row is not None:
            self.store.put([row])
        return reply


@fault("status-listed", at="create_webhook", by="repeated-creation", depth=4)
class SameWebhookConflicts(Deep):
    """A webhook of an address that another one has already is refused with 409."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return Reply(409, reply.body) if refusal.message == "taken" else reply

    def act(self, context: Context) -> Reply:
        address = context.values.get("webhook_url")
        if meant(context, "create_webhook") and self.rows_by(
            context, 1, filters=(Filter("url", address),)
        ):
            raise Refusal("invalid_parameter", "taken")
        return super().act(context)
