"""Checks that the recipes of a target file make the target return their codes."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.base.errors import Unjudgeable
from conformance.examine.survey import looked_at, undecided
from conformance.model import Case, Remark
from conformance.run.session import Session
from conformance.target.names import TRIGGERED

SCENARIO = "trigger"
"""The scenario that sends the recipes."""


def cases(session: Session) -> list[Case]:
    """The cases that send the recipes of the target file, including those it does not allow."""
    recipes = session.target.declaration.triggers
    with_recipe = {(recipe.code, recipe.operation) for recipe in recipes}
    sending = [case for case in session.plan.cases if case.scenario == SCENARIO]
    return [case for case in sending if (case.about, case.operation) in with_recipe]


def triggers(session: Session) -> Iterator[Remark]:
    """Check that each recipe that may be sent makes the target return its code."""
    try:
        for case in cases(session):
            yield _tried(session, case)
    except Unjudgeable as error:
        yield undecided("triggers", str(error))


def _tried(session: Session, case: Case) -> Remark:
    """Run the case of one recipe; returns the remark on it."""
    about = f"triggers: {case.about} at {case.operation}"
    if case.gap:
        return undecided(about, f"not tried: {case.gap}")
    found = dict(session.run_case(case)).get(TRIGGERED)
    if found is None:
        seen = "the expected code was returned"
    else:
        seen = f"expected {found.expected}, but got {found.actual}"
    fix = (
        "Specify a recipe that works on this server. If this one should, a run reports the failure."
    )
    return looked_at(about, seen, fix, wrong=found is not None)
