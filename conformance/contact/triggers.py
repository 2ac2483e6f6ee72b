"""Whether the recipes of a target file make the target answer with their codes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from operator import attrgetter

from conformance.contact.survey import Remark, looked_at, untold
from conformance.errors import Unjudgeable
from conformance.model import Case, CodeRole
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
        for case in filter(partial(_is_in_file, session), session.plan.cases):
            yield _tried(session, case)
    except Unjudgeable as error:
        yield untold("triggers", str(error))


def _is_in_file(session: Session, case: Case) -> bool:
    """Whether a case sends a recipe that the target file holds."""
    recipes = session.target.declaration.triggers
    given = set(map(attrgetter("code", "operation"), recipes))
    return _sends_recipe(case) and (case.about, case.operation) in given


def _tried(session: Session, case: Case) -> Remark:
    """What came of a recipe."""
    about = f"triggers: {case.about} at {case.operation}"
    if case.gap:
        return untold(about, f"not tried: {case.gap}")
    if case.about in session.contract.codes_of(CodeRole.RATE_LIMITED):
        return untold(about, "not tried: after a 429 the suite waits")
    found = dict(session.run_case(case)).get(RULE)
    if found is None:
        return looked_at(about, "it came")
    seen = f"{found.expected} did not come, but {found.actual}"
    mend = "give a recipe of this server; or the server is wrong, as a run will say"
    return looked_at(about, seen, mend)
