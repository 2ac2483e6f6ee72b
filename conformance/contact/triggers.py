"""Whether the recipes of a target file make the target answer with their codes."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter

from conformance.contact.survey import looked_at, untold
from conformance.errors import Unjudgeable
from conformance.model import Case, Remark
from conformance.names import TRIGGERED
from conformance.run.session import Session

SCENARIO = "trigger"
"""The scenario that sends a recipe."""


def cases(session: Session) -> list[Case]:
    """The cases that send the recipes of the target file, also those that it does not allow."""
    recipes = session.target.declaration.triggers
    given = set(map(attrgetter("code", "operation"), recipes))
    sending = filter(_sends_recipe, session.plan.cases)
    return [case for case in sending if (case.about, case.operation) in given]


def _sends_recipe(case: Case) -> bool:
    """Whether a case sends a recipe."""
    return case.scenario == SCENARIO


def triggers(session: Session) -> Iterator[Remark]:
    """Each recipe that may be sent makes the target answer with its code."""
    try:
        for case in cases(session):
            yield _tried(session, case)
    except Unjudgeable as error:
        yield untold("triggers", str(error))


def _tried(session: Session, case: Case) -> Remark:
    """What came of a recipe."""
    about = f"triggers: {case.about} at {case.operation}"
    if case.gap:
        return untold(about, f"not tried: {case.gap}")
    found = dict(session.run_case(case)).get(TRIGGERED)
    seen = f"{found.expected} did not come, but {found.actual}" if found else "it came"
    mend = "give a recipe of this server; or the server is wrong, as a run will say"
    return looked_at(about, seen, mend, wrong=found)
