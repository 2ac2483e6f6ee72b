"""The judge of response transfer, applied to every exchange.

A single broken transfer is not a finding, because the network may be to blame. The transport
reports it if two consecutive responses of an operation are broken. It repeats a read over a fresh
connection, but never a write.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.judging.outcomes import JudgeContext, Outcome, Pass, Violation
from conformance.judging.rules import every, passive
from conformance.model import Exchange, Role


@passive("transfer.whole", applies=every, hint="No response was received.")
def transfer_whole(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """A response is well-formed HTTP, and complete."""
    broken, response = exchange.facts.broken, exchange.response
    if broken:
        yield Violation("transfer", "a well-formed and complete answer", broken, (exchange.id,))
    elif response and not response.body.cut and exchange.role is not Role.RETRY:
        yield Pass((exchange.id,))
