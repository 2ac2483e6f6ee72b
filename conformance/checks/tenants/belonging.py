"""The judge of lists that show what another business created in the same run."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.judging.outcomes import JudgeContext, Outcome
from conformance.judging.rules import passive
from conformance.judging.target_model import outcomes_at
from conformance.model import Exchange


@passive("tenant.belongs", hint="No list showed what the run had created.", whole=True)
def tenant_belongs(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """No list shows an object that another business created in the run."""
    yield from outcomes_at(context, exchange, "tenant.belongs")
