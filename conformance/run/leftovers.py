"""Checks on the target which objects of a stored run are still there and were created by it.

A stored run may be forged, so an object is removed only if the target shows that this run made it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from conformance.model import Effect, Exchange, Operation, Role, Run
from conformance.reading import (
    GONE,
    Answer,
    Made,
    answer_of,
    bodies_sent,
    is_own,
    keys_of,
    members_of,
    removals,
    sought_in,
)
from conformance.run.session import Session


class Standing(StrEnum):
    """What can be done with an object that a stored run claims to have created."""

    OWN = "can be removed"
    GONE = "no longer there"
    UNPROVEN = "not removed: no proof that this run created it"
    BARRED = "not removed: the target file does not allow it"
    STUCK = "not removed: the API cannot remove it"


@dataclass(frozen=True)
class Traces:
    """What identifies the objects of a run: the keys of its marks, and the bodies that it sent."""

    keys: list[str]
    sent: frozenset[str]


def removable(run: Run, left: Iterable[Made]) -> list[Made]:
    """The objects that the API can remove, whatever the target file allows, in the same order."""
    left = list(left)
    return _in_order_of(left, removals(run.contract, left, Effect))


def _in_order_of(left: list[Made], deletions: list[tuple[Made, Operation]]) -> list[Made]:
    """The objects that have a deletion, in the order of ``left``."""
    deletable = {made for made, _ in deletions}
    return [each for each in left if each in deletable]


def standing_of(session: Session, run: Run, left: Iterable[Made]) -> dict[Made, Standing]:
    """The standing of each object that a stored run claims to have created; sends only reads."""
    left = list(left)
    found = dict.fromkeys(left, Standing.STUCK)
    traces = Traces(keys_of(run), bodies_sent(run.exchanges))
    for each in removable(run, left):
        found[each] = _standing_shown(session, traces, each)
    own = [each for each in left if found[each] is Standing.OWN]
    allowed = session.target.declaration.allow
    permitted = _in_order_of(own, removals(run.contract, own, allowed))
    for each in own:
        if each not in permitted:
            found[each] = Standing.BARRED
    return found


def _standing_shown(session: Session, traces: Traces, made: Made) -> Standing:
    """The standing of an object, by what the target returns to the key that created it.

    Sends only reads. A response that shows the object without the marks of the run, or a list that
    may have more items, proves nothing.
    """
    declared, contract = session.target.declaration, session.contract
    if made.identity not in declared.keys:
        return Standing.UNPROVEN
    look = session.cleaner().look(made.kind, made.id, key=made.identity, role=Role.BYSTANDER)
    shown, may_follow = sought_in(contract, look)
    if is_own(contract, declared.inputs, traces.keys, traces.sent, made, members_of(shown)):
        return Standing.OWN
    answer = answer_of(contract, look) if look else None
    if answer is None or shown is not None or may_follow:
        return Standing.UNPROVEN
    return Standing.GONE if _proves_absence(answer) else Standing.UNPROVEN


def _proves_absence(answer: Answer) -> bool:
    """Whether a response that does not show an object proves that it does not exist."""
    exchange: Exchange = answer.exchange
    if answer.operation.paging is None:
        return exchange.status == GONE
    return answer.items is not None and answer.more is False
