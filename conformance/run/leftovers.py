"""What a stored run says that it left on a target, by what the target itself shows of it.

A stored run may be forged. So an object is removed only if the target shows that this run made it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from conformance.model import Effect, Exchange, Operation, Role, Run
from conformance.reading import (
    GONE,
    Answer,
    Made,
    answer_of,
    is_own,
    marks_in,
    members_of,
    removals,
    sought_in,
)
from conformance.run.session import Session


class Standing(StrEnum):
    """What becomes of an object that a stored run says to have made."""

    OWN = "can be removed"
    GONE = "no longer there"
    UNPROVEN = "not removed: cannot be proven to be this run's"
    BARRED = "not removed: the target file does not allow it"
    STUCK = "not removed: the API has no way to remove it"


def removable(run: Run, left: Iterable[Made]) -> list[Made]:
    """Those of some objects that the API has a way to remove, in their order."""
    left = list(left)
    return _in(left, removals(run.contract, left, Effect))


def _in(left: list[Made], found: list[tuple[Made, Operation]]) -> list[Made]:
    """Those of some objects that are among what can be removed, in their order."""
    ways = dict(found)
    return [each for each in left if each in ways]


def standing_of(session: Session, run: Run, left: Iterable[Made]) -> dict[Made, Standing]:
    """The standing of each object that a stored run says it made. Nothing is sent but reads."""
    left = list(left)
    found = dict.fromkeys(left, Standing.STUCK)
    marks = marks_in(run.exchanges)
    for each in removable(run, left):
        found[each] = _as_shown(session, marks, each)
    own = [each for each in left if found[each] is Standing.OWN]
    allowed = session.target.declaration.allow
    may_go = _in(own, removals(run.contract, own, allowed))
    for each in own:
        if each not in may_go:
            found[each] = Standing.BARRED
    return found


def _as_shown(session: Session, marks: frozenset[str], made: Made) -> Standing:
    """The standing of an object, by what the target shows of it to the key that made it."""
    declared, contract = session.target.declaration, session.contract
    if made.identity not in declared.keys:
        return Standing.UNPROVEN
    look = session.cleaner().look(made.kind, made.id, key=made.identity, role=Role.BYSTANDER)
    shown, goes_on = sought_in(contract, look)
    if is_own(contract, declared.inputs, marks, made, members_of(shown)):
        return Standing.OWN
    answer = answer_of(contract, look) if look else None
    if answer is None or shown is not None or goes_on:
        return Standing.UNPROVEN
    return Standing.GONE if _is_without(answer) else Standing.UNPROVEN


def _is_without(answer: Answer) -> bool:
    """Whether a response that does not show an object says that there is none."""
    exchange: Exchange = answer.exchange
    if answer.operation.paging is None:
        return exchange.status == GONE
    return answer.items is not None and answer.more is False
