"""Faults of statuses that the errors page does not list."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from conformance.model import Operation
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.store import Filter
from tests.faults.base import Faulty, fault, is_for
from tests.faults.shared import InOneList, in_each_list


@fault("status-listed", also="success-members", by="update")
class NoContentAfterUpdate(Faulty):
    """A successful update returns 204 with no body."""

    def act_update(self, context: Context) -> Reply:
        super().act_update(context)
        return Reply(204, b"")


@fault("status-listed", by="update", depth=2)
class UpdateAccepted(Faulty):
    """A successful update returns 202."""

    def success_status(self, operation: Operation) -> int:
        return 202 if operation.action == "update" else super().success_status(operation)


@fault("status-listed", also="success-members", at="delete_webhook", by="deletion", depth=4)
class NothingAfterDeletion(Faulty):
    """delete_webhook returns 204 with no body."""

    def act_delete(self, context: Context) -> Reply:
        reply = super().act_delete(context)
        return Reply(204, b"") if is_for(context, "delete_webhook") else reply


@fault("status-listed", also="status-200", at="replay_event", by="refused-key unknown-id", depth=4)
class ReplayAccepted(Faulty):
    """replay_event returns 202."""

    def success_status(self, operation: Operation) -> int:
        return 202 if operation.id == "replay_event" else super().success_status(operation)


@fault("status-listed", at="create_webhook", by="repeated-creation", depth=4)
class SameWebhookConflicts(Faulty):
    """create_webhook returns 409 for a URL that another webhook already has."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return Reply(409, reply.body) if refusal.message == "taken" else reply

    def act(self, context: Context) -> Reply:
        address = context.values.get("webhook_url")
        if is_for(context, "create_webhook") and self.rows_by(
            context, 1, filters=(Filter("url", address),)
        ):
            raise Refusal("invalid_parameter", "taken")
        return super().act(context)


@fault("status-listed", at="run_eval", by="work-with-options", depth=4)
class RunsLater(Faulty):
    """run_eval returns 202 if the client does not wait."""

    def act(self, context: Context) -> Reply:
        reply = super().act(context)
        waits = context.values.get("wait", True) or not is_for(context, "run_eval")
        return reply if waits else replace(reply, status=202)


@fault(
    "status-listed",
    also="success-members",
    at="delete_webhook list_webhooks",
    by="cursor-of-a-deleted-item",
    depth=5,
)
class NothingSaidWithTheBusiness(Faulty):
    """delete_webhook returns 204 if the request names the business."""

    def act(self, context: Context) -> Reply:
        reply = super().act(context)
        named = is_for(context, "delete_webhook") and "business_id" in context.values
        return Reply(204, b"", reply.headers) if named else reply


@in_each_list("status-listed")
class Accepted(InOneList):
    """A page has the unlisted status 202."""

    def success_status(self, operation: Operation) -> int:
        return 202 if operation.id == self.here else super().success_status(operation)


@fault("status-listed", at="act_on_workspace", by="work-on-object", depth=4)
class ConflictWithItsState(Faulty):
    """act_on_workspace returns 409 for a workspace that was resumed already."""

    def act(self, context: Context) -> Reply:
        reply = super().act(context)
        if not is_for(context, "act_on_workspace"):
            return reply
        place, action = f"last:{context.values['id']}", context.values["action"]
        if action == self.store.note(place) == "resume":
            return Reply(409, self.envelope("invalid_request", "Nothing would change"))
        self.store.set_note(place, action)
        return reply


@fault("status-no-5xx-for-mistakes", at="delete_eval", by="deletion", depth=4)
class SecondDeletionCrashes(Faulty):
    """delete_eval returns 500 for an eval that it has deleted."""

    def act_delete(self, context: Context) -> Reply:
        reply = super().act_delete(context)
        if is_for(context, "delete_eval"):
            self.store.set_note(f"deleted:{context.values['id']}", 1)
        return reply

    def check_references(self, context: Context) -> None:
        name = context.values.get("id")
        if is_for(context, "delete_eval") and self.store.note(f"deleted:{name}"):
            raise ValueError
        super().check_references(context)


@fault("status-no-5xx-for-mistakes", at="create_communication_run", by="repeated-creation", depth=4)
class RepeatedKeyCrashes(Faulty):
    """create_communication_run returns 500 for an Idempotency-Key that it knows."""

    @cached_property
    def _names(self) -> set[str]:
        return set()

    def act(self, context: Context) -> Reply:
        name = context.values.get("Idempotency-Key")
        if name is None:
            return super().act(context)
        if name in self._names:
            raise ValueError
        self._names.add(name)
        return super().act(context)
