"""Faults of one endpoint: the same few mistakes in each of ten resources, and nowhere else."""

from __future__ import annotations

from typing import Any

from conformance.model import Operation
from conformance.server import Application
from conformance.server.messages import Context, Refusal, Reply, Request
from conformance.server.store import Identity
from tests.faults.base import ERRORS, FAULTS, Fault, Faulty, maker

RESOURCES = (
    "list_transcripts",
    "list_leads",
    "list_phone_numbers",
    "list_messages",
    "list_webhooks",
    "list_workspaces",
    "list_evals",
    "list_events",
    "list_event_deliveries",
    "list_communication_runs",
)


class _Here(Faulty):
    """The reference server with a place where it differs."""

    here = ""


class PlainError(_Here):
    """Errors are a plain text."""

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        return (
            Reply(reply.status, {"error": "Something went wrong"})
            if self.meant(request) == self.here
            else reply
        )


class NoFlag(_Here):
    """has_more is missing."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        page = super().render_page(context, items, more)
        return {
            n: v for n, v in page.items() if n != "has_more" or context.operation.id != self.here
        }


class NoScope(_Here):
    """No scope is asked for."""

    def has_scope(self, operation: Operation, identity: Identity) -> bool:
        return operation.id == self.here or super().has_scope(operation, identity)


class AllRows(_Here):
    """The rows of all businesses are shown."""

    def list_tenant(self, context: Context) -> str | None:
        return None if context.operation.id == self.here else super().list_tenant(context)


class Inclusive(_Here):
    """A page begins with the item of its cursor."""

    def comparison(self, operation: Operation) -> str:
        return "<=" if operation.id == self.here else super().comparison(operation)


class Created(_Here):
    """A page is answered 201."""

    def success_status(self, operation: Operation) -> int:
        return 201 if operation.id == self.here else super().success_status(operation)


class Accepted(_Here):
    """A page is answered 202, which is no status of the table."""

    def success_status(self, operation: Operation) -> int:
        return 202 if operation.id == self.here else super().success_status(operation)


BREAKS: dict[type[_Here], tuple[str, ...]] = {
    PlainError: ("envelope-structure",),
    NoFlag: ("has-more-present",),
    NoScope: ("scope-required", "status-403", "code-forbidden"),
    AllRows: ("business-rows",),
    Inclusive: ("paging-exclusive",),
    Created: ("status-200",),
    Accepted: ("status-listed",),
}
ALSO: dict[type[_Here], tuple[str, ...]] = {
    Inclusive: ("paging-supported", "paging-filter-kept"),
    AllRows: ("business-filter", "business-empty", "paging-filter-kept", "status-200"),
}


def _register(kind: type[_Here], place: str) -> None:
    here: type[Application] = type(kind.__name__, (kind,), {"here": place})
    name = f"{kind.__name__.lower()}-in-{place.replace('_', '-')}"
    does = f"In {place}: {(kind.__doc__ or '').strip()}"
    by = tuple(ERRORS.split()) if kind is PlainError else ("plain-read", "walk")
    FAULTS[name] = Fault(
        name, does, BREAKS[kind], ALSO.get(kind, ()), (place, "read_workspace"), by, 2, maker(here)
    )


for _place in RESOURCES:
    for _kind in BREAKS:
        _register(_kind, _place)
