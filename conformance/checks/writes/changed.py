"""Judges of changed objects: they show the change, and nothing else changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import chain, dropwhile, filterfalse, product
from operator import attrgetter, lt
from typing import Any

from conformance.base.values import instant, texts_in, without
from conformance.checks.writes.neighbours import neighbours_stay, taken_along
from conformance.checks.writes.read_back import read_back
from conformance.judging.effects import promised
from conformance.judging.outcomes import JudgeContext, Outcome, Pass, Trial, Violation
from conformance.judging.responses import said
from conformance.judging.rules import trial
from conformance.judging.writes import (
    items_with,
    last_answer,
    last_ids,
    last_success,
)
from conformance.model import (
    UNAVAILABLE,
    Contract,
    Exchange,
    Operation,
    Parameter,
    Step,
    compact,
)
from conformance.reading import (
    Answer,
    absent,
    as_shown,
    differences,
    members_of,
    moments_of,
    ordered,
    runs_forward,
    same,
    sought_in,
)

FEW = 4
"""One in so many items of a list may stand where it does not belong: others change objects, too."""


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
    """A change, or work on an object, leaves the objects beside it, those of others too."""
    yield from neighbours_stay(context, trial)


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
        """What was sent, by the names under which the object shows it."""
        operation = self.context.operation
        sent = promised(self.context, operation, self.write.exchange.facts.sent)
        return as_shown(operation, sent)

    @property
    def ids(self) -> tuple[str, ...]:
        """The read before it, the change, and the read after it."""
        return last_ids(self.trial, Step.BEFORE, Step.WRITE, Step.READ)

    def of_member(self, name: str, expected: str) -> Violation:
        """A violation for a member that was not sent and that changed."""
        actual = compact(self.new.get(name))
        return Violation(f"/{name}", f"{expected}, as it was not sent", actual, self.ids)


@trial("update.alone", hint="Needs an object that is changed and read again.", whole=True)
def update_alone(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A change touches the members that were sent, and no other member and no other object."""
    change = _change(context, trial)
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
    change = _change(context, trial)
    if change is None:
        return
    for where, expected, actual in differences(context.operation, change.sent, change.new):
        yield Violation(where, f"{expected}, as it was sent", actual, change.ids)
        return
    for name, value in _announced(change).items():
        if same(change.old.get(name), change.new.get(name, value)):
            expected = f"{compact(value)}, as the answer says"
            yield Violation(f"/{name}", expected, compact(change.new[name]), change.ids)
            return
    for name in sorted(_written(change) - change.sent.keys()):
        old = change.old.get(name)
        if old and not same(old, change.new.get(name)):
            yield change.of_member(name, compact(old))
            return
    moved = _moved(change)
    yield moved if moved is not None else next(_taken_along(change), Pass(change.ids))


def _announced(change: Change) -> dict[str, Any]:
    """The members that the answer shows in the state that was asked for, and that were in another.

    The object itself may have gone on since.
    """
    write, old = change.write, change.old
    announced = ordered(change.context.operation, write.exchange, write.object)
    return {name: value for name, value in announced.items() if not same(old.get(name), value)}


def _taken_along(change: Change) -> Iterator[Violation]:
    """The object beside it now shows what was sent for this one, or the state asked for."""
    trial, looks = change.trial, partial(sought_in, change.context.contract)
    for pair in product(trial.at(Step.OLDER_BEFORE)[-1:], trial.at(Step.OLDER_AFTER)[-1:]):
        old, new = (members_of(shown) for shown, _ in map(looks, pair))
        ids = last_ids(trial, Step.OLDER_BEFORE, Step.WRITE, Step.OLDER_AFTER)
        yield from taken_along(change.write, old or new, new, ids)


def _is_lost(exchange: Exchange) -> bool:
    """Whether a write has no answer, or one of something in front of the target."""
    return exchange.request.method != "GET" and exchange.status in (None, *UNAVAILABLE)


def _written(change: Change) -> set[str]:
    """The members of the object of a trial that clients write, but for numbers and switches.

    A target may turn a switch or count on its own, but hardly where it only hands out a secret.
    """
    contract = change.context.contract
    look = change.trial.last(Step.BEFORE)
    assert look is not None
    kind = contract.operations[look.operation].kind
    members = chain.from_iterable(map(attrgetter("body"), _writes(contract, kind)))
    written = _is_kept if change.context.operation.secrets else _is_written
    return set(map(attrgetter("shown_as"), filter(written, members)))


def _is_kept(member: Parameter) -> bool:
    """Whether a new secret leaves a member as it was."""
    return member.is_switch or _is_written(member)


