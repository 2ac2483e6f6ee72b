"""What stands beside the object of a write: in its list, and in that of another business."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from itertools import chain, filterfalse
from operator import attrgetter
from typing import Any

from conformance.base.values import instants, picked, texts_in
from conformance.judging.outcomes import JudgeContext, Outcome, Pass, Trial, Violation
from conformance.judging.responses import said
from conformance.judging.writes import answers_at, last_success
from conformance.model import Side, Step, compact
from conformance.reading import Answer, as_shown, missing, ordered, position_of, rows_of

SAME_TIME = 1
"""Seconds by which one position may differ from place to place, for it may be rounded."""


def neighbours_stay(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """What lists show before a write they show after it, in its place, and unchanged by the write.

    A list that loses or moves items by itself is not judged.
    """
    write = last_success(context, trial, Step.WRITE)
    if write is None:
        return
    before, after = (
        _by_side(answers_at(context, trial, step))
        for step in (Step.LISTED_BEFORE, Step.LISTED_AFTER)
    )
    for side in filter(after.__contains__, before):
        first, last, now = before[side][0], before[side][-1], after[side][-1]
        ids = tuple(answer.exchange.id for answer in (last, write, now))
        gone = _gone(write, last, after[side], ids)
        found = chain(gone, _moved(last, now, ids), _reached(write, last, now, ids))
        later = _beside(write, rows_of(missing(after[side][0], now)))
        drifts = chain(missing(first, last), _moved(first, last, ids), later)
        if not any(drifts):
            yield next(found, Pass(ids))


def _by_side(looks: list[Answer]) -> dict[Side | None, list[Answer]]:
    """The lists that were answered, by whose data they show."""
    sides: dict[Side | None, list[Answer]] = {}
    for look in looks:
        if look.items is not None:
            sides.setdefault(look.exchange.facts.side, []).append(look)
    return sides


def _gone(
    write: Answer, old: Answer, looks: list[Answer], ids: tuple[str, ...]
) -> Iterator[Violation]:
    """The objects that neither the first look after it nor the last one shows, but for its own.

    What goes later goes by itself.
    """
    early, new = looks[0], looks[-1]
    at_once = set(map(early.identity, early.rows))
    rows = filterfalse(lambda row: old.identity(row) in at_once, rows_of(missing(old, new)))
    for row in _beside(write, list(rows)):
        expected = f"{old.identity(row)}, which was there before the request"
        yield Violation("/", expected, said(new.exchange), ids)


def _moved(old: Answer, new: Answer, ids: tuple[str, ...]) -> Iterator[Violation]:
    """The objects that have another position than before, that of the write included."""
    known = {old.identity(row): position_of(old.operation, row) for row in old.rows}
    for row in new.rows:
        was, now = known.get(new.identity(row)), position_of(new.operation, row)
        if _are_apart(was, now):
            yield Violation(f"/{new.contract.position}", compact(was), compact(now), ids)


def _are_apart(was: Any, now: Any) -> bool:
    """Whether two positions are not the same time, which one of them may show rounded."""
    moments, is_rounded = instants([was, now]), len(str(was)) != len(str(now))
    return len(moments) > 1 and abs(moments[0] - moments[1]) > SAME_TIME * is_rounded


def _beside(write: Answer, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of a list but for that of the object that the write names."""
    name = write.contract.identifier_of(write.operation.kind)
    return [row for row in rows if str(row.get(name)) != write.exchange.facts.sought]


def _reached(write: Answer, old: Answer, new: Answer, ids: tuple[str, ...]) -> Iterator[Violation]:
    """The members of other objects that now show what was sent for the object of the write."""
    before = {old.identity(row): row for row in old.rows}
    for row in _beside(write, new.rows):
        yield from taken_along(write, before.get(new.identity(row), row), row, ids)


def taken_along(
    write: Answer, old: Mapping[str, Any], new: Mapping[str, Any], ids: tuple[str, ...]
) -> Iterator[Violation]:
    """The members of an object that now show what was sent for another one.

    They show a text that no other request sent, or the state that was asked for. What else changes
    there may change by itself.
    """
    fresh = set(map(attrgetter("shown_as"), write.operation.fresh_members))
    sent = picked(as_shown(write.operation, write.exchange.facts.sent), fresh)
    texts, states = texts_in(sent.values()), ordered(write.operation, write.exchange, new)
    for name, value in new.items():
        if (_shows(value, texts) or name in states) and old.get(name) != value:
            expected = f"{compact(old.get(name))}, as another object was worked on"
            yield Violation(f"/{name}", expected, compact(value), ids)


def _shows(value: Any, texts: list[str]) -> bool:
    """Whether a value is one of some texts, or has one in it."""
    shown = compact(value, sys.maxsize)
    return any(map(shown.__contains__, map(compact, texts)))
