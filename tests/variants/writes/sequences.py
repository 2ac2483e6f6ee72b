"""Legal variants that only a sequence of requests for the same object shows."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import cached_property
from threading import RLock
from typing import Any

from conformance.model import Operation
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.moments import render
from conformance.server.store import Page, Row
from tests.faults.base import Faulty, OnTheClock, is_for, variant
from tests.faults.shared import EachActionOnce, body_of

BUSY = "the same is being worked on"
"""What is said of a request that wants what another one is working on."""

# --- changes at the same time ---


class RefusedWhileBusy(Faulty):
    """Of requests that want the same at the same time, only the first is carried out."""

    @cached_property
    def _busy(self) -> set[str]:
        return set()

    def wanted(self, context: Context) -> str | None:
        """What a request wants; None for one that never meets another."""
        raise NotImplementedError

    def act(self, context: Context) -> Reply:
        wanted = self.wanted(context)
        if wanted is None:
            return super().act(context)
        if wanted in self._busy:
            raise Refusal("invalid_parameter", BUSY)
        self._busy.add(wanted)
        try:
            time.sleep(0.01)  # lets another request in
            return super().act(context)
        finally:
            self._busy.discard(wanted)


@variant("silent: changes at the same time", at="update_lead update_agent update_eval")
class OverlappingChangeRefused(RefusedWhileBusy):
    """Of two changes of an object at the same time, the second is refused with 409."""

    def wanted(self, context: Context) -> str | None:
        is_change = context.operation.action == "update"
        return str(context.values.get("id")) if is_change else None

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return replace(reply, status=409) if refusal.message == BUSY else reply


@variant("silent: changes at the same time", at="update_lead update_agent update_eval")
class WritesInARow(Faulty):
    """The server carries out one write after another, and each takes a while."""

    @cached_property
    def _turn(self) -> RLock:
        return RLock()

    def act(self, context: Context) -> Reply:
        if context.request.method == "GET":
            return super().act(context)
        with self._turn:
            time.sleep(0.002)
            return super().act(context)


# --- changes ---


@variant("additive members", at="update_lead update_eval update_workspace")
class ChangesCounted(Faulty):
    """Each change moves updated_at and a version, and each look moves viewed_at."""

    def changes(self, context: Context) -> dict[str, Any]:
        version = self.selected(context).document.get("version", 1)
        made = super().changes(context)
        return {**made, "updated_at": render(self.clock.now()), "version": version + 1}

    def act_read(self, context: Context) -> Reply:
        reply = super().act_read(context)
        body = {**reply.body, "viewed_at": render(self.clock.now())}
        return replace(reply, body=body)


@variant("silent: a change of nothing", at="update_lead update_eval update_agent")
class SameChangeRefused(Faulty):
    """A change that changes nothing is refused with invalid_request."""

    def act_update(self, context: Context) -> Reply:
        document = self.selected(context).document
        made = self.changes(context)
        if made and all(document.get(name) == value for name, value in made.items()):
            raise Refusal("invalid_parameter", "nothing to change")
        return super().act_update(context)


@variant("silent: a POST may replace", at="update_webhook")
class UnsentMembersReset(Faulty):
    """update_webhook, a POST, resets the members that a request omits."""

    def changes(self, context: Context) -> dict[str, Any]:
        made = super().changes(context)
        if not is_for(context, "update_webhook"):
            return made
        return {"description": None, "is_active": True, "events": ["call.completed"], **made}


@variant("L54", at="update_lead update_eval update_agent")
class ChangesShowLater(OnTheClock):
    """Reads and lists come from a copy that shows a change a second late."""

    @cached_property
    def _before(self) -> dict[str, tuple[float, dict[str, Any]]]:
        return {}

    def act_update(self, context: Context) -> Reply:
        row = self.selected(context)
        since, _ = self._before.get(row.id, (-9.0, {}))
        if self.waited - since > 1:
            self._before[row.id] = self.waited, row.document
        return super().act_update(context)

    def render_item(self, operation: Operation, row: Row) -> dict[str, Any]:
        since, document = self._before.get(row.id, (-9.0, {}))
        is_late = operation.effect == "read" and self.waited - since <= 1
        return super().render_item(operation, replace(row, document=document) if is_late else row)


# --- deletions ---


@variant("L53", at="delete_webhook update_webhook")
class DeletedIsSwitchedOff(Faulty):
    """A deleted webhook is only switched off, can be deleted again, and a change switches it on."""

    def act_delete(self, context: Context) -> Reply:
        if not is_for(context, "delete_webhook"):
            return super().act_delete(context)
        row = self.selected(context)
        self.store.change(row, {"is_active": False})
        return self.succeed(context, self.confirmation(context.operation, row))

    def changes(self, context: Context) -> dict[str, Any]:
        made = super().changes(context)
        return {"is_active": True, **made} if is_for(context, "update_webhook") else made


@variant("L52", at="delete_eval update_eval")
class SecondDeletionConfirmed(Faulty):
    """A second deletion of an eval is confirmed with 200, as the first was."""

    @cached_property
    def _deleted(self) -> dict[str, Row]:
        return {}

    def act_delete(self, context: Context) -> Reply:
        name = str(context.values.get("id"))
        row = self._deleted.get(name)
        if row and row.tenant == self.own_tenant(context):
            return self.succeed(context, self.confirmation(context.operation, row))
        self._deleted[name] = self.selected(context)
        return super().act_delete(context)


# --- equal creations ---


class KnowsCreations(Faulty):
    """The reference server, which knows what was created, by what was sent."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.known: dict[str, str] = {}
        self.deleted: dict[str, Row] = {}

    def act_delete(self, context: Context) -> Reply:
        row = self.selected(context)
        self.deleted[row.id] = row
        return super().act_delete(context)

    def sent(self, context: Context) -> str:
        """What a creation sends, as text."""
        return repr((context.operation.id, self.own_tenant(context), context.values))

    def note(self, context: Context, reply: Reply) -> Reply:
        """Note a creation; returns its response."""
        self.known[self.sent(context)] = str(reply.body.get("id"))
        return reply


