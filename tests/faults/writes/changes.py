"""Faults of updates: lost, incomplete, or applied to the wrong object."""

from __future__ import annotations

from html import escape
from typing import Any

from conformance.model import Operation
from conformance.server.messages import Context, Reply
from conformance.server.moments import key_of, render
from conformance.server.store import Page, Row
from tests.faults.base import Faulty, fault, is_for

# --- updates that are lost or cut ---


@fault("changed-resource")
class UpdateNotApplied(Faulty):
    """Updates are confirmed but not applied."""

    def changes(self, context: Context) -> dict[str, Any]:
        return {}


@fault("changed-resource", depth=3)
class UpdateShown(Faulty):
    """Updates cut texts to twelve characters."""

    def changes(self, context: Context) -> dict[str, Any]:
        return {
            name: value[:12] if isinstance(value, str) else value
            for name, value in super().changes(context).items()
        }


class ChangeIgnored(Faulty):
    """Updates are confirmed, but a member is not applied."""

    changed_by = ""
    ignored = ""

    def changes(self, context: Context) -> dict[str, Any]:
        made = super().changes(context)
        if is_for(context, self.changed_by):
            made.pop(self.ignored, None)
        return made


@fault("changed-resource", at="update_agent", depth=3)
class GreetingIgnored(ChangeIgnored):
    """update_agent confirms another first_message, but does not apply it."""

    changed_by, ignored = "update_agent", "first_message"


@fault("changed-resource", at="update_lead", depth=4)
class StatusTakenForNew(Faulty):
    """update_lead confirms any status, and sets it to new."""

    def changes(self, context: Context) -> dict[str, Any]:
        made = super().changes(context)
        taken = is_for(context, "update_lead") and "status" in made
        return {**made, "status": "new"} if taken else made


@fault("changed-resource", at="update_agent", depth=4)
class PromptsEmptied(Faulty):
    """update_agent empties the prompts, which read_agent shows, if one member is changed."""

    def changes(self, context: Context) -> dict[str, Any]:
        made = super().changes(context)
        if is_for(context, "update_agent") and len(made) == 1:
            made["prompts"] = {"inbound": None}
        return made

    def render_item(self, operation: Operation, row: Row) -> dict[str, Any]:
        item = super().render_item(operation, row)
        shown = {"prompts": {"inbound": "Take a message"}} if operation.id == "read_agent" else {}
        return {**shown, **item}


@fault("changed-resource", at="update_lead", depth=4)
class SourceStaysNull(ChangeIgnored):
    """update_lead confirms a source, but it stays null."""

    changed_by, ignored = "update_lead", "source"

    def render_item(self, operation: Operation, row: Row) -> dict[str, Any]:
        item = super().render_item(operation, row)
        return {"source": None, **item} if operation.kind == "lead" else item


@fault("changed-resource", at="update_workspace", depth=3)
class MetadataIgnored(ChangeIgnored):
    """update_workspace confirms other metadata, but does not apply them."""

    changed_by, ignored = "update_workspace", "metadata"


@fault("changed-resource", at="update_agent", depth=5)
class SecondChangeLost(Faulty):
    """update_agent loses the second update of the same agent."""

    def changes(self, context: Context) -> dict[str, Any]:
        made = super().changes(context)
        place = f"changed:{context.values.get('id')}"
        if not is_for(context, "update_agent") or not self.store.note(place):
            self.store.leave(place, 1)
            return made
        return {}


# --- other members ---


@fault("changed-resource", at="update_lead", depth=4)
class OtherMembersReset(Faulty):
    """update_lead clears members that the request omits."""

    def changes(self, context: Context) -> dict[str, Any]:
        made = super().changes(context)
        if not is_for(context, "update_lead"):
            return made
        names = ("name", "first_name", "last_name", "email", "notes")
        return {**dict.fromkeys(names, ""), **made}


@fault("changed-resource", at="update_lead", depth=5)
class NotesLostWithTheStatus(Faulty):
    """update_lead drops the notes of a lead when its status changes, if no notes are sent."""

    def changes(self, context: Context) -> dict[str, Any]:
        made = super().changes(context)
        dropped = is_for(context, "update_lead") and "status" in made
        return {"notes": None, **made} if dropped else made


@fault("changed-resource", at="update_lead", depth=5)
class StatusResetWithTheNotes(Faulty):
    """update_lead sets the status of a lead to new when its notes change."""

    def changes(self, context: Context) -> dict[str, Any]:
        made = super().changes(context)
        reset = is_for(context, "update_lead") and "notes" in made
        return {"status": "new", **made} if reset else made


@fault("changed-resource", at="update_eval", depth=5)
class DescriptionReset(Faulty):
    """update_eval clears the description when the name changes."""

    def changes(self, context: Context) -> dict[str, Any]:
        made = super().changes(context)
        return (
            {"description": None, **made}
            if is_for(context, "update_eval") and "name" in made
            else made
        )


@fault("changed-resource", at="update_eval", depth=5)
class MessagesReset(Faulty):
    """update_eval stores null in place of messages that the request omits."""

    def changes(self, context: Context) -> dict[str, Any]:
        made = super().changes(context)
        return {"messages": None, **made} if is_for(context, "update_eval") else made


@fault("changed-resource", at="update_lead", by="change-to-zero", depth=5)
class ScoreOfNothing(Faulty):
    """update_lead treats a score of 0 as absent."""

    def changes(self, context: Context) -> dict[str, Any]:
        made = super().changes(context)
        no_score = is_for(context, "update_lead") and made.get("score") == 0
        return {name: value for name, value in made.items() if name != "score" or not no_score}


