"""Faults of deletions: not done, or done to the wrong object."""

from __future__ import annotations

from typing import Any

from conformance.server.messages import Context, Reply
from conformance.server.store import Page, Row
from tests.faults.base import Faulty, fault, is_for
from tests.faults.shared import Flagged


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
    also="status-no-5xx-for-mistakes",
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


class CountsDeleted(Flagged):
    """The reference server, which remembers how many objects of a kind were deleted."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.gone: dict[tuple[str, str], int] = {}

    def act_delete(self, context: Context) -> Reply:
        row = self.selected(context)
        key = (row.kind, row.tenant)
        self.gone[key] = self.gone.get(key, 0) + 1
        return super().act_delete(context)

    def gone_of(self, context: Context) -> int:
        """How many objects of a list were deleted."""
        return self.gone.get((context.operation.kind or "", str(self.list_tenant(context))), 0)


@fault("has-more-true", also="has-more-false", at="list_evals", by="deletion mixed-walk", depth=5)
class MoreForDeletedEvals(CountsDeleted):
    """list_evals counts deleted evals for has_more."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        if is_for(context, "list_evals") and not items:
            return self.gone_of(context) > 0
        return more


@fault(
    "has-more-false", also="has-more-true", at="list_webhooks", by="deletion mixed-walk", depth=5
)
class EndAfterDeletion(CountsDeleted):
    """After a deletion list_webhooks says too early that nothing follows."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        if is_for(context, "list_webhooks") and more and self.gone_of(context):
            return self.left(context, items) > self.gone_of(context)
        return more
