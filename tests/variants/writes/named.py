"""Legal variants of requests that have names."""

from __future__ import annotations

from uuid import UUID

from conformance.server.messages import Context, Refusal, Reply
from tests.faults.base import Faulty, is_for, variant
from tests.faults.writes.named import NAME, RUN
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
class BusyNamesRefused(RefusedWhileBusy):
    """While a request is worked on, another one under its Idempotency-Key is refused."""

    def wanted(self, context: Context) -> str | None:
        return str(context.values[NAME]) if is_for(context, RUN) else None
