"""Legal variants of what belongs to another business."""

from __future__ import annotations

from typing import Any

from conformance.model import Effect, Parameter
from conformance.server.messages import Context, Refusal, Reply
from conformance.server.store import Row
from tests.faults.base import Faulty, variant
from tests.faults.shared import number_of


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


class OwnFigures(Faulty):
    """The reference server, where reports have figures of the business of the key."""

    def figure(self, context: Context) -> int:
        """What replaces each figure."""
        return number_of(self.tenant_of(context.identity)) % 10_000

    def act_fetch(self, context: Context) -> Reply:
        reply = super().act_fetch(context)
        return Reply(reply.status, self._counted(reply.body, self.figure(context)))

    def _counted(self, value: Any, figure: int) -> Any:
        match value:
            case dict():
                return {name: self._counted(member, figure) for name, member in value.items()}
            case list():
                return [self._counted(member, figure) for member in value]
            case bool() | str() | None:
                return value
        return figure


@variant("silent: the business of a report")
class NoFiguresForForeignBusiness(OwnFigures):
    """A report that names another business in its query shows zeros."""

    def figure(self, context: Context) -> int:
        named = context.request.query.get("business_id")
        reached = named is None or self.may_reach(named, context.identity)
        return super().figure(context) if reached else 0


@variant("silent: what a report shows")
class FiguresMove(OwnFigures):
    """The figures of every report rise with each request, whoever asks."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._asked = 0

    def figure(self, context: Context) -> int:
        self._asked += 1
        return self._asked


@variant(
    "D15 E28",
    target={
        "inputs": {
            name: {"business_id": "b85d83fa-b0f0-4f30-ad30-c8088c2888e2"}
            for name in ("list_leads", "list_calls", "list_events")
        }
    },
)
class ListsWantTheBusiness(Faulty):
    """Some lists are refused without business_id, which the target file says."""

    def act_list(self, context: Context) -> Reply:
        wants = context.operation.id in ("list_leads", "list_calls", "list_events")
        if wants and "business_id" not in context.values:
            raise Refusal("missing_parameter")
        return super().act_list(context)


@variant("E28")
class WritesWantTheBusiness(Faulty):
    """A write that may name a business is refused without."""

    def check_references(self, context: Context) -> None:
        operation = context.operation
        takes_business = operation.parameter("business_id") and operation.effect is not Effect.READ
        if takes_business and "business_id" not in context.values:
            raise Refusal("missing_parameter")
        super().check_references(context)


@variant("silent: the members of a report")
class ReportsSayWhatTheyCover(OwnFigures):
    """A report says what it covers; of an agent of another business it shows zeros."""

    def check_reference(self, parameter: Parameter, value: Any, context: Context) -> None:
        if context.operation.action != "fetch":
            super().check_reference(parameter, value, context)

    def figure(self, context: Context) -> int:
        agent = context.values.get("agent_id")
        if agent is None:
            return super().figure(context)
        row = self.store.get("agent", str(agent))
        reached = row is not None and self.may_reach(row.tenant, context.identity)
        return number_of(row.id) % 10_000 if row and reached else 0

    def act_fetch(self, context: Context) -> Reply:
        reply = super().act_fetch(context)
        if not isinstance(reply.body, dict):
            return reply
        of_agent = "agent_id" in context.values
        covers = {"scope": "agent" if of_agent else "business", "filters": int(of_agent)}
        return Reply(reply.status, {**reply.body, **covers})


GOES_ON = {"scheduled": "running", "running": "completed", "completed": "scheduled"}
"""What becomes of the status of a run by itself."""


@variant("L43, silence on what becomes of a run")
class RunsGoOn(Faulty):
    """Runs of every business go on by themselves whenever somebody looks at one."""

    def find(self, kind: str, identifier: str, context: Context) -> Row | None:
        row = super().find(kind, identifier, context)
        if row is None or kind != "communication_run" or context.operation.action != "read":
            return row
        status = row.document["status"]
        return self.store.change(row, {"status": GOES_ON.get(status, status)})
