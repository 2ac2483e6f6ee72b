"""Judges of creations: each object appears in its list once, with the values that were sent."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from conformance.base.values import instant, instants
from conformance.checks.writes.neighbours import SAME_TIME, neighbours_stay
from conformance.checks.writes.read_back import read_back
from conformance.judging.lasting import HINT, lasting
from conformance.judging.outcomes import Answered, JudgeContext, Outcome, Pass, Trial, Violation
from conformance.judging.responses import answered, quote
from conformance.judging.rules import passive, trial
from conformance.judging.target_model import NEVER_SHOWN, outcomes_at
from conformance.judging.writes import (
    added_items,
    answers_at,
    items_with,
    last_answer,
    last_ids,
    last_success,
    shows_sent,
)
from conformance.model import Exchange, Step, compact
from conformance.reading import (
    Answer,
    answer_of,
    id_of,
    lacks_new_object,
    members_of,
    moment_of,
)

CLOCKS_APART = 300
"""Seconds by which the clocks of target and suite may differ."""


@trial("create.read-back", hint="Needs an object that the run creates and reads back.")
def create_read_back(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A created object can be read, with the values that were sent."""
    yield from read_back(context, trial)


@passive("create.shown", hint=NEVER_SHOWN, whole=True)
def create_shown(context: JudgeContext, exchange: Exchange) -> list[Outcome]:
    """Every response shows a created object with the values that were sent, until it changes."""
    return outcomes_at(context, exchange, "create.shown")


@passive("create.named", hint=NEVER_SHOWN, whole=True)
def create_named(context: JudgeContext, exchange: Exchange) -> list[Outcome]:
    """A request under a known name returns the first object, and one under a new name another."""
    return outcomes_at(context, exchange, "create.named")


@passive("create.dated", hint=NEVER_SHOWN, whole=True)
def create_dated(context: JudgeContext, exchange: Exchange) -> list[Outcome]:
    """Every response shows an object with the same position, to the second."""
    return outcomes_at(context, exchange, "create.dated")


