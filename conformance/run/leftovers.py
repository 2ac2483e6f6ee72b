"""What a stored run says that it left on a target, by what the target itself shows of it.

A stored run may be forged. So an object is removed only if the target shows that this run made it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from conformance.model import Effect, Exchange, Role, Run
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
    ways = {each for each, _ in removals(run.contract, left, Effect)}
    return [each for each in left if each in ways]


def standing_of(session: Session, run: Run, left: Iterable[Made]) -> dict[Made, Standing]:
    """How each of some objects stands that a stored run says to have made. It only reads."""
    left = list(left)
    ways = removable(run, left)
    allowed = {each for each, _ in removals(run.contract, left, session.target.declaration.allow)}
    marks = marks_in(run.exchanges)
    found: dict[Made, Standing] = {}
    for each in left:
        if each not in ways:
            found[each] = Standing.STUCK
        else:
            seen = _as_shown(session, marks, each)
            barred = seen is Standing.OWN and each not in allowed
            found[each] = Standing.BARRED if barred else seen
    return found


def _as_shown(session: Session, marks: frozenset[str], made: Made) -> Standing:
    """How an object stands by what the target shows of it to the key that made it."""
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
    """Whether an answer that does not show an object says that there is none."""
    exchange: Exchange = answer.exchange
    if answer.operation.paging is None:
        return exchange.status == GONE
    return answer.items is not None and answer.more is False
