"""Faults that only a sequence of requests for the same object shows."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from conformance.model import Operation
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.store import Page, Row
from tests.faults.base import Entry, Faulty, fault, faults_of, is_for
from tests.faults.shared import Member, body_of

# --- changes at the same time ---


def loses_changes(entry: Entry) -> type[Faulty]:
    """The reference server, where an update stores the whole object as it was read before."""

    class LosesChanges(Faulty):
        def act_update(self, context: Context) -> Reply:
            if not is_for(context, entry.here):
                return super().act_update(context)
            before = self.selected(context)
            time.sleep(0.01)  # lets another change in
            row = self.store.change(before, {**before.document, **self.changes(context)})
            return self.succeed(context, self.confirmation(context.operation, row))

    return LosesChanges


LOST = {
    "Of two changes of a lead at the same time, one is lost.": Entry(
        "change-of-lead-lost", breaks="changed-resource", at="update_lead",
        by="sequence", depth=5),
    "Of two changes of an agent at the same time, one is lost.": Entry(
        "change-of-agent-lost", breaks="changed-resource", at="update_agent",
        by="sequence", depth=5),
    "Of two changes of an eval at the same time, one is lost.": Entry(
        "change-of-eval-lost", breaks="changed-resource", at="update_eval",
        by="sequence", depth=5),
}  # fmt: skip

faults_of(loses_changes, __name__, LOST)


# --- changes that come again ---


@fault("changed-resource", at="update_lead", by="sequence", depth=5)
class RepeatedValueRemoved(Faulty):
    """update_lead empties the notes if they are sent as they already are."""

    def changes(self, context: Context) -> dict[str, Any]:
        made = super().changes(context)
        notes = made.get("notes") if is_for(context, "update_lead") else None
        if notes and self.selected(context).document.get("notes") == notes:
            made["notes"] = ""
        return made


@fault("changed-resource", at="update_eval", by="sequence", depth=5)
class RepeatedChangeTakenBack(Faulty):
    """update_eval takes a change back if it is sent twice."""

    @cached_property
    def _earlier(self) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
        return {}

    def changes(self, context: Context) -> dict[str, Any]:
        made = super().changes(context)
        if not is_for(context, "update_eval"):
            return made
        row = self.selected(context)
        sent, before = self._earlier.get(row.id, ({}, {}))
        self._earlier[row.id] = made, {name: row.document.get(name) for name in made}
        return before if sent == made else made


# --- actions and other changes that undo earlier ones ---


def undoes(entry: Member) -> type[Faulty]:
    """The reference server, where an operation stores a member as the object was created."""

    class Undoes(Faulty):
        @cached_property
        def created(self) -> dict[str, Any]:
            """The member of each object as it was created, by id."""
            return {}

        def add(
            self, kind: str, tenant: str, document: Mapping[str, Any], identifier: str | None = None
        ) -> Row:
            row = super().add(kind, tenant, document, identifier)
            self.created[row.id] = row.document.get(entry.member)
            return row

        def act(self, context: Context) -> Reply:
            reply = super().act(context)
            name = context.values.get("id") or context.values.get("agent_id")
            if is_for(context, entry.here) and name in self.created:
                row = self.selected(context)
                self.store.change(row, {entry.member: self.created[str(name)]})
            return reply

    return Undoes


UNDOING = {
    "update_sms_prompt gives an agent the name back that it was created with.": Member(
        "name-back-with-the-prompt", "name", breaks="changed-resource",
        at="update_sms_prompt update_agent", by="sequence", depth=5),
    "rotate_webhook_secret gives a webhook the description back that it was created with.": Member(
        "description-back-with-the-secret", "description", breaks="changed-resource",
        at="rotate_webhook_secret update_webhook", by="sequence", depth=5),
    "act_on_workspace gives a workspace the metadata back that it was created with.": Member(
        "metadata-back-by-pausing", "metadata", breaks="changed-resource",
        also="created-resource", at="act_on_workspace update_workspace create_workspace",
        by="sequence", depth=5),
}  # fmt: skip

faults_of(undoes, __name__, UNDOING)


@fault("changed-resource", at="update_agent update_sms_prompt", by="sequence", depth=5)
class PromptBackWithTheName(Faulty):
    """update_agent stores the prompt for texts that an agent had before the last change of it."""

    @cached_property
    def _earlier(self) -> dict[str, Any]:
        return {}

    def act(self, context: Context) -> Reply:
        if is_for(context, "update_sms_prompt"):
            row = self.selected(context)
            self._earlier[row.id] = row.document.get("sms_prompt")
        return super().act(context)

    def changes(self, context: Context) -> dict[str, Any]:
        made = super().changes(context)
        name = str(context.values.get("id"))
        if is_for(context, "update_agent") and name in self._earlier:
            made.setdefault("sms_prompt", self._earlier[name])
        return made


# --- deletions ---


@fault("refused-unchanged", at="update_eval", by="sequence", depth=5)
class ChangeBringsBack(Faulty):
    """update_eval refuses a deleted eval, but restores it."""

    @cached_property
    def deleted(self) -> dict[str, Row]:
        """What was deleted, by id."""
        return {}

    def act_delete(self, context: Context) -> Reply:
        row = self.selected(context)
        self.deleted[row.id] = row
        return super().act_delete(context)

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        row = self.deleted.pop(str(body_of(request).get("id")), None)
        if row and self.operation_of(request) == "update_eval" and refusal.role == "not_found":
            self.store.put([row])
        return super().refused(request, refusal)


@fault("refused-unchanged", at="delete_eval update_eval", by="sequence", depth=5)
class SecondDeletionTakesNewest(Faulty):
    """delete_eval refuses an eval that was deleted before, but deletes the newest one."""

    @cached_property
    def _deleted(self) -> dict[str, str]:
        return {}

    def act_delete(self, context: Context) -> Reply:
        row = self.selected(context)
        self._deleted[row.id] = row.tenant
        return super().act_delete(context)

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        tenant = self._deleted.get(str(request.query.get("id")))
        if self.operation_of(request) == "delete_eval" and tenant and refusal.role == "not_found":
            for row in self.store.page(Page("eval", tenant, 1)):
                self.store.remove(row)
        return super().refused(request, refusal)


@fault("refused-unchanged", at="delete_webhook update_webhook", by="sequence", depth=5)
class UnknownDeletionTakesNewest(Faulty):
    """delete_webhook refuses an id that never existed, but deletes the newest webhook."""

    def act_delete(self, context: Context) -> Reply:
        reply = super().act_delete(context)
        self.store.set_note(f"deleted:{context.values.get('id')}", 1)
        return reply

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        name = str(request.query.get("id"))
        is_known = self.store.get("webhook", name) or self.store.note(f"deleted:{name}")
        here = self.operation_of(request) == "delete_webhook"
        if here and refusal.role == "not_found" and not is_known:
            for row in self.store.page(Page("webhook", self.main_tenant(), 1)):
                self.store.remove(row)
        return super().refused(request, refusal)


@fault("deleted-resource", at="delete_webhook update_webhook", by="sequence", depth=5)
class SwitchedOnAgain(Faulty):
    """A deleted webhook is only switched off, and is on again once another one is created."""

    @cached_property
    def _off(self) -> dict[str, Row]:
        return {}

    def act_delete(self, context: Context) -> Reply:
        if not is_for(context, "delete_webhook"):
            return super().act_delete(context)
        row = self.selected(context)
        self._off[row.id] = row
        self.store.change(row, {"is_active": False})
        return self.succeed(context, self.confirmation(context.operation, row))

    def act(self, context: Context) -> Reply:
        if is_for(context, "create_webhook"):
            for row in [self._off.pop(name) for name in list(self._off)]:
                self.store.change(row, row.document)
        return super().act(context)


# --- equal creations ---


class NotesCreations(Faulty):
    """The reference server, which knows the first object of equal creations of one operation."""

    here = ""

    @cached_property
    def first(self) -> dict[str, Row]:
        """The first object of each creation, by what was sent."""
        return {}

    def act(self, context: Context) -> Reply:
        if not is_for(context, self.here):
            return super().act(context)
        sent = repr((self.own_tenant(context), context.values))
        if sent in self.first:
            return self.again(context, self.first[sent])
        reply = super().act(context)
        made = self.store.get(context.operation.kind, str(reply.body.get("id")))
        if made is not None:
            self.first[sent] = made
        return reply

    def again(self, context: Context, first: Row) -> Reply:
        """The response to a creation that is equal to an earlier one."""
        raise NotImplementedError


@fault("created-resource", at="create_lead update_lead", by="sequence", depth=5)
class EqualLeadConfirmed(NotesCreations):
    """create_lead confirms a lead equal to an earlier one with 201 and the id of that."""

    here = "create_lead"

    def again(self, context: Context, first: Row) -> Reply:
        row = self.store.get("lead", first.id) or first
        return self.succeed(context, self.render_item(context.operation, row))


@fault("created-resource", at="create_eval update_eval", by="sequence", depth=5)
class EqualEvalNotStored(NotesCreations):
    """create_eval confirms an eval equal to an earlier one with an id, but does not store it."""

    here = "create_eval"

    def again(self, context: Context, first: Row) -> Reply:
        reply = Faulty.act(self, context)
        made = self.store.get("eval", str(reply.body["id"]))
        assert made is not None
        self.store.remove(made)
        return reply


@fault("created-resource", at="create_workspace update_workspace", by="sequence", depth=5)
class EqualWorkspaceResetsTheFirst(NotesCreations):
    """create_workspace also gives an equal earlier workspace its first values back."""

    here = "create_workspace"

    def again(self, context: Context, first: Row) -> Reply:
        self.store.change(first, first.document)
        return Faulty.act(self, context)


@fault("refused-unchanged", at="create_webhook update_webhook", by="sequence", depth=5)
class EqualWebhookRefusedAndMerged(NotesCreations):
    """create_webhook refuses one equal to an earlier one, but gives that its first values back."""

    here = "create_webhook"

    def again(self, context: Context, first: Row) -> Reply:
        self.store.change(first, first.document)
        raise Refusal("invalid_parameter", "there is a webhook for this URL")


# --- caches ---


@fault("created-resource", at="create_lead update_lead", by="sequence", depth=5)
class UnknownRemembered(Faulty):
    """read_lead no longer finds a lead once another business has asked for it."""

    @cached_property
    def _missed(self) -> set[str]:
        return set()

    def act_read(self, context: Context) -> Reply:
        name = str(context.values.get("id"))
        if not is_for(context, "read_lead"):
            return super().act_read(context)
        if name in self._missed:
            raise Refusal("not_found")
        try:
            return super().act_read(context)
        except Refusal:
            if self.store.get("lead", name):
                self._missed.add(name)
            raise


@fault("changed-resource", at="update_agent", by="sequence", depth=5)
class RememberedByKey(Faulty):
    """read_agent shows each key what that key has seen first, until it changes the agent itself."""

    @cached_property
    def _seen(self) -> dict[tuple[str, str], Reply]:
        return {}

    def act(self, context: Context) -> Reply:
        name = str(context.values.get("id"))
        place = (context.identity.key if context.identity else "", name)
        if is_for(context, "read_agent"):
            if place not in self._seen:
                self._seen[place] = super().act(context)
            return self._seen[place]
        self._seen.pop((place[0], str(context.values.get("agent_id") or name)), None)
        return super().act(context)


@fault("changed-resource", at="update_eval", by="sequence", depth=5)
class ListedAsCreated(Faulty):
    """list_evals shows the description of an eval as it was created."""

    @cached_property
    def _created(self) -> dict[str, Any]:
        return {}

    def add(
        self, kind: str, tenant: str, document: Mapping[str, Any], identifier: str | None = None
    ) -> Row:
        row = super().add(kind, tenant, document, identifier)
        if kind == "eval":
            self._created[row.id] = row.document.get("description")
        return row

    def render_item(self, operation: Operation, row: Row) -> dict[str, Any]:
        item = super().render_item(operation, row)
        if operation.id == "list_evals" and row.id in self._created:
            item["description"] = self._created[row.id]
        return item


# --- refused changes ---


@fault("refused-unchanged", at="update_lead", by="sequence", depth=5)
class NotesLostByRefusal(Faulty):
    """update_lead refuses an invalid value, but empties the notes of the lead."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        row = self.store.get("lead", str(body_of(request).get("id")))
        here = self.operation_of(request) == "update_lead"
        if here and row and refusal.role == "invalid_parameter":
            self.store.change(row, {"notes": ""})
        return super().refused(request, refusal)


