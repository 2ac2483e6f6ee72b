"""Judges of writes by every later response of the run that shows their object."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.judging.outcomes import JudgeContext, Outcome
from conformance.judging.rules import passive
from conformance.judging.target_model import outcomes_at
from conformance.model import Exchange

HINT = "No response showed an object that the run had written."


@passive("create.shown", hint=HINT, whole=True)
def create_shown(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """Every response shows a created object with the values that were sent, until it changes."""
    yield from outcomes_at(context, exchange, "create.shown")


@passive("update.shown", hint=HINT, whole=True)
def update_shown(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """Every response shows a change once it has settled, in lists and to every key."""
    yield from outcomes_at(context, exchange, "update.shown")


@passive("delete.shown", hint=HINT, whole=True)
def delete_shown(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """No response shows a deleted object again as it was."""
    yield from outcomes_at(context, exchange, "delete.shown")


@passive("refused.shown", hint=HINT, whole=True)
def refused_shown(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """No response shows what only a refused request has sent."""
    yield from outcomes_at(context, exchange, "refused.shown")


@passive("create.dated", hint=HINT, whole=True)
def create_dated(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """Every response shows an object with the same position, to the second."""
    yield from outcomes_at(context, exchange, "create.dated")
