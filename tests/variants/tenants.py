"""Legal variants of what belongs to another business."""

from __future__ import annotations

from conformance.model import Parameter
from conformance.server.messages import Context, Refusal, Reply
from conformance.server.store import Row
from tests.faults.base import Faulty, variant


@variant("L24 L67")
class ForbiddenForForeign(Faulty):
    """An object of another business returns 403, an unknown one 404."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        row = self.store.get(kind, identifier)
        if row is not None and not self.may_reach(row.tenant, context.identity):
            raise Refusal("forbidden")
        return row


@variant("L24")
class EmptyForForeignBusiness(Faulty):
    """Lists are empty when asked for another business."""

    def check_tenant(self, parameter: Parameter, value: str, context: Context) -> None:
        if context.operation.action != "list":
            super().check_tenant(parameter, value, context)

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        asked = context.values.get("business_id")
        return (
            []
            if asked and not self.may_reach(str(asked), context.identity)
            else super().rows_of(context, limit)
        )


@variant("L24")
class NotFoundForForeignBusiness(Faulty):
    """Lists return 404 when asked for another business."""

    def check_tenant(self, parameter: Parameter, value: str, context: Context) -> None:
        if not self.may_reach(value, context.identity):
            raise Refusal("not_found")


@variant("L24")
class ForbiddenForForeignAgent(Faulty):
    """Lists return 403 when asked for another business's agent, and 404 for an unknown one."""

    def act_list(self, context: Context) -> Reply:
        if "agent_id" in context.values:
            row = self.store.get("agent", str(context.values["agent_id"]))
            if row is None or not self.may_reach(row.tenant, context.identity):
                raise Refusal("forbidden" if row else "not_found")
        return super().act_list(context)
