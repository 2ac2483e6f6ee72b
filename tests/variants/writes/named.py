"""Legal variants of requests that have names."""

from __future__ import annotations

import time
from functools import cached_property
from uuid import UUID

from conformance.server.messages import Context, Refusal, Reply
from tests.faults.base import Faulty, is_for, variant
from tests.faults.writes.named import NAME, RUN


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
class BusyNamesRefused(Faulty):
    """While a request is worked on, another one under its Idempotency-Key is refused."""

    @cached_property
    def _busy(self) -> set[str]:
        return set()

    def act(self, context: Context) -> Reply:
        if not is_for(context, RUN):
            return super().act(context)
        name = context.values[NAME]
        if name in self._busy:
            raise Refusal("invalid_parameter")
        self._busy.add(name)
        try:
            time.sleep(0.02)  # lets another request in
            return super().act(context)
        finally:
            self._busy.discard(name)
