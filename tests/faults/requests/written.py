"""Faults of the responses to writes: members of a wrong type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Any

from conformance.server.messages import Context, Reply
from tests.faults.base import Entry, Faulty, faults_of
from tests.faults.shared import OF_LISTS

Item = dict[str, Any]


@dataclass(frozen=True)
class Shown(Entry):
    """What the response to a write shows, as a function of what it should show."""

    change: Callable[[Item], Item]
    _: KW_ONLY
    breaks: str = "success-members"
    by: str = OF_LISTS
    depth: int = 2


def shown_otherwise(entry: Shown) -> type[Faulty]:
    """The reference server, where the success of one operation shows something else."""

    class ShownOtherwise(Faulty):
        def succeed(self, context: Context, body: Any) -> Reply:
            if entry.is_at(context.operation.id):
                body = entry.change(dict(body))
            return super().succeed(context, body)

    return ShownOtherwise


SHOWN = {
    "create_webhook returns is_active as a text.": Shown(
        "new-webhook-with-textual-switch",
        lambda body: {**body, "is_active": str(body.get("is_active"))}, at="create_webhook",
        also="created-resource"),
    "create_webhook returns the events as one text.": Shown(
        "new-webhook-with-joined-events",
        lambda body: {**body, "events": ",".join(body.get("events") or ["call.completed"])},
        at="create_webhook", also="created-resource"),
    "update_lead returns the time of the creation as a number.": Shown(
        "changed-lead-with-numeric-time",
        lambda body: {**body, "created_at": 1_776_427_200}, at="update_lead"),
    "update_workspace returns the metadata as a text.": Shown(
        "changed-workspace-with-textual-metadata",
        lambda body: {**body, "metadata": str(body.get("metadata"))}, at="update_workspace",
        also="changed-resource"),
    "update_eval returns the messages as an object.": Shown(
        "changed-eval-with-messages-by-number",
        lambda body: {**body, "messages": {"0": "Hello"}}, at="update_eval",
        also="changed-resource"),
}  # fmt: skip

faults_of(shown_otherwise, __name__, SHOWN)
