"""Legal variants of writes."""

from __future__ import annotations

from typing import Any

from conformance.model import Operation, Parameter
from conformance.server.messages import Context, Refusal, Reply
from conformance.server.store import Row
from tests.faults.base import Faulty, is_for, variant


@variant("D21")
class UpdateAnswersAgent(Faulty):
    """An update returns the whole object."""

    def act_update(self, context: Context) -> Reply:
        row = self.store.change(self.selected(context), self.changes(context))
        return self.succeed(context, self.render_item(context.operation, row))


@variant("L54")
class CreatedShowsLater(Faulty):
    """A new agent or call returns 404 at the first read."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._fresh: set[str] = set()

    def act_create(self, context: Context) -> Reply:
        reply = super().act_create(context)
        if context.operation.kind in ("agent", "call"):
            self._fresh.add(reply.body["id"])
        return reply

    def act_read(self, context: Context) -> Reply:
        if context.values.get("id") in self._fresh:
            self._fresh.discard(str(context.values["id"]))
            raise Refusal("not_found")
        return super().act_read(context)


@variant("silent: what has to be unique")
class TakenReferenceRefused(Faulty):
    """A second workspace with the same external_ref is refused with invalid_request."""

    def act_create(self, context: Context) -> Reply:
        if is_for(context, "create_workspace") and "external_ref" in context.values:
            place = f"reference:{context.values['external_ref']}"
            if self.store.note(place):
                raise Refusal("invalid_parameter", "external_ref is taken")
            self.store.leave(place, 1)
        return super().act_create(context)


@variant("silent: the values of a score")
class ScoreAboveZero(Faulty):
    """A score of 0 is refused with invalid_request."""

    def is_valid(self, operation: Operation, parameter: Parameter, value: Any) -> bool:
        if operation.id == "update_lead" and parameter.name == "score" and value == 0:
            return False
        return super().is_valid(operation, parameter, value)


@variant("silent: empty or none")
class EmptyReadsAsNull(Faulty):
    """An empty text, list or object reads as null."""

    def render_item(self, operation: Operation, row: Row) -> dict[str, Any]:
        item = super().render_item(operation, row)
        return {name: None if value in ("", {}) else value for name, value in item.items()}


@variant("silent: a reference that need not exist")
class UnknownLeadOfCallIgnored(Faulty):
    """A call for an unknown lead is placed, and shows no lead."""

    def check_reference(self, parameter: Parameter, value: Any, context: Context) -> None:
        try:
            super().check_reference(parameter, value, context)
        except Refusal:
            if not is_for(context, "create_call") or parameter.name != "lead_id":
                raise
            values: Any = context.values
            del values["lead_id"]


@variant("success bodies")
class ChangeAnsweredWithTheOldObject(Faulty):
    """A change is answered with the object as it was before."""

    def act_update(self, context: Context) -> Reply:
        before = self.render_item(context.operation, self.selected(context))
        reply = super().act_update(context)
        return Reply(reply.status, before, reply.headers) if reply.status == 200 else reply
