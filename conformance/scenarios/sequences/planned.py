"""The cases of sequences, and how one is run."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import Effect, KeyName
from conformance.plan.registry import Depth, Draft, Planning
from conformance.scenarios.client.client import Client
from conformance.scenarios.sequences.kinds import writes_of_kinds
from conformance.scenarios.sequences.machine import Sequence
from conformance.scenarios.sequences.program import program

ROUNDS = {Depth.FULL: 1, Depth.DEEP: 4}
"""Rounds of a sequence, each with every kind of turn."""
ROUND, REMOVAL = 28, 14
"""Requests of a round, and of a deletion."""


def sequences(planning: Planning) -> Iterator[Draft]:
    """One case for each kind of object that can be created, changed and seen at no cost."""
    for writes in writes_of_kinds(planning.contract):
        cost = ROUNDS[planning.depth] * ROUND + (REMOVAL if writes.deletion else 0)
        yield Draft(
            writes.change,
            effect=Effect.WRITE,
            needs=(KeyName.FULL,),
            wants=(KeyName.OTHER, KeyName.READ_ONLY),
            cost=cost,
            optional=True,
        )


def take_turns(client: Client) -> None:
    """Create an object of the kind of a case, and take the turns of its program."""
    operation = client.operation
    for writes in writes_of_kinds(client.contract):
        if writes.change == operation:
            sequence = Sequence(client, writes)
            if sequence.begin():
                for turn in program(client.seed, operation.kind, ROUNDS[client.depth]):
                    sequence.take(turn)
