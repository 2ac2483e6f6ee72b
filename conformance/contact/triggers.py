"""Whether the recipes of a target file make the target answer with their codes."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.contact.survey import Remark, looked_at, untold
from conformance.errors import Unjudgeable
from conformance.model import Case
from conformance.run.session import Session

SCENARIO, RULE = "trigger", "trigger.answer"
"""The scenario that sends a recipe, and the rule that judges what came."""


def cases(session: Session) -> Iterator[Case]:
    """The cases that send a recipe of the target file, and that it allows."""
    return filter(_sends_recipe, session.plan.runnable)


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
    found = dict(session.run_case(case)).get(RULE)
    if found is None:
        return looked_at(about, "it came")
    seen = f"{found.expected} did not come, but {found.actual}"
    return looked_at(about, seen, "is the recipe one of this server?")
