"""What stands beside the object of a write: in its list, and in that of another business."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from conformance.judging.answers import said
from conformance.judging.outcomes import JudgeContext, Outcome, Pass, Trial, Violation
from conformance.judging.writes import answers_at, last_success, orders_of
from conformance.model import Side, Step, compact
from conformance.reading import Answer, as_shown, missing, rows_of
from conformance.values import texts_in


def neighbours_stay(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """What lists show before a write they show after it, and the write is not done to it.

    A list that loses items by itself is not judged, nor one that was not answered.
    """
    write = last_success(context, trial, Step.WRITE)
    for side in Side:
        earlier, later = (
            _looks(context, trial, step, side) for step in (Step.LISTED_BEFORE, Step.LISTED_AFTER)
        )
        if write is None or not later or len(earlier) < 2 or missing(*earlier):
            continue
        looks = earlier[-1], later[-1]
        found = chain(_gone(write, *looks), _taken_along(write, *looks))
        yield next(found, Pass(_ids(write, *looks)))


def _looks(context: JudgeContext, trial: Trial, step: Step, side: Side) -> list[Answer]:
    """The answers with items that a list gave in a step to the key of a side."""
    answers = answers_at(context, trial, step)
    return [look for look in answers if look.exchange.facts.side is side and look.items is not None]


def _ids(write: Answer, old: Answer, new: Answer) -> tuple[str, ...]:
    """The look before the write, the write, and the look after it."""
    return tuple(answer.exchange.id for answer in (old, write, new))


def _gone(write: Answer, old: Answer, new: Answer) -> Iterator[Violation]:
    """The objects that the list does not show any more, but for that of the write."""
    for row in _beside(write, rows_of(missing(old, new))):
        expected = f"{old.identity(row)}, which was there before the request"
        yield Violation("/", expected, said(new.exchange), _ids(write, old, new))


def _beside(write: Answer, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of a list but for that of the object that the write names."""
    name = write.contract.identifier_of(write.operation.kind)
    return [row for row in rows if str(row.get(name)) != write.exchange.facts.sought]


def _taken_along(write: Answer, old: Answer, new: Answer) -> Iterator[Violation]:
    """The members of other objects that now show what was sent for the object of the write."""
    before = {old.identity(row): row for row in old.rows}
    for row in _beside(write, new.rows):
        earlier = before.get(new.identity(row), row)
        for name, value in row.items():
            if earlier.get(name) != value and was_meant(write, value):
                expected = f"{compact(earlier.get(name))}, as another object was worked on"
                yield Violation(f"/{name}", expected, compact(value), _ids(write, old, new))


def was_meant(write: Answer, value: Any) -> bool:
    """Whether a value is a text that a write sent, or the state that it asked for."""
    orders = tuple(orders_of(write.operation, write.exchange))
    sent = as_shown(write.operation, write.exchange.facts.sent)
    return value in texts_in(sent.values()) or str(value).lower().startswith(orders)
