"""All that is looked at before a run. What to fix comes out as remarks."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.base.options import Depth
from conformance.examine import around, data, keys
from conformance.examine.survey import Survey
from conformance.examine.triggers import triggers
from conformance.model import Remark
from conformance.run import preflight
from conformance.run.session import Session

LOOKS = (
    keys.keys,
    keys.businesses,
    keys.emptiness,
    data.operations,
    data.inapplicable,
    data.lists,
    around.time_of_day,
    around.clock,
    around.addresses,
)
"""What is looked at, in the order in which a person fixes it."""


def first_look(session: Session) -> Iterator[Remark]:
    """Remarks on what a run looks at before its first case, which costs no more than reads.

    Triggers are cases of the run. A quick run looks at its keys and businesses alone.
    """
    survey = Survey(session)
    if session.choice.depth == Depth.QUICK:
        yield from keys.keys(survey, brief=True)
        yield from keys.businesses(survey)
        return
    for look in LOOKS:
        yield from look(survey)


def examine(session: Session) -> Iterator[Remark]:
    """A remark on each part of a target file of which something can be seen.

    Raises Unjudgeable if the target cannot be reached, or is not this API.
    """
    preflight.check(session)
    survey = Survey(session)
    for look in LOOKS:
        yield from look(survey)
    yield from triggers(session)
