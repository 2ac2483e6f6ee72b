"""The judge of refused writes: they leave nothing behind, and remove nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain, filterfalse, starmap
from operator import attrgetter
from typing import Any

from conformance.base.values import picked, texts_in
from conformance.judging.outcomes import Answered, JudgeContext, Outcome, Pass, Trial, Violation
from conformance.judging.responses import answered, ids_of, said
from conformance.judging.rules import trial
from conformance.judging.writes import answers_at, items_with
from conformance.model import Exchange, Step, compact
from conformance.reading import (
    Answer,
    as_shown,
    compared,
    members_of,
    newly,
    orders_of,
    runs_forward,
    same,
    sent_members,
    sought_in,
)


@dataclass(frozen=True)
class Look:
    """A look for the effect of refused writes."""

    context: JudgeContext
    trial: Trial
    exchange: Exchange
    refused: tuple[Exchange, ...]
    others: tuple[Exchange, ...]  # attempts that were accepted, or may have been

    @property
    def ids(self) -> tuple[str, ...]:
        """The writes that were refused, and the look."""
        return ids_of([*self.refused, self.exchange])

    @property
    def answer(self) -> Answer:
        """What the look shows."""
        contract = self.context.contract
        return Answer(contract, contract.operations[self.exchange.operation], self.exchange)

    def violation(self, expected: str, actual: str) -> Violation:
        """A violation that the look shows."""
        return Violation("/", expected, actual, self.ids)


@trial(
    "refused.effect",
    hint="Needs a request that is refused, and a look for its effect.",
    confirm=True,
)
def refused_effect(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A refused request has no effect."""
    attempts = trial.at(Step.ATTEMPT)
    refused = tuple(filter(_is_refused, attempts))
    others = tuple(filterfalse(_is_refused, attempts))
    if not refused:
        return
    for exchange in trial.at(Step.LOOK):
        answer = answered(context, exchange)
        if isinstance(answer, Answered):
            look = Look(context, trial, exchange, refused, others)
            yield from _effect(look, answer)
        else:
            yield answer


def _is_refused(attempt: Exchange) -> bool:
    """Whether a write was refused. One without an answer may have been accepted."""
    return (attempt.status or 0) >= 400


def _effect(look: Look, answer: Answered) -> Iterator[Outcome]:
    """Judge one look. If an attempt was accepted, that an object is gone tells nothing."""
    checks = [_text_kept, _item_added]
    if not look.others:
        checks += [_object_removed, _carried_out]
    for check in checks:
        violation = check(look)
        if violation is not None:
            yield violation
            return
    shown = look.answer
    if answer.ok and (shown.items is not None or isinstance(shown.object, dict)):
        yield Pass(look.ids)


def _text_kept(look: Look) -> Violation | None:
    """An object that holds a text which only refused attempts sent; None without one."""
    accepted = set[str]()
    for attempt in look.others:
        accepted.update(attempt.facts.fresh)
    texts = set(look.exchange.facts.fresh) - accepted
    for item in items_with(look.answer, texts):
        return look.violation("no effect of refused requests", compact(item))
    return None


def _item_added(look: Look) -> Violation | None:
    """An item that was not in the list before, and that may come from an attempt.

    None where every new item contradicts what was sent, or is no newer than the old ones, or may
    come from an attempt that was accepted.
    """
    for before in answers_at(look.context, look.trial, Step.LISTED_BEFORE):
        for item in _newest_items(look, before):
            if _may_be_of_any(look, item):
                return look.violation("no object created by refused requests", compact(item))
    return None


def _newest_items(look: Look, before: Answer) -> list[Any]:
    """The new items of a page that are newer than all that were on it before.

    Empty where no item of before is left on it, for then nothing tells their age.
    """
    listing, items = look.answer.operation, look.answer.listed
    added = newly(look.context.contract, listing, before.listed, items)
    places = [place for place, item in enumerate(items) if item not in added]
    if listing.paging is None or not places:
        return []
    if runs_forward(listing.paging, items):
        return items[places[-1] + 1 :]
    return items[: places[0]]


def _may_be_of_any(look: Look, item: Any) -> bool:
    """Whether an item may come from a refused attempt, and from no other."""
    if any(_may_be_of(attempt, item, look.context) for attempt in look.others):
        return False
    return any(_may_be_of(attempt, item, look.context) for attempt in look.refused)


def _may_be_of(attempt: Exchange, item: Any, context: JudgeContext) -> bool:
    """Whether an item may come from a request: it contradicts nothing that was sent.

    A name or another free text that was not sent is of somebody else's making.
    """
    operation = context.contract.operations[attempt.operation]
    sent = as_shown(operation, sent_members(attempt))
    free = set(map(attrgetter("shown_as"), operation.fresh_members))
    if any(texts_in(picked(members_of(item), free - sent.keys()).values())):
        return False
    return all(starmap(same, compared(sent, item)))


GONE = re.compile(
    "((soft|pending)[ _-]?)?"
    "(delet(ed|ing|ion)|remov(ed|ing|al)|releas(ed|ing)"
    "|archived|cancell?ed|revoked|inactive|disabled)",
    re.IGNORECASE,
)
"""The states of an object that is no longer in use. A sentence that mentions one is no state."""


def _carried_out(look: Look) -> Violation | None:
    """The object of refused writes that now says of itself that it is as they wanted it.

    It may also have a new secret, which only such a write replaces.
    """
    before = look.trial.last(Step.BEFORE)
    if before is None:
        return None
    is_sign = GONE.fullmatch if look.context.operation.action == "delete" else _states(look)
    old = members_of(sought_in(look.context.contract, before)[0])
    new = members_of(sought_in(look.context.contract, look.exchange)[0])
    secrets = look.context.operation.secrets
    for name, value in new.items():
        changed = isinstance(value, str) and old.get(name, value) != value
        if changed and any((is_sign(value), *map(name.__contains__, secrets))):
            return look.violation(f"{name} as before", compact({name: value}))
    return None


def _states(look: Look) -> Callable[[str], object]:
    """A function that says whether a text is a state that refused writes asked for."""
    orders = map(partial(orders_of, look.context.operation), look.refused)
    words = tuple(chain.from_iterable(orders))
    return lambda state: state.lower().startswith(words)


def _object_removed(look: Look) -> Violation | None:
    """The object of the attempts, if it was there before and is gone.

    None if it is still shown, or if a later page of its list or a later look may show it.
    """
    sought, contract = look.exchange.facts.sought, look.context.contract
    looks = look.trial.at(Step.BEFORE)
    if sought is None or not looks:
        return None
    if look.exchange is not look.trial.last(Step.LOOK):
        return None
    old, _ = sought_in(contract, looks[0])
    new, goes_on = sought_in(contract, look.exchange)
    if old is None or new is not None or goes_on:
        return None
    expected = f"{sought}, as its deletion was refused"
    return look.violation(expected, said(look.exchange))
