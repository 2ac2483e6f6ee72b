"""Finds reads that do not show what a change stored, such as those of a cache.

If a later response shows the value that the change sent, the target has stored it. So the read that
missed it is to blame, and not the change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from conformance.causes.other_objects import OF_CHANGES
from conformance.causes.sightings import Sighting
from conformance.causes.stored_values import object_of
from conformance.model import Contract, Exchange
from conformance.reading import Answer, answer_of, as_shown, members_of, sent_members


def outdated_read(
    contract: Contract, sightings: Sequence[Sighting], by_id: Mapping[str, Exchange]
) -> str:
    """The route of the read that does not show what a change stored; empty if there is none.

    ``by_id`` has all exchanges of the log, in log order.
    """
    for sighting in sightings:
        shown_by = [by_id[name] for name in sighting.exchange_ids if name in by_id]
        if sighting.own_key.rule not in OF_CHANGES or not shown_by:
            continue
        change, read = answer_of(contract, shown_by[0]), answer_of(contract, shown_by[-1])
        member = sighting.finding.where.removeprefix("/")
        if change and read and _is_stored(contract, change, read, member, by_id):
            return read.operation.exact_route
    return ""


def _is_stored(
    contract: Contract, change: Answer, missed: Answer, member: str, by_id: Mapping[str, Exchange]
) -> bool:
    """Whether a response shows a change that an earlier read missed, before it is sent again."""
    value = _sent(change).get(member)
    if value is None or missed.id is None or object_of(contract, change.exchange) != missed.id:
        return False
    for answer in _later_answers(contract, missed, by_id):
        if _sent(answer).get(member) == value:
            return False
        if _shows(answer, missed, member, value):
            return True
    return False


def _later_answers(
    contract: Contract, missed: Answer, by_id: Mapping[str, Exchange]
) -> Iterator[Answer]:
    """The responses after a read, from operations on the same kind of object."""
    ids = list(by_id)
    for name in ids[ids.index(missed.exchange.id) + 1 :]:
        answer = answer_of(contract, by_id[name])
        if answer is not None and answer.operation.kind == missed.operation.kind:
            yield answer


def _shows(answer: Answer, missed: Answer, member: str, value: Any) -> bool:
    """Whether a response shows the object that a read showed, with a value of a member."""
    identifier = answer.contract.identifier_of(answer.operation.kind)
    for row in (*answer.rows, members_of(answer.object)):
        if row.get(identifier) == missed.id and row.get(member) == value:
            return True
    return False


def _sent(write: Answer) -> dict[str, Any]:
    """The members that a request sent, by the names under which objects show them."""
    return as_shown(write.operation, sent_members(write.exchange))
