"""All that is looked at before a run: what to mend comes out as remarks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from conformance.contact import around, data, keys
from conformance.contact.survey import Survey
from conformance.contact.triggers import triggers
from conformance.model import Remark
from conformance.options import Depth
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
"""What is looked at, in the order in which a person mends it."""


def first_look(session: Session) -> Iterator[Remark]:
    """A remark for what a run looks at before its first case, which costs no more than reads.

    Triggers are cases of the run. A quick one looks at its keys and businesses alone.
    """
    survey = Survey(session)
    if session.choice.depth == Depth.QUICK:
        return chain(keys.keys(survey, brief=True), keys.businesses(survey))
    return chain.from_iterable(look(survey) for look in LOOKS)


def examine(session: Session) -> Iterator[Remark]:
    """A remark for each part of a target file that something can be seen of.

    Raises Unjudgeable if the target cannot be reached, or is not this API.
    """
    preflight.check(session)
    survey = Survey(session)
    yield from chain.from_iterable(look(survey) for look in LOOKS)
    yield from triggers(session)
