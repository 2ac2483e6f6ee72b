"""Everything that is checked before a run, each with a remark on what to fix."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.base.options import Depth
from conformance.examine import around, data, keys
from conformance.examine.survey import Survey, undecided
from conformance.examine.triggers import triggers
from conformance.model import Remark, Selection
from conformance.plan.build import Plan
from conformance.run import preflight
from conformance.run.session import Session
from conformance.transport.patience import OverBudget

LOOKS = (
    keys.keys,
    keys.businesses,
    keys.emptiness,
    data.operations,
    data.objects,
    data.inapplicable,
    data.lists,
    around.clock_offset,
    around.clock,
    around.addresses,
)
"""The checks, in the order in which their findings should be fixed."""
ROOM = 200
"""Requests that a budget must have left, beyond the planned ones, for a first look."""


def begins_with_look(chosen: Plan, selection: Selection) -> bool:
    """Whether a run of the chosen cases makes a first look.

    It does not if the user chose certain clauses or areas, or if the budget is tight: then every
    request should serve a case.
    """
    planned = sum(chosen.requests().values())
    is_tight = selection.budget < planned + ROOM
    return not (is_tight or selection.areas or selection.clauses)


def first_look(session: Session, *, local: bool = True) -> Iterator[Remark]:
    """Check a target before the first case of a run, with little more than the plain reads.

    Without ``local``, the addresses of this machine are not checked. Triggers, and operations that
    need more than a key, are left to the cases of the run. A quick run checks only its keys, its
    businesses, and what the target file declares absent.
    """
    survey = Survey(session)
    if session.choice.depth == Depth.QUICK:
        yield from keys.keys(survey, brief=True)
        yield from keys.businesses(survey)
        yield from data.inapplicable(survey)
        return
    for look in LOOKS:
        if local or look is not around.addresses:
            yield from look(survey)


def examine(session: Session) -> Iterator[Remark]:
    """Check all parts of a target file that can be checked.

    Raises Unjudgeable if the target cannot be reached or is not this API.
    """
    preflight.check(session)
    survey = Survey(session, thorough=True)
    try:
        for look in LOOKS:
            yield from look(survey)
        yield from triggers(session)
    except OverBudget:
        fix = "Raise budget: in the target file."
        yield undecided("budget", "it is used up, so the rest was not checked", fix)
