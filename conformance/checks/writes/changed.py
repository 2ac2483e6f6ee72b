"""Judges of changes: the object shows the change, and nothing else has changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from conformance.base.values import instant, texts_in, without
from conformance.checks.writes.neighbours import neighbours_stay, spread_to
from conformance.checks.writes.read_back import read_back
from conformance.judging.effects import promised
from conformance.judging.lasting import HINT, lasting
from conformance.judging.outcomes import JudgeContext, Outcome, Pass, Trial, Violation
from conformance.judging.responses import quote
from conformance.judging.rules import passive, trial
from conformance.judging.target_model import NEVER_SHOWN, outcomes_at
from conformance.judging.writes import items_with, last_answer, last_ids, last_success
from conformance.model import UNAVAILABLE, Contract, Exchange, Operation, Step, compact
from conformance.reading import (
    Answer,
    as_shown,
    differences,
    lacks_new_object,
    members_in_state,
    members_of,
    moments_of,
    runs_forward,
    same,
    sought_in,
)

FEW = 4
"""One in this many items of a list may be out of place, because others change objects too."""


@trial(
    "update.read-back",
    hint="Needs an object that is changed, and a read that shows the change.",
    whole=True,
)
def update_read_back(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A changed object reads as changed."""
    yield from read_back(context, trial)


