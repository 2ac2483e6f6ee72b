"""The judge of rejected writes: they must leave nothing behind and remove nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.base.values import picked, texts_in
from conformance.judging.lasting import HINT, lasting
from conformance.judging.outcomes import Answered, JudgeContext, Outcome, Pass, Trial, Violation
from conformance.judging.responses import answered, ids_of, quote
from conformance.judging.rules import passive, trial
from conformance.judging.target_model import NEVER_SHOWN, outcomes_at
from conformance.judging.writes import answers_at, items_with
from conformance.model import Exchange, Step, compact
from conformance.reading import (
    Answer,
    as_shown,
    id_of,
    members_of,
    newly_listed,
    runs_forward,
    same,
    sent_and_shown,
    sent_members,
    sought_in,
    state_prefixes,
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
        """The ids of the refused writes and of the look."""
        return ids_of([*self.refused, self.exchange])

    @property
    def answer(self) -> Answer:
        """The look with what its response shows."""
        contract = self.context.contract
        return Answer(contract, contract.operations[self.exchange.operation], self.exchange)

    def violation(self, expected: str, actual: str, sent_by: Sequence[Exchange] = ()) -> Violation:
        """A violation that the look shows; it names the writes ``sent_by``, or else all refused."""
        ids = ids_of([*sent_by, self.exchange]) if sent_by else self.ids
        return Violation("/", expected, actual, ids)


@trial(
    "refused.effect",
    hint="Needs a rejected request, and a read that would show its effect.",
    confirm=True,
)
def refused_effect(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A refused request has no effect."""
    attempts = trial.at(Step.ATTEMPT)
    refused = tuple(attempt for attempt in attempts if _is_refused(attempt))
    others = tuple(attempt for attempt in attempts if not _is_refused(attempt))
    if not refused:
        return
    for exchange in trial.at(Step.LOOK):
        answer = answered(context, exchange)
        if isinstance(answer, Answered):
            look = Look(context, trial, exchange, refused, others)
            yield from _effect(look, answer)
        else:
            yield answer


@passive("refused.shown", hint=NEVER_SHOWN, whole=True)
def refused_shown(context: JudgeContext, exchange: Exchange) -> list[Outcome]:
    """No response shows what only a refused request has sent."""
    return outcomes_at(context, exchange, "refused.shown")


def _is_refused(attempt: Exchange) -> bool:
    """Whether a write got an error status. One without a response may have been accepted."""
    return (attempt.status or 0) >= 400


def _effect(look: Look, answer: Answered) -> Iterator[Outcome]:
    """Judge one look: its first violation, or else a pass if it shows a list or an object.

    If an attempt was accepted, a missing or changed object proves nothing.
    """
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
    """A violation for an object with a text that only refused attempts sent; None without one.

    It names the attempts that sent the text.
    """
    accepted = set[str]()
    for attempt in look.others:
        accepted.update(attempt.facts.fresh)
    holding = items_with(look.answer, set(look.exchange.facts.fresh) - accepted)
    if not holding:
        return None
    first = holding[0]
    sent_by = []
    for attempt in look.refused:
        if first in items_with(look.answer, attempt.facts.fresh):
            sent_by.append(attempt)
    return look.violation("no effect of refused requests", compact(first), sent_by)


def _item_added(look: Look) -> Violation | None:
    """A violation for an item that was not in the list before, and may come from a refused attempt.

    None where every new item contradicts what was sent, or is no newer than the old ones, or may
    come from an attempt that was accepted.
    """
    for before in answers_at(look.context, look.trial, Step.LISTED_BEFORE):
        for item in _newest_items(look, before):
            if _may_be_of_refused(look, item):
                return look.violation("no object created by refused requests", compact(item))
    return None


def _newest_items(look: Look, before: Answer) -> list[Any]:
    """The new items of a page that are newer than all that were on it before.

    Empty where none of the earlier items is left on the page, because their age is unknown then.
    """
    listing, items = look.answer.operation, look.answer.listed
    added = newly_listed(look.context.contract, listing, before.listed, items)
    old_places = [place for place, item in enumerate(items) if item not in added]
    if listing.paging is None or not old_places:
        return []
    first_old, last_old = old_places[0], old_places[-1]
    if runs_forward(listing.paging, items):
        return items[last_old + 1 :]
    return items[:first_old]


def _may_be_of_refused(look: Look, item: Any) -> bool:
    """Whether an item may come from a refused attempt, and from no other."""
    for attempt in look.others:
        if _returned(attempt, item, look.context) or _may_be_of(attempt, item, look.context):
            return False
    return any(_may_be_of(attempt, item, look.context) for attempt in look.refused)


def _returned(attempt: Exchange, item: Any, context: JudgeContext) -> bool:
    """Whether the response to an accepted attempt shows the id of an item."""
    operation = context.contract.operations[attempt.operation]
    made = Answer(context.contract, operation, attempt).object
    made_id = id_of(context.contract, operation.kind, made)
    return made_id is not None and made_id == id_of(context.contract, operation.kind, item)


def _may_be_of(attempt: Exchange, item: Any, context: JudgeContext) -> bool:
    """Whether an item may come from a request: it contradicts nothing that was sent.

    A name or another free text that was not sent was written by somebody else.
    """
    operation = context.contract.operations[attempt.operation]
    sent = as_shown(operation, sent_members(attempt))
    free = {member.shown_as for member in operation.fresh_members}
    if any(texts_in(picked(members_of(item), free - sent.keys()).values())):
        return False
    return all(same(value, shown) for value, shown in sent_and_shown(sent, item))


GONE = re.compile(
    "((soft|pending)[ _-]?)?"
    "(delet(ed|ing|ion)|remov(ed|ing|al)|releas(ed|ing)"
    "|archived|cancell?ed|revoked|inactive|disabled)",
    re.IGNORECASE,
)
"""States of an object that is no longer in use. A sentence that mentions one is not a state."""


def _carried_out(look: Look) -> Violation | None:
    """A violation if the object of refused writes now shows the state that they asked for.

    A changed secret is a violation, too, because only such a write replaces it. Members that the
    object did not show before are left out.
    """
    before = look.trial.last(Step.BEFORE)
    if before is None:
        return None
    old = members_of(sought_in(look.context.contract, before)[0])
    new = members_of(sought_in(look.context.contract, look.exchange)[0])
    for name, value in new.items():
        if not isinstance(value, str) or old.get(name, value) == value:
            continue
        is_secret = any(secret in name for secret in look.context.operation.secrets)
        if is_secret or _is_requested_state(look, value):
            return look.violation(f"{name} as before", compact({name: value}))
    return None


def _is_requested_state(look: Look, state: str) -> bool:
    """Whether a text is a state that the refused writes asked for."""
    operation = look.context.operation
    if operation.action == "delete":
        return GONE.fullmatch(state) is not None
    words = [word for attempt in look.refused for word in state_prefixes(operation, attempt)]
    return state.lower().startswith(tuple(words))


def _object_removed(look: Look) -> Violation | None:
    """A violation if the object of the attempts was there before and is gone.

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
    return look.violation(expected, quote(look.exchange))


@passive("refused.lasting", hint=HINT, whole=True)
def refused_lasting(context: JudgeContext, exchange: Exchange) -> list[Outcome]:
    """A refused request in a sequence changes no object, and brings none back."""
    return lasting(context, exchange, "refused")