@trial(
    "create.others",
    hint="Needs a creation that succeeds, and a list of other objects.",
    confirm=True,
)
def create_others(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A creation leaves all other objects in place, including those of another business."""
    yield from neighbours_stay(context, trial)


@trial("create.one", hint="Needs two creations that succeed.")
def create_one(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """Each creation makes one object, with an id of its own."""
    answers = answers_at(context, trial, Step.WRITE)
    created = [answer for answer in answers if answer.id is not None]
    violation = _same_id(created) or _listed_twice(context, trial)
    if violation is not None:
        yield violation
        return
    by_id = {compact(answer.id): answer.exchange.id for answer in created}
    if len(by_id) > 1:
        yield Pass(tuple(by_id.values()))


def _same_id(created: list[Answer]) -> Violation | None:
    """A violation for a creation that returned the id of an earlier object.

    None if each has an id of its own, or if the object may have existed. ``created`` are the
    responses that show an id, in order.
    """
    earlier: dict[str, str] = {}  # the exchange of the last creation, by the id of its object
    for answer in created:
        identifier, exchange = compact(answer.id), answer.exchange
        if identifier in earlier and not answer.may_have_existed:
            name = answer.contract.identifier_of(answer.operation.kind)
            ids = (earlier[identifier], exchange.id)
            return Violation(f"/{name}", "an id of its own", identifier, ids)
        earlier[identifier] = exchange.id
    return None


def _listed_twice(context: JudgeContext, trial: Trial) -> Violation | None:
    """A violation if a list shows several objects with a text that only one creation sent."""
    for page in answers_at(context, trial, Step.LISTED):
        alike = items_with(page, page.exchange.facts.fresh)
        if len(alike) > 1:
            return _too_many(alike, (page.exchange.id,))
    return None


def _too_many(alike: list[Any], ids: tuple[str, ...]) -> Violation:
    """A violation for several objects where one was created. It shows the second."""
    actual = f"{len(alike)} of them: {compact(alike[1])}"
    return Violation("/", "one object", actual, ids)


@trial("create.listed", hint="Needs an object that is created, and its list.")
def create_listed(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A created object is listed, too. A page that does not have to show it is accepted."""
    page = trial.last(Step.LISTED) or trial.last(Step.AFTER)
    if page is None or page.facts.sought is None:
        return
    answer = answered(context, page)
    if not isinstance(answer, Answered):
        yield answer
        return
    shown = answer_of(context.contract, page)
    if lacks_new_object(context.contract, page):
        expected = f"{page.facts.sought}, which was just created"
        yield Violation("/", expected, quote(page), answer.ids)
    elif shown is not None and shown.items is not None:
        yield Pass(answer.ids)


@trial(
    "create.count",
    confirm=True,
    hint="Needs an object that is created, and its list before and after.",
)
def create_count(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """One request creates one object with the texts as sent: not two, and none cut short."""
    write, added = last_success(context, trial, Step.WRITE), added_items(context, trial)
    if write is None or added is None:
        return
    alike = [item for item in added if shows_sent(write.exchange.facts.sent, item)]
    ids = last_ids(trial, Step.BEFORE, Step.WRITE, Step.AFTER)
    if len(alike) > 1:
        yield _too_many(alike, ids)
        return
    cut = _cut_text(write, added, ids) if len(added) == 1 else None
    yield cut or Pass(ids)


def _cut_text(write: Answer, added: list[Any], ids: tuple[str, ...]) -> Violation | None:
    """A violation for a text of the only new item that is cut short; None if there is none."""
    item = members_of(added[0])
    for member in write.operation.fresh_members:
        name = member.shown_as
        text, got = str(write.exchange.facts.sent.get(name)), str(item.get(name))
        if text.startswith(got) and 0 < len(got) < len(text):
            return Violation(f"/{name}", f"{compact(text)}, as it was sent", compact(got), ids)
    return None


# --- the position ---------------------------------------------------------------------------------


@trial("create.position", hint="Needs an object that is created, and read or listed.")
def create_position(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """An object has one position wherever it is shown, to the second."""
    first: dict[str, tuple[Fraction, str]] = {}  # by id: its position, and the exchange showing it
    for exchange in trial.exchanges:
        for object_id, moment in _positions(context, exchange):
            if object_id not in first:
                first[object_id] = moment, exchange.id
            first_moment, shown_by = first[object_id]
            ids = (shown_by, exchange.id)
            if abs(moment - first_moment) > SAME_TIME:
                expected = f"the {context.contract.position} of {shown_by}"
                yield Violation(f"/{context.contract.position}", expected, quote(exchange), ids)
                return
            yield Pass(ids)


def _positions(context: JudgeContext, exchange: Exchange) -> Iterator[tuple[str, Fraction]]:
    """The id and the moment of each object of the judged kind that a response shows."""
    kind, answer = context.operation.kind, answer_of(context.contract, exchange)
    if answer is None or answer.operation.kind != kind:
        return
    for item in _shown_by(answer):
        identifier = id_of(context.contract, kind, item)
        moment = instant(members_of(item).get(context.contract.position))
        if identifier is not None and moment is not None:
            yield str(identifier), moment


def _shown_by(answer: Answer) -> list[Any]:
    """The items of a list, or the object of another response; empty for a refusal."""
    if not answer.ok:
        return []
    if answer.operation.paging is None:
        return [answer.object]
    return answer.listed


@trial(
    "create.newest",
    hint="Needs a list before and after a creation, with positions that can be read.",
    confirm=True,
)
def create_newest(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A new object is not older than what its list held before, except items in the future."""
    before, made = last_answer(context, trial, Step.BEFORE), _made_item(context, trial)
    write = last_answer(context, trial, Step.WRITE)
    if before is None or write is None or write.may_have_existed:
        return
    now = instant(before.exchange.started)  # None where the log does not know it
    positions = instants(before.positions)
    if now is not None:
        positions = [position for position in positions if position <= now + CLOCKS_APART]
    moment = moment_of(before.operation, made)
    if not positions or moment is None:
        return
    newest = max(positions)
    ids = last_ids(trial, Step.BEFORE, Step.WRITE, Step.AFTER)
    if moment < newest - SAME_TIME:
        expected = "a time after that of every older object"
        shown = members_of(made).get(context.contract.position)
        yield Violation(f"/{context.contract.position}", expected, compact(shown), ids)
    else:
        yield Pass(ids)


def _made_item(context: JudgeContext, trial: Trial) -> Any:
    """The new object as its list or else its creation shows it.

    None without a list both before and after the creation.
    """
    added, written = added_items(context, trial), last_answer(context, trial, Step.WRITE)
    if added is None or written is None:
        return None
    kind = context.operation.kind
    new_id = id_of(context.contract, kind, written.object)
    if new_id is None:
        return written.object
    for item in added:
        if id_of(context.contract, kind, item) == new_id:
            return item
    return written.object


@passive("create.lasting", hint=HINT, whole=True)
def create_lasting(context: JudgeContext, exchange: Exchange) -> list[Outcome]:
    """An object that was created stays, and a later creation leaves it alone."""
    return lasting(context, exchange, "create")