@trial("update.others", hint="Needs an object that is changed, and a list of others.", confirm=True)
def update_others(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A change or other work on an object leaves all other objects as they are."""
    yield from neighbours_stay(context, trial)


@passive("update.shown", hint=NEVER_SHOWN, whole=True)
def update_shown(context: JudgeContext, exchange: Exchange) -> list[Outcome]:
    """Every response shows a change once it has settled, in lists and to every key."""
    return outcomes_at(context, exchange, "update.shown")


@dataclass(frozen=True)
class Change:
    """A change that was accepted: its trial, and the object as it was read before and after."""

    context: JudgeContext
    trial: Trial
    write: Answer
    old: dict[str, Any]
    new: dict[str, Any]

    @property
    def sent(self) -> dict[str, Any]:
        """The values that were sent, by the names under which the object shows them."""
        operation = self.context.operation
        sent = promised(self.context, operation, self.write.exchange.facts.sent)
        return as_shown(operation, sent)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the read before the change, of the change, and of the read after it."""
        return last_ids(self.trial, Step.BEFORE, Step.WRITE, Step.READ)

    def of_member(self, name: str, expected: str) -> Violation:
        """A violation for a member that was not sent and that changed."""
        actual = compact(self.new.get(name))
        return Violation(f"/{name}", f"{expected}, as it was not sent", actual, self.ids)


@trial("update.alone", hint="Needs an object that is changed and read again.", whole=True)
def update_alone(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A change touches the members that were sent, and no other member and no other object."""
    change = _change_of(context, trial)
    if change is None:
        return
    checks = (_other_member, _emptied, _earlier_change, _moved, _lost, _displaced, _other_object)
    for check in checks:
        violation = check(change)
        if violation is not None:
            yield violation
            return
    yield Pass(change.ids)


@trial("update.besides", hint="Needs an object to work on, and a read of it.", confirm=True)
def update_besides(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """Work on an object changes what it names, leaves what clients wrote, and leaves others."""
    for part in trial.parts:
        change = _change_of(context, part)
        if change is not None:
            yield (
                _wrong_member(change)
                or _moved(change)
                or _spread_to_older(change)
                or Pass(change.ids)
            )


def _wrong_member(change: Change) -> Violation | None:
    """A violation for a member with a wrong value after the change; None if there is none.

    A member that was sent must show the sent value. One that the response announced must not show
    its former value. Any other member that clients write must keep its value.
    """
    wrong = next(differences(change.context.operation, change.sent, change.new), None)
    if wrong is not None:
        where, expected, actual = wrong
        return Violation(where, f"{expected}, as it was sent", actual, change.ids)
    for name, value in _announced(change).items():
        if same(change.old.get(name), change.new.get(name, value)):
            expected = f"{compact(value)}, as the answer says"
            return Violation(f"/{name}", expected, compact(change.new[name]), change.ids)
    for name in sorted(_members_clients_write(change) - change.sent.keys()):
        old = change.old.get(name)
        if old and not same(old, change.new.get(name)):
            return change.of_member(name, compact(old))
    return None


def _announced(change: Change) -> dict[str, Any]:
    """The members that the response shows in the requested state, and that differed before.

    A later read need not show that state, because the object may have changed again.
    """
    write, old = change.write, change.old
    announced = members_in_state(change.context.operation, write.exchange, write.object)
    return {name: value for name, value in announced.items() if not same(old.get(name), value)}


def _spread_to_older(change: Change) -> Violation | None:
    """A violation if an older object shows what was sent for the changed one, or its new state."""
    trial, contract = change.trial, change.context.contract
    before, after = trial.last(Step.OLDER_BEFORE), trial.last(Step.OLDER_AFTER)
    if before is None or after is None:
        return None
    old_object, _ = sought_in(contract, before)
    new_object, _ = sought_in(contract, after)
    old, new = members_of(old_object), members_of(new_object)
    ids = last_ids(trial, Step.OLDER_BEFORE, Step.WRITE, Step.OLDER_AFTER)
    known_before = old or new  # if it was not shown before, nothing has changed
    return next(spread_to(change.write, known_before, new, ids), None)


def _is_lost(exchange: Exchange) -> bool:
    """Whether a write has no response, or one from something in front of the target."""
    if exchange.request.method == "GET":
        return False
    return exchange.status is None or exchange.status in UNAVAILABLE


def _members_clients_write(change: Change) -> set[str]:
    """The members of the changed object that clients write, except numbers and switches.

    A target may flip a switch or count on its own. It has no reason to flip a switch where the
    operation only issues a new secret, so switches are included there.
    """
    contract = change.context.contract
    look = change.trial.last(Step.BEFORE)
    assert look is not None
    with_switches = bool(change.context.operation.secrets)
    names = set()
    for operation in _writes(contract, contract.operations[look.operation].kind):
        for member in operation.body:
            if member.is_written or (with_switches and member.is_switch):
                names.add(member.shown_as)
    return names


def _change_of(context: JudgeContext, trial: Trial) -> Change | None:
    """The change of a trial; None if it was refused, or if a read does not show the object.

    None, too, where the response to any write was lost, because its effect is unknown.
    """
    write = last_success(context, trial, Step.WRITE)
    if write is None or any(_is_lost(exchange) for exchange in trial.exchanges):
        return None
    old, _ = sought_in(context.contract, trial.last(Step.BEFORE))
    new, _ = sought_in(context.contract, trial.last(Step.READ))
    if not isinstance(old, dict) or not isinstance(new, dict):
        return None
    return Change(context, trial, write, old, new)


def _other_member(change: Change) -> Violation | None:
    """A violation for a member that only clients set, and that changed although it was not sent.

    These are free texts, and what an earlier change of the trial set. A PUT may replace the members
    that it does not send, so only a PATCH is judged.
    """
    if change.context.operation.method != "PATCH":
        return None
    members = _free_texts(change.context) | _set_before(change)
    for name in sorted(members - change.sent.keys()):
        old = change.old.get(name)
        if old is not None and not same(old, change.new.get(name)):
            return change.of_member(name, compact(old))
    return None


def _emptied(change: Change) -> Violation | None:
    """A violation if a nested object lost a text although a PATCH did not send its member."""
    if change.context.operation.method != "PATCH":
        return None
    for name in sorted(change.old.keys() & change.new.keys() - change.sent.keys()):
        before = texts_in(members_of(change.old[name]).values())
        after = texts_in(members_of(change.new[name]).values())
        if len(after) < len(before):
            return change.of_member(name, compact(change.old[name]))
    return None


def _free_texts(context: JudgeContext) -> set[str]:
    """The free texts that operations without a mode take, by the names that objects use."""
    names = set[str]()
    for operation in _writes(context.contract, context.operation.kind):
        if not operation.when:
            names.update(member.shown_as for member in operation.fresh_members)
    return names


def _writes(contract: Contract, kind: str) -> list[Operation]:
    """The operations that create or change objects of a kind."""
    return [*contract.operations_by("create", kind), *contract.operations_by("update", kind)]


def _set_before(change: Change) -> set[str]:
    """The members that an earlier change of the trial set."""
    first = change.trial.last(Step.FIRST)
    if first is None:
        return set()
    members = {**first.facts.sent, **first.facts.beside}
    operation = change.context.operation
    return set(as_shown(operation, promised(change.context, operation, members)))


def _earlier_change(change: Change) -> Violation | None:
    """A violation if the object did not show a value that an earlier change of the trial sent.

    ``beside`` are values taken from other objects. Phone numbers among them are left out.
    """
    context, operation = change.context, change.context.operation
    first = last_success(context, change.trial, Step.FIRST)
    if first is None:
        return None
    facts = first.exchange.facts
    phones = {member.name for member in operation.body if member.phone}
    beside = without(facts.beside, phones)
    sent = promised(context, operation, {**beside, **facts.sent})
    ids = last_ids(change.trial, Step.FIRST, Step.BEFORE)
    wrong = next(differences(operation, sent, change.old), None)
    if wrong is not None:
        where, expected, actual = wrong
        return Violation(where, expected, actual, ids)
    for name, value in as_shown(operation, beside).items():
        # other objects show this value, but this one shows null although it accepted the value
        if change.old.get(name, value) is None:
            return Violation(f"/{name}", compact(value), "null", ids)
    return None


def _moved(change: Change) -> Violation | None:
    """A violation if the object has another position in its list."""
    name = change.context.contract.position
    old, new = instant(change.old.get(name)), instant(change.new.get(name))
    if old is None or new is None or old == new:
        return None
    return change.of_member(name, change.old[name])


def _lost(change: Change) -> Violation | None:
    """A violation if the object is no longer in its list at its position."""
    page = change.trial.last(Step.LISTED)
    if page is None or not lacks_new_object(change.context.contract, page):
        return None
    expected = f"{page.facts.sought}, which was only changed"
    return Violation("/", expected, quote(page), last_ids(change.trial, Step.WRITE, Step.LISTED))


def _displaced(change: Change) -> Violation | None:
    """A violation if the object is listed where something newer belongs.

    That is before a newer object in a list with the newest first, or after one in a list with the
    oldest first. A list without any order is not judged.
    """
    page = last_answer(change.context, change.trial, Step.LISTED)
    if page is None:
        return None
    paging, identifier = page.operation.paging, page.contract.identifier_of(page.operation.kind)
    assert paging is not None  # that step asks for a list
    sought = page.exchange.facts.sought
    newest_first = page.rows[::-1] if runs_forward(paging, page.rows) else page.rows
    ids_listed = [str(row.get(identifier)) for row in newest_first]
    if sought not in ids_listed:
        return None
    place = ids_listed.index(sought)
    own = moments_of(paging, [newest_first[place]])
    if not own or max(moments_of(paging, newest_first[place:])) == own[0]:
        return None  # nothing newer comes after it
    if not _mostly_falls(moments_of(paging, newest_first)):
        return None
    expected = f"{sought} where its {paging.position} belongs"
    ids = last_ids(change.trial, Step.WRITE, Step.LISTED)
    return Violation("/", expected, "a place of something newer", ids)


def _mostly_falls(moments: list[Fraction]) -> bool:
    """Whether at most one in ``FEW`` moments is followed by a later one."""
    rising = [moment for moment, following in pairwise(moments) if moment < following]
    return len(rising) * FEW <= len(moments)


def _other_object(change: Change) -> Violation | None:
    """A violation if another object of the list shows a text that only this change sent."""
    context, trial = change.context, change.trial
    page = last_answer(context, trial, Step.LISTED)
    if page is None:
        return None
    sought = page.exchange.facts.sought
    name = context.contract.identifier_of(context.operation.kind)
    for item in items_with(page, page.exchange.facts.fresh):
        if isinstance(item, dict) and str(item.get(name)) != sought:
            expected = f"no change of an object other than {sought}"
            ids = last_ids(trial, Step.WRITE, Step.LISTED)
            return Violation("/", expected, compact(item), ids)
    return None


@passive("update.lasting", hint=HINT, whole=True)
def update_lasting(context: JudgeContext, exchange: Exchange) -> list[Outcome]:
    """An accepted change lasts until a later one replaces it, also if both overlap."""
    return lasting(context, exchange, "update")