def _is_written(member: Parameter) -> bool:
    """Whether a member is a text, a list or an object that the contract has a value for."""
    return member.has_value and member.schema.get("type") in ("string", "array", "object")


def _change(context: JudgeContext, trial: Trial) -> Change | None:
    """The change of a trial; None if it was refused, or if a read does not show the object.

    None as well where the answer to a write was lost, for nobody knows what became of it.
    """
    write = last_success(context, trial, Step.WRITE)
    if write is None or any(map(_is_lost, trial.exchanges)):
        return None
    old, _ = sought_in(context.contract, trial.last(Step.BEFORE))
    new, _ = sought_in(context.contract, trial.last(Step.READ))
    if not isinstance(old, dict) or not isinstance(new, dict):
        return None
    return Change(context, trial, write, old, new)


def _other_member(change: Change) -> Violation | None:
    """A member that only clients set, and that changed although it was not sent.

    A PUT may replace the members that it does not send.
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
    """A member that was not sent, with fewer texts in it than before."""
    if change.context.operation.method != "PATCH":
        return None
    for name in sorted(change.old.keys() & change.new.keys() - change.sent.keys()):
        looks = (members_of(look[name]).values() for look in (change.old, change.new))
        before, after = map(texts_in, looks)
        if len(after) < len(before):
            return change.of_member(name, compact(change.old[name]))
    return None


def _free_texts(context: JudgeContext) -> set[str]:
    """The free texts of an object, by the names under which it shows them."""
    writes = _writes(context.contract, context.operation.kind)
    names = set[str]()
    for operation in filterfalse(attrgetter("when"), writes):
        names.update(map(attrgetter("shown_as"), operation.fresh_members))
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
    """A value of the earlier change that the object did not show."""
    context, trial = change.context, change.trial
    first = last_success(context, trial, Step.FIRST)
    if first is None:
        return None
    facts = first.exchange.facts
    phones = filter(attrgetter("phone"), context.operation.body)
    beside = without(facts.beside, set(map(attrgetter("name"), phones)))
    wrong = chain(
        differences(
            context.operation,
            promised(context, context.operation, {**beside, **facts.sent}),
            change.old,
        ),
        _left_out(change, as_shown(context.operation, beside)),
    )
    for where, expected, actual in wrong:
        return Violation(where, expected, actual, last_ids(trial, Step.FIRST, Step.BEFORE))
    return None


def _left_out(change: Change, beside: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """The values that other objects show, and that this one shows as null although it took them."""
    for name, value in beside.items():
        if change.old.get(name, value) is None:
            yield f"/{name}", compact(value), "null"


def _moved(change: Change) -> Violation | None:
    """Another position of the object in its list."""
    name = change.context.contract.position
    old, new = instant(change.old.get(name)), instant(change.new.get(name))
    if old is None or new is None:
        return None
    if old == new:
        return None
    return change.of_member(name, change.old[name])


def _lost(change: Change) -> Violation | None:
    """The object is not in its list any more, where it stands by its position."""
    page = change.trial.last(Step.LISTED)
    if page is None or not absent(change.context.contract, page):
        return None
    expected = f"{page.facts.sought}, which was only changed"
    return Violation("/", expected, said(page), last_ids(change.trial, Step.WRITE, Step.LISTED))


def _displaced(change: Change) -> Violation | None:
    """The object stands in its list before one that is newer, where the newest come first.

    Where the oldest come first, it stands behind one that is newer. Nothing is said of a list
    that is in no order.
    """
    page = last_answer(change.context, change.trial, Step.LISTED)
    if page is None:
        return None
    paging, name = page.operation.paging, page.contract.identifier_of(page.operation.kind)
    assert paging is not None  # that step asks for a list
    sought = page.exchange.facts.sought
    rows = page.rows[::-1] if runs_forward(paging, page.rows) else page.rows
    further = list(dropwhile(lambda row: str(row.get(name)) != sought, rows))
    moments = moments_of(paging, further)
    if not moments or max(moments) == moments[0]:
        return None
    if not _mostly_falls(moments_of(paging, rows)):
        return None
    expected = f"{sought} where its {paging.position} belongs"
    ids = last_ids(change.trial, Step.WRITE, Step.LISTED)
    return Violation("/", expected, "a place of something newer", ids)


def _mostly_falls(moments: list[Fraction]) -> bool:
    """Whether most moments are followed by an earlier one."""
    rising = list(filter(None, map(lt, moments, moments[1:])))
    return len(rising) * FEW <= len(moments)


def _other_object(change: Change) -> Violation | None:
    """Another object of the list that shows what was sent."""
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
