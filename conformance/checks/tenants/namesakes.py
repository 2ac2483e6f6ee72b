"""Tells objects of two businesses apart that have the same name."""

from __future__ import annotations

from conformance.judging.outcomes import JudgeContext, Trial
from conformance.model import Exchange, Step
from conformance.reading import Answer, id_of


def is_namesake(context: JudgeContext, trial: Trial, exchange: Exchange) -> bool:
    """Whether the response shows another object, which only shares its name with the foreign one.

    Only a read by name can. False if the other business was shown no id for the name, because then
    it is unknown which object the response shows.
    """
    owners = [_id_shown(context, owner) for owner in trial.at(Step.OWNER)]
    selector = context.operation.selector
    if selector is None or selector.by is None or None in owners:
        return False
    return _id_shown(context, exchange) not in (None, *owners)


def _id_shown(context: JudgeContext, exchange: Exchange) -> str | None:
    """The id of the object that a response shows, or None."""
    answer = Answer(context.contract, context.operation, exchange)
    return id_of(context.contract, context.operation.kind, answer.object)
