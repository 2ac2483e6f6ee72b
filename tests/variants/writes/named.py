"""Legal variants of requests that have names."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from conformance.base.values import without
from conformance.server.messages import Context, Refusal, Reply, Request
from tests.faults.base import Faulty, is_for, variant
from tests.faults.writes.named import NAME, RUN
from tests.variants.envelope import FirstAnswerAgain
from tests.variants.writes.sequences import RefusedWhileBusy


@variant("E34", at=RUN)
class OnlyUuidsName(Faulty):
    """An Idempotency-Key is a UUID, in small letters or capitals."""

    def act(self, context: Context) -> Reply:
        if is_for(context, RUN):
            try:
                UUID(context.values[NAME])
            except ValueError:
                raise Refusal("invalid_parameter") from None
        return super().act(context)


@variant("E34", at=RUN)
class NamedRunOfAnyAge(FirstAnswerAgain):
    """A request under the name of an earlier one returns 200 and the run, but not its age."""

    def dispatch(self, request: Request) -> Reply:
        reply = super().dispatch(request)
        if request.headers.get("idempotency-key") is None or not isinstance(reply.body, dict):
            return reply
        return replace(reply, body=without(reply.body, {"created_at"}))


@variant("E34", at=RUN)
class BusyNamesRefused(RefusedWhileBusy):
    """While a request is worked on, another one under its Idempotency-Key is refused."""

    def wanted(self, context: Context) -> str | None:
        return str(context.values[NAME]) if is_for(context, RUN) else None
