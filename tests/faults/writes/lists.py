"""Faults of a list after a write."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from conformance.server.messages import Context
from tests.faults.base import Faulty, fault, is_for


@fault(
    "changed-resource",
    also="paging-order",
    at="update_eval list_evals",
    by="change-of-each-member",
    depth=5,
)
class ChangedFirst(Faulty):
    """list_evals puts changed evals first."""

    @cached_property
    def changed(self) -> set[str]:
        """The ids of changed scenarios."""
        return set()

    def changes(self, context: Context) -> dict[str, Any]:
        self.changed.add(str(context.values.get("id")))
        return super().changes(context)

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        if is_for(context, "list_evals"):
            items = sorted(items, key=lambda item: item["id"] not in self.changed)
        return super().render_page(context, items, more)
