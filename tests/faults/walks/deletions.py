"""Faults of lists that have lost an item to a deletion."""

from __future__ import annotations

from typing import Any

from conformance.server.messages import Context, Reply
from tests.faults.base import fault, is_for
from tests.faults.shared import Flagged


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
    """After a deletion, has_more of list_webhooks becomes false too early."""

    def flag(self, context: Context, items: list[dict[str, Any]], more: bool) -> Any:
        if is_for(context, "list_webhooks") and more and self.gone_of(context):
            return self.left(context, items) > self.gone_of(context)
        return more