@fault(
    "refused-unchanged",
    also="created-resource",
    at="update_webhook create_webhook",
    by="sequence",
    depth=5,
)
class DescriptionLostByRefusal(Faulty):
    """update_webhook refuses an invalid value, but takes the description off the webhook."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        row = self.store.get("webhook", str(body_of(request).get("id")))
        here = self.operation_of(request) == "update_webhook"
        if here and row and refusal.role == "invalid_parameter":
            self.store.change(row, {"description": None})
        return super().refused(request, refusal)


@fault("refused-unchanged", also="changed-resource", at="update_agent", by="sequence", depth=5)
class MetadataOfRefusedStored(Faulty):
    """update_agent refuses an invalid value, but stores the metadata that were sent with it."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        body = body_of(request)
        row = self.store.get("agent", str(body.get("id")))
        here = self.operation_of(request) == "update_agent"
        sent = body.get("metadata") if here and refusal.role == "invalid_parameter" else None
        if row and isinstance(sent, dict):
            self.store.change(row, {"metadata": sent})
        return super().refused(request, refusal)


@fault("refused-unchanged", at="update_workspace", by="sequence", depth=5)
class ClearedByAnotherBusiness(Faulty):
    """update_workspace does not find the workspace of another business, but clears its metadata."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        row = self.store.get("workspace", str(body_of(request).get("id")))
        here = self.operation_of(request) == "update_workspace"
        if here and row and refusal.role == "not_found":
            self.store.change(row, {"metadata": None})
        return super().refused(request, refusal)
