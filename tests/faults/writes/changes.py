"""Faults of updates: lost, incomplete, or applied to the wrong object."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from html import escape
from typing import Any

from conformance.model import Operation
from conformance.server.messages import Context, Reply
from conformance.server.moments import key_of, render
from conformance.server.store import Page, Row
from tests.faults.base import Entry, Faulty, fault, faults_of, is_for


def _without(made: dict[str, Any], name: str) -> dict[str, Any]:
    """Changes without a member."""
    return {member: value for member, value in made.items() if member != name}


def _each_text(made: dict[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    """Changes, with each text changed again."""
    return {
        name: change(value) if isinstance(value, str) else value for name, value in made.items()
    }


CONTACT = ("name", "first_name", "last_name", "email", "notes")
"""Members of a lead."""


@dataclass(frozen=True)
class Change(Entry):
    """What an update stores, as a function of the members that it should store.

    Without the member ``sent`` in a request, it stores what it should.
    """

    stored: Callable[[dict[str, Any]], dict[str, Any]]
    _: KW_ONLY
    breaks: str = "changed-resource"
    depth: int = 5
    sent: str = ""


def other_change(entry: Change) -> type[Faulty]:
    """The reference server, where an update stores something else."""

    class OtherChange(Faulty):
        def changes(self, context: Context) -> dict[str, Any]:
            made = super().changes(context)
            is_sent = not entry.sent or entry.sent in made
            return entry.stored(made) if is_sent and entry.is_at(context.operation.id) else made

    return OtherChange


CHANGES = {
    "Updates are confirmed but not applied.": Change(
        "update-not-applied", lambda made: {}, depth=1),
    "Updates cut texts to twelve characters.": Change(
        "update-shown", lambda made: _each_text(made, lambda text: text[:12]), depth=3),
    "update_agent confirms another first_message, but does not apply it.": Change(
        "greeting-ignored", lambda made: _without(made, "first_message"), at="update_agent",
        depth=3),
    "update_lead confirms any status, and sets it to new.": Change(
        "status-taken-for-new", lambda made: {**made, "status": "new"}, sent="status",
        at="update_lead", depth=4),
    "update_workspace confirms other metadata, but does not apply them.": Change(
        "metadata-ignored", lambda made: _without(made, "metadata"), at="update_workspace",
        depth=3),
    "update_lead clears members that the request omits.": Change(
        "other-members-reset", lambda made: {**dict.fromkeys(CONTACT, ""), **made},
        at="update_lead", depth=4),
    "update_lead drops the notes of a lead if a request changes its status but no notes.": Change(
        "notes-lost-with-the-status", lambda made: {"notes": None, **made}, sent="status",
        at="update_lead"),
    "update_lead sets the status of a lead to new when its notes change.": Change(
        "status-reset-with-the-notes", lambda made: {"status": "new", **made}, sent="notes",
        at="update_lead"),
    "update_agent empties the model when the voice changes.": Change(
        "model-lost-with-voice", lambda made: {"model": {}, **made}, sent="voice",
        at="update_agent"),
    "update_eval clears the description when the name changes.": Change(
        "description-reset", lambda made: {"description": None, **made}, sent="name",
        at="update_eval"),
    "update_eval stores null in place of messages that the request omits.": Change(
        "messages-reset", lambda made: {"messages": None, **made}, at="update_eval"),
    "update_lead treats a score of 0 as omitted.": Change(
        "score-of-nothing", lambda made: made if made["score"] != 0 else _without(made, "score"),
        sent="score", at="update_lead", by="change-to-zero"),
    "update_lead resets the status to new when the request omits it.": Change(
        "state-goes-back", lambda made: {"status": "new", **made}, at="update_lead"),
    "update_eval clears the messages if the description is sent without them.": Change(
        "messages-lost-with-description", lambda made: {"messages": None, **made},
        sent="description", at="update_eval"),
    "update_workspace clears the name if metadata are sent without it.": Change(
        "name-lost-with-metadata", lambda made: {"name": None, **made}, sent="metadata",
        at="update_workspace"),
    "update_eval keeps only the first of several messages.": Change(
        "one-of-several-messages-kept", lambda made: {**made, "messages": made["messages"][:1]},
        sent="messages", at="update_eval"),
    "update_lead stores texts with HTML entities.": Change(
        "notes-escaped", lambda made: _each_text(made, escape), at="update_lead"),
    "update_lead treats an empty text as omitted.": Change(
        "empty-text-dropped",
        lambda made: {name: value for name, value in made.items() if value != ""}, at="update_lead",
        by="change-to-zero"),
    "update_lead stores the first 255 characters of a text.": Change(
        "notes-cut-off", lambda made: _each_text(made, lambda text: text[:255]), at="update_lead",
        by="change-of-each-member"),
    "update_lead stores a score without its fraction.": Change(
        "score-is-whole", lambda made: {**made, "score": int(made["score"])}, sent="score",
        at="update_lead", by="change-of-each-member"),
    "update_webhook drops a member that is false.": Change(
        "switch-stays-on",
        lambda made: {name: value for name, value in made.items() if value is not False},
        at="update_webhook"),
    "update_agent turns transfers off if the request omits transfer_enabled.": Change(
        "transfers-turned-off", lambda made: {"transfer_enabled": False, **made},
        at="update_agent", by="change-of-each-member"),
}  # fmt: skip

faults_of(other_change, __name__, CHANGES)


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
class SourceStaysNull(Faulty):
    """update_lead confirms a source, but it stays null."""

    def changes(self, context: Context) -> dict[str, Any]:
        made = super().changes(context)
        return _without(made, "source") if is_for(context, "update_lead") else made

    def render_item(self, operation: Operation, row: Row) -> dict[str, Any]:
        item = super().render_item(operation, row)
        return {"source": None, **item} if operation.kind == "lead" else item


@fault("changed-resource", at="update_agent", depth=5)
class SecondChangeLost(Faulty):
    """update_agent loses the second update of the same agent."""

    def changes(self, context: Context) -> dict[str, Any]:
        made = super().changes(context)
        place = f"changed:{context.values.get('id')}"
        if not is_for(context, "update_agent") or not self.store.note(place):
            self.store.set_note(place, 1)
            return made
        return {}


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
