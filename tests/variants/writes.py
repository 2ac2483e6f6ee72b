"""Legal variants of writes."""

from __future__ import annotations

from typing import Any

from conformance.server.messages import Context, Refusal, Reply
from tests.faults.base import Faulty, variant


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


@variant("success bodies")
class ChangeAnsweredWithTheOldObject(Faulty):
    """A change is answered with the object as it was before."""

    def act_update(self, context: Context) -> Reply:
        before = self.render_item(context.operation, self.selected(context))
        reply = super().act_update(context)
        return Reply(reply.status, before, reply.headers) if reply.status == 200 else reply