@variant("silent: what has to be unique", at="create_eval update_eval delete_eval")
class NameOfDeletedStaysTaken(KnowsCreations):
    """An eval equal to a deleted one is refused with invalid_request."""

    def act_create(self, context: Context) -> Reply:
        if is_for(context, "create_eval") and self.known.get(self.sent(context)) in self.deleted:
            raise Refusal("invalid_parameter", "there was an eval of this name")
        return self.note(context, super().act_create(context))


@variant("silent: what has to be unique", at="create_eval update_eval delete_eval")
class EqualCreationRestores(KnowsCreations):
    """An eval equal to a deleted one is that one again, with its id and 201."""

    def act_create(self, context: Context) -> Reply:
        row = self.deleted.pop(self.known.get(self.sent(context), ""), None)
        if row is None or not is_for(context, "create_eval"):
            return self.note(context, super().act_create(context))
        self.store.put([row])
        return self.succeed(context, self.render_item(context.operation, row))


@variant("silent: what has to be unique", at="create_workspace update_workspace")
class EqualCreationUpdates(KnowsCreations):
    """A workspace equal to an earlier one changes that back to what is sent, and returns 200."""

    def act_create(self, context: Context) -> Reply:
        name = self.known.get(self.sent(context))
        row = self.store.get("workspace", name) if name else None
        if row is None or not is_for(context, "create_workspace"):
            return self.note(context, super().act_create(context))
        row = self.store.change(row, self.kept("workspace", context.values))
        reply = self.succeed(context, self.render_item(context.operation, row))
        return replace(reply, status=200)


# --- refused requests ---


@variant("L17", at="update_lead update_eval update_agent")
class AttemptsCounted(Faulty):
    """An object shows how many changes of it were refused, and when the last one was."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        operation = self.contract.operations.get(self.operation_of(request))
        name = body_of(request).get("id")
        if operation is not None and operation.action == "update" and isinstance(name, str):
            row = self.store.get(operation.kind, name)
            if row is not None:
                count = row.document.get("attempts", 0) + 1
                moment = render(self.clock.now())
                self.store.change(row, {"attempts": count, "attempted_at": moment})
        return super().refused(request, refusal)


@variant("L53", at="delete_eval update_eval")
class DeletedIsArchived(Faulty):
    """A deleted eval is still read and listed as archived, and a change is refused with 400."""

    def document(self, context: Context, kind: str) -> dict[str, Any]:
        whole = super().document(context, kind)
        return {**whole, "state": "live"} if kind == "eval" else whole

    def act_delete(self, context: Context) -> Reply:
        if not is_for(context, "delete_eval"):
            return super().act_delete(context)
        row = self.selected(context)
        self.store.change(row, {"state": "archived"})
        return self.succeed(context, self.confirmation(context.operation, row))

    def act_update(self, context: Context) -> Reply:
        state = self.selected(context).document.get("state")
        if is_for(context, "update_eval") and state == "archived":
            raise Refusal("invalid_parameter", "the eval is archived")
        return super().act_update(context)


@variant("silent: how many there may be", at="create_webhook update_webhook")
class OneWebhookForEachUrl(Faulty):
    """A new webhook for a known URL takes the place of the earlier one, with 201 and a new id."""

    def act(self, context: Context) -> Reply:
        if is_for(context, "create_webhook"):
            for row in self.store.page(Page("webhook", self.own_tenant(context), 1_000)):
                if row.document["url"] == context.values["webhook_url"]:
                    self.store.remove(row)
        return super().act(context)


@variant("silent: states and actions", at="act_on_workspace change_communication_run")
class ActionsThatFitTheState(EachActionOnce):
    """A pause of what is paused is refused with 400, and each other action likewise."""
