"""Faults of deletions: not done, or done to the wrong object."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.store import Page, Row
from tests.faults.base import Faulty, fault, faults_of, is_for, later_page
from tests.faults.shared import Member, body_of


@fault("deleted-resource", at="delete_webhook", depth=3)
class WebhookNotDeleted(Faulty):
    """delete_webhook confirms a deletion that it does not make."""

    def act_delete(self, context: Context) -> Reply:
        if is_for(context, "delete_webhook"):
            return self.succeed(
                context, self.confirmation(context.operation, self.selected(context))
            )
        return super().act_delete(context)


@fault("deleted-resource", at="delete_eval", depth=4)
class NewestDeleted(Faulty):
    """delete_eval deletes the newest eval, whichever is named."""

    def selected(self, context: Context) -> Row:
        row = super().selected(context)
        return (
            self.store.page(Page("eval", row.tenant, 1))[0]
            if is_for(context, "delete_eval")
            else row
        )


@fault("deleted-resource", at="delete_eval", depth=4)
class NeighbourDeleted(Faulty):
    """delete_eval also deletes the next newer eval."""

    def act_delete(self, context: Context) -> Reply:
        row = self.selected(context) if is_for(context, "delete_eval") else None
        after = self.store.page(Page("eval", row.tenant, 1, row.sort, ">", "ASC")) if row else []
        for neighbour in after:
            self.store.remove(neighbour)
        return super().act_delete(context)


@fault("deleted-resource", at="delete_webhook", depth=5)
class AllOfTheUrlDeleted(Faulty):
    """delete_webhook deletes every webhook of the same URL."""

    def act_delete(self, context: Context) -> Reply:
        row = self.selected(context) if is_for(context, "delete_webhook") else None
        webhooks = self.store.page(Page("webhook", row.tenant, 1_000)) if row else []
        for other in webhooks:
            if row and other.id != row.id and other.document["url"] == row.document["url"]:
                self.store.remove(other)
        return super().act_delete(context)


@fault("deleted-resource", at="delete_eval", depth=5)
class DeletedStaysListed(Faulty):
    """A deleted eval cannot be read but stays in the list."""

    def act_delete(self, context: Context) -> Reply:
        row = self.selected(context) if is_for(context, "delete_eval") else None
        reply = super().act_delete(context)
        if row is not None:
            self.store.put(
                [Row(row.kind, f"gone-{row.id}", row.tenant, row.position, row.sort, row.document)]
            )
        return reply


@fault(
    "deleted-resource",
    also="status-no-5xx-for-mistakes status-201",
    at="release_phone_number assign_phone_number",
    depth=4,
)
class ReleasedNumberStays(Faulty):
    """release_phone_number returns the number to the pool but leaves it with the business."""

    def act(self, context: Context) -> Reply:
        row = self.selected(context) if is_for(context, "release_phone_number") else None
        reply = super().act(context)
        if row is not None:
            self.store.put([row])
        return reply


@dataclass(frozen=True)
class Use(Member):
    """An operation that still works on what was deleted, and the member that names it."""

    operation: str


def used_afterwards(entry: Use) -> type[Faulty]:
    """The reference server, where one operation works on what was deleted."""

    class UsedAfterwards(Faulty):
        def act_delete(self, context: Context) -> Reply:
            reply = super().act_delete(context)
            self.store.set_note(f"deleted:{context.values.get('id')}", 1)
            return reply

        def refused(self, request: Request, refusal: Refusal) -> Reply:
            named = body_of(request).get(entry.member)
            if self.operation_of(request) == entry.operation and self.store.note(
                f"deleted:{named}"
            ):
                return Reply(200, {"id": named})
            return super().refused(request, refusal)

    return UsedAfterwards


USED_AFTERWARDS = {
    "rotate_webhook_secret works on a webhook that was deleted.": Use(
        "deleted-webhook-rotated", "id", "rotate_webhook_secret",
        breaks="deleted-resource", at="delete_webhook", depth=4),
    "run_eval runs an eval that was deleted.": Use(
        "deleted-eval-runs", "eval_id", "run_eval", breaks="deleted-resource",
        at="delete_eval", depth=4),
}  # fmt: skip

faults_of(used_afterwards, __name__, USED_AFTERWARDS)


@fault("deleted-resource", at="delete_eval", depth=5)
class DeletedIsListedByAgent(Faulty):
    """list_evals shows deleted evals when filtered by agent_id."""

    @cached_property
    def _deleted(self) -> list[Row]:
        return []

    def act_delete(self, context: Context) -> Reply:
        if is_for(context, "delete_eval"):
            self._deleted.append(self.selected(context))
        return super().act_delete(context)

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        rows = super().rows_of(context, limit)
        agent = context.values.get("agent_id")
        if not is_for(context, "list_evals") or agent is None or later_page(context):
            return rows
        kept = [row for row in self._deleted if row.document.get("agent_id") == agent]
        return sorted([*rows, *kept], key=lambda row: row.sort, reverse=True)


@fault("deleted-resource", at="release_phone_number list_numbers", by="deletion", depth=4)
class ReleasedNumberListedElsewhere(Faulty):
    """list_numbers still shows numbers that were released."""

    @cached_property
    def _released(self) -> list[Row]:
        return []

    def act(self, context: Context) -> Reply:
        if is_for(context, "release_phone_number"):
            self._released.append(self.selected(context))
        return super().act(context)

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        rows = super().rows_of(context, limit)
        if not is_for(context, "list_numbers") or later_page(context):
            return rows
        own = [row for row in self._released if row.tenant == self.own_tenant(context)]
        return sorted([*rows, *own], key=lambda row: row.sort, reverse=True)
