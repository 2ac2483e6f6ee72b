"""Judges the objects next to that of a write, in its list and in that of another business."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.base.values import instants, picked, texts_in
from conformance.judging.outcomes import JudgeContext, Outcome, Pass, Trial, Violation
from conformance.judging.responses import quote
from conformance.judging.writes import answers_at, last_success
from conformance.model import Side, Step, compact
from conformance.reading import (
    Answer,
    as_shown,
    members_in_state,
    missing_items,
    position_of,
    rows_of,
)

SAME_TIME = 1
"""Seconds by which one position may differ from place to place, because it may be rounded."""


def neighbours_stay(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """Judge that lists still show after a write what they showed before it, unmoved and unchanged.

    The list of each business is judged alone, and gets at most one violation. A list that loses or
    moves items by itself is not judged.
    """
    write = last_success(context, trial, Step.WRITE)
    if write is None:
        return
    before = _by_side(answers_at(context, trial, Step.LISTED_BEFORE))
    after = _by_side(answers_at(context, trial, Step.LISTED_AFTER))
    for side in before:
        if side not in after or _drifts(write, before[side], after[side]):
            continue
        old, new = before[side][-1], after[side][-1]
        violations = [
            *_gone(write, old, after[side]),
            *_moved(write, old, new),
            *_spread_to_others(write, old, new),
        ]
        yield violations[0] if violations else Pass(_ids(old, write, new))


def _ids(*answers: Answer) -> tuple[str, ...]:
    """The ids of the exchanges of some responses."""
    return tuple(answer.exchange.id for answer in answers)


def _drifts(write: Answer, before: list[Answer], after: list[Answer]) -> bool:
    """Whether a list loses items by itself, before or after the write, or moves them before it.

    The object that the write names may disappear after it.
    """
    if any(missing_items(before[0], before[-1])) or _moved(write, before[0], before[-1]):
        return True
    return any(_other_rows(write, rows_of(missing_items(after[0], after[-1]))))


def _by_side(looks: list[Answer]) -> dict[Side | None, list[Answer]]:
    """The looks that returned a list, in order, by the side whose data they show."""
    sides: dict[Side | None, list[Answer]] = {}
    for look in looks:
        if look.items is not None:
            sides.setdefault(look.exchange.facts.side, []).append(look)
    return sides


def _gone(write: Answer, old: Answer, looks: list[Answer]) -> Iterator[Violation]:
    """A violation for each other object that was shown before the write, but is missing after it.

    It is missing in the first and in the last of the ``looks`` after the write. An object that
    disappears only after the first of them disappears by itself.
    """
    first, new = looks[0], looks[-1]
    in_first = {first.identity(row) for row in first.rows}
    for row in _other_rows(write, rows_of(missing_items(old, new))):
        if old.identity(row) not in in_first:
            expected = f"{old.identity(row)}, which was there before the request"
            yield Violation("/", expected, quote(new.exchange), _ids(old, write, new))


def _moved(write: Answer, old: Answer, new: Answer) -> list[Violation]:
    """A violation for each object whose position has changed, even for the object of the write."""
    old_positions = {old.identity(row): position_of(old.operation, row) for row in old.rows}
    where, ids = f"/{new.contract.position}", _ids(old, write, new)
    moved = []
    for row in new.rows:
        was, now = old_positions.get(new.identity(row)), position_of(new.operation, row)
        if _are_different_times(was, now):
            moved.append(Violation(where, compact(was), compact(now), ids))
    return moved


def _are_different_times(was: Any, now: Any) -> bool:
    """Whether two positions are different times; False if one of them is not a time.

    Texts of different lengths may stand for the same time, with one of them rounded.
    """
    if was == now:
        return False
    moments = instants([was, now])
    if len(moments) < 2:
        return False
    is_rounded = len(str(was)) != len(str(now))
    tolerance = SAME_TIME if is_rounded else 0
    return abs(moments[0] - moments[1]) > tolerance


NONE_CREATED = "no new object, as the request only plans one"
"""What is expected of a list after a request that plans an object."""


def _other_rows(write: Answer, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of a list, except that of the object that the write names."""
    name = write.contract.identifier_of(write.operation.kind)
    return [row for row in rows if str(row.get(name)) != write.exchange.facts.sought]


def _spread_to_others(write: Answer, old: Answer, new: Answer) -> Iterator[Violation]:
    """A violation for each other object or member that shows what the write sent for its object.

    A new object may show it, unless the request only plans an object.
    """
    before = {old.identity(row): row for row in old.rows}
    creates_none = write.contract.only_plans(write.operation)
    texts, ids = _fresh_texts(write), _ids(old, write, new)
    for row in _other_rows(write, new.rows):
        was = before.get(new.identity(row))
        if was is not None:
            yield from _members_spread_to(write, texts, was, row, ids)
        elif creates_none and _shows(row, texts):
            yield Violation("/", NONE_CREATED, compact(row), ids)


def spread_to(
    write: Answer, old: Mapping[str, Any], new: Mapping[str, Any], ids: tuple[str, ...]
) -> Iterator[Violation]:
    """A violation for each member of an object that now shows what was sent for another one.

    It shows a text that no other request sent, or the requested state. Any other change may happen
    by itself.
    """
    yield from _members_spread_to(write, _fresh_texts(write), old, new, ids)


def _fresh_texts(write: Answer) -> list[str]:
    """The texts that a write sent and that no other request did."""
    fresh = {member.shown_as for member in write.operation.fresh_members}
    sent = as_shown(write.operation, write.exchange.facts.sent)
    return texts_in(picked(sent, fresh).values())


def _members_spread_to(
    write: Answer,
    texts: list[str],
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    ids: tuple[str, ...],
) -> Iterator[Violation]:
    """A violation for each member that now has one of some texts, or the requested state."""
    states = members_in_state(write.operation, write.exchange, new)
    for name, value in new.items():
        if old.get(name) != value and (name in states or _shows(value, texts)):
            expected = f"{compact(old.get(name))}, as another object was worked on"
            yield Violation(f"/{name}", expected, compact(value), ids)


def _shows(value: Any, texts: list[str]) -> bool:
    """Whether a value is one of some texts, or contains one."""
    shown = compact(value, sys.maxsize)
    return any(compact(text) in shown for text in texts)