@fault("changed-resource", at="update_lead", depth=5)
class StateGoesBack(Faulty):
    """update_lead resets the status to new when the request omits it."""

    def changes(self, context: Context) -> dict[str, Any]:
        changes = super().changes(context)
        return (
            changes
            if not is_for(context, "update_lead") or "status" in changes
            else {**changes, "status": "new"}
        )


@fault("changed-resource", at="update_workspace", depth=5)
class ChangedIsNew(Faulty):
    """update_workspace replaces created_at by the time of the update."""

    def act_update(self, context: Context) -> Reply:
        if not is_for(context, "update_workspace"):
            return super().act_update(context)
        row = self.store.change(self.selected(context), self.changes(context))
        moment = self.new_moment(row.kind, row.tenant)
        self.store.remove(row)
        moved = Row(row.kind, row.id, row.tenant, render(moment), key_of(moment), row.document)
        self.store.put([moved])
        return self.succeed(context, self.confirmation(context.operation, moved))


# --- other members ---


class LostBesides(Faulty):
    """The reference server, where a change of one member clears another that was not sent."""

    changed_by, sent, lost = "", "", ""

    def changes(self, context: Context) -> dict[str, Any]:
        made = super().changes(context)
        if is_for(context, self.changed_by) and self.sent in made:
            made.setdefault(self.lost, None)
        return made


@fault("changed-resource", at="update_eval", depth=5)
class MessagesLostWithDescription(LostBesides):
    """update_eval clears the messages where the description is sent without them."""

    changed_by, sent, lost = "update_eval", "description", "messages"


@fault("changed-resource", at="update_workspace", depth=5)
class NameLostWithMetadata(LostBesides):
    """update_workspace clears the name where metadata are sent without it."""

    changed_by, sent, lost = "update_workspace", "metadata", "name"


# --- other objects ---


@fault("changed-resource", at="update_webhook", depth=4)
class NewestWebhookChanged(Faulty):
    """update_webhook changes the newest of the other webhooks instead."""

    def selected(self, context: Context) -> Row:
        row = super().selected(context)
        if not is_for(context, "update_webhook"):
            return row
        rows = self.store.page(Page("webhook", row.tenant, 2))
        return next((other for other in rows if other.id != row.id), row)


@fault("changed-resource", at="update_lead", depth=4)
class AllOfTheNameChanged(Faulty):
    """update_lead also changes the newest twenty leads."""

    def act_update(self, context: Context) -> Reply:
        reply = super().act_update(context)
        if is_for(context, "update_lead"):
            for row in self.store.page(Page("lead", self.own_tenant(context), 20)):
                self.store.change(row, self.changes(context))
        return reply


@fault("changed-resource", at="update_lead", depth=5)
class AllOfThePhoneChanged(Faulty):
    """update_lead also changes every lead with the same phone."""

    def act_update(self, context: Context) -> Reply:
        if is_for(context, "update_lead"):
            phone = self.selected(context).document.get("phone")
            rows = self.rows_by(context, 1_000, filters=())
            for row in (row for row in rows if phone and row.document.get("phone") == phone):
                self.store.change(row, self.changes(context))
        return super().act_update(context)


@fault("changed-resource", at="update_eval", depth=5)
class SiblingsDescribed(Faulty):
    """update_eval gives a new description to every eval."""

    def act_update(self, context: Context) -> Reply:
        description = context.values.get("description") if is_for(context, "update_eval") else None
        for row in self.rows_by(context, 1_000, filters=()) if description is not None else ():
            self.store.change(row, {"description": description})
        return super().act_update(context)


@fault("changed-resource", at="update_eval", depth=5)
class OneOfSeveralMessagesKept(Faulty):
    """update_eval keeps only the first of several messages."""

    def changes(self, context: Context) -> dict[str, Any]:
        changes = super().changes(context)
        if is_for(context, "update_eval") and "messages" in changes:
            changes["messages"] = changes["messages"][:1]
        return changes


# --- one member at a time ---


@fault("changed-resource", at="update_lead", depth=5)
class NotesEscaped(Faulty):
    """update_lead stores texts with the entities of HTML."""

    def changes(self, context: Context) -> dict[str, Any]:
        made = super().changes(context)
        if not is_for(context, "update_lead"):
            return made
        return {k: escape(v) if isinstance(v, str) else v for k, v in made.items()}


@fault("changed-resource", at="update_lead", by="change-to-zero", depth=5)
class EmptyTextDropped(Faulty):
    """update_lead treats an empty text as absent."""

    def changes(self, context: Context) -> dict[str, Any]:
        made = super().changes(context)
        kept = {name: value for name, value in made.items() if value != ""}
        return kept if is_for(context, "update_lead") else made


@fault("changed-resource", at="update_lead", by="change-of-each-member", depth=5)
class NotesCutOff(Faulty):
    """update_lead stores the first 255 characters of a text."""

    def changes(self, context: Context) -> dict[str, Any]:
        made = super().changes(context)
        if not is_for(context, "update_lead"):
            return made
        return {k: v[:255] if isinstance(v, str) else v for k, v in made.items()}


@fault("changed-resource", at="update_lead", by="change-of-each-member", depth=5)
class ScoreIsWhole(Faulty):
    """update_lead stores a score without its fraction."""

    def changes(self, context: Context) -> dict[str, Any]:
        made = super().changes(context)
        if is_for(context, "update_lead") and "score" in made:
            made["score"] = int(made["score"])
        return made


@fault("changed-resource", at="update_webhook", depth=5)
class SwitchStaysOn(Faulty):
    """update_webhook drops a member that is false."""

    def changes(self, context: Context) -> dict[str, Any]:
        made = super().changes(context)
        dropping = is_for(context, "update_webhook")
        return {k: v for k, v in made.items() if not (dropping and v is False)}
