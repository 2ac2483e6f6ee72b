"""Judges of sequences: what is accepted lasts, and what is deleted or refused stays so."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.judging.lasting import outcomes_of
from conformance.judging.outcomes import JudgeContext, Outcome
from conformance.judging.rules import passive
from conformance.model import Exchange

HINT = "Needs an object that is written again and again."


def _judged(context: JudgeContext, exchange: Exchange, kind: str) -> Iterator[Outcome]:
    """The outcomes of one kind on a write."""
    for found, outcome in outcomes_of(context, exchange):
        if found == kind:
            yield outcome


@passive("create.lasting", hint=HINT, whole=True)
def create_lasting(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """An object that was created stays, and a later creation leaves it alone."""
    yield from _judged(context, exchange, "create")


@passive("update.lasting", hint=HINT, whole=True)
def update_lasting(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """An accepted change lasts until a later one replaces it, also if both overlap."""
    yield from _judged(context, exchange, "update")


@passive("delete.lasting", hint=HINT, whole=True)
def delete_lasting(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """A deleted object does not come back, and others stay."""
    yield from _judged(context, exchange, "delete")


@passive("refused.lasting", hint=HINT, whole=True)
def refused_lasting(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """A refused request in a sequence changes no object, and brings none back."""
    yield from _judged(context, exchange, "refused")
