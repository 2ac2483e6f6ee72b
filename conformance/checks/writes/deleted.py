"""The judge of deletions: the object must be gone, and its neighbours must not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from conformance.checks.writes.neighbours import neighbours_stay
from conformance.judging.lasting import HINT, lasting
from conformance.judging.outcomes import (
    Answered,
    Gap,
    JudgeContext,
    Outcome,
    Pass,
    Trial,
    Violation,
)
from conformance.judging.responses import answered, quote
from conformance.judging.rules import passive, trial
from conformance.judging.target_model import NEVER_SHOWN, outcomes_at
from conformance.judging.writes import last_ids, last_success, without_times
from conformance.model import Exchange, ReasonKind, Step, compact
from conformance.reading import sought_in

LOOKS_AT_DELETED = {Step.BEFORE: Step.AFTER, Step.LISTED_BEFORE: Step.LISTED_AFTER}
"""The steps that look at the object before its deletion, each with the step after it."""
LOOKS_AT_OTHERS = {Step.OLDER_BEFORE: Step.OLDER_AFTER, Step.NEWER_BEFORE: Step.NEWER_AFTER}
"""The same for objects that are not deleted."""
GONE_OR_MARKED = "no object, or one that is shown as deleted"
"""What is expected where a deleted object is shown as before."""


@trial("delete.gone", hint="Needs an object that is created, deleted and read again.")
def delete_gone(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A deleted object is gone or shown as deleted, other objects are not, and writes refuse it."""
    deletion = last_success(context, trial, Step.DELETE)
    if deletion is None:
        return
    for before, after in LOOKS_AT_DELETED.items():
        yield from _judge_around_deletion(context, trial, before, after)
    deleted = _sought_at(trial, Step.BEFORE)
    for before, after in LOOKS_AT_OTHERS.items():
        # a target that keeps a single object of the kind shows the deleted one as the other
        if deleted is None or _sought_at(trial, before) != deleted:
            yield from _judge_around_deletion(context, trial, before, after)
    yield from _still_listed(context, trial, deletion.exchange)
    yield from _still_used(trial)


@trial(
    "delete.others",
    hint="Needs an object to delete, and a list that shows other objects.",
    confirm=True,
)
def delete_others(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A deletion leaves all other objects in place, including those of another business."""
    yield from neighbours_stay(context, trial)


@passive("delete.shown", hint=NEVER_SHOWN, whole=True)
def delete_shown(context: JudgeContext, exchange: Exchange) -> list[Outcome]:
    """No response shows a deleted object again as it was."""
    return outcomes_at(context, exchange, "delete.shown")


def _still_listed(context: JudgeContext, trial: Trial, deletion: Exchange) -> Iterator[Violation]:
    """A violation for each list that shows the object after its deletion as it did before.

    The last look at each list counts, because a deletion may take a moment to show.
    """
    place = trial.exchanges.index(deletion)
    before = _last_listed(trial.exchanges[:place])
    after = _last_listed(trial.exchanges[place:])
    for name in sorted(before.keys() & after.keys()):
        old, _ = sought_in(context.contract, before[name])
        new, _ = sought_in(context.contract, after[name])
        if new is not None and without_times(new) == without_times(old):
            ids = (before[name].id, deletion.id, after[name].id)
            yield Violation("/", GONE_OR_MARKED, compact(new), ids)


def _last_listed(exchanges: Iterable[Exchange]) -> dict[str, Exchange]:
    """The last look at each list among some exchanges, by the id of its operation."""
    return {each.operation: each for each in exchanges if each.facts.step is Step.LISTED}


def _still_used(trial: Trial) -> Iterator[Violation]:
    """A violation for each operation that still accepted the object after its deletion.

    The last request of each operation counts, because a deletion may take a moment to show.
    """
    last = {exchange.operation: exchange for exchange in trial.at(Step.DELETED)}
    for exchange in last.values():
        if not exchange.ok:
            continue
        expected = f"refused, as {exchange.facts.sought} was deleted"
        ids = (*last_ids(trial, Step.DELETE, Step.AFTER), exchange.id)
        yield Violation("status", expected, quote(exchange), ids)


def _sought_at(trial: Trial, step: Step) -> str | None:
    """The id of the object that a step looks at."""
    look = trial.last(step)
    if look is None:
        return None
    return look.facts.sought


def _judge_around_deletion(
    context: JudgeContext, trial: Trial, step: Step, following: Step
) -> Iterator[Outcome]:
    """Compare the looks of two steps at one object, before and after the deletion.

    There is a gap if the looks are not conclusive. Looks at the deleted object in its list leave
    none, because the list is only a second place to see it.
    """
    before, after = trial.last(step), trial.last(following)
    if before is None or after is None:
        return
    answer = answered(context, after)
    if not isinstance(answer, Answered):
        yield answer
        return
    old, _ = sought_in(context.contract, before)
    new, goes_on = sought_in(context.contract, after)
    if old is not None and not goes_on and _is_conclusive(context, after, step, new):
        ids = last_ids(trial, step, Step.DELETE, following)
        yield _judge_after_deletion(step, old, new, answer, ids)
    elif step is not Step.LISTED_BEFORE:
        reason = "The object could not be seen both before and after the deletion."
        yield Gap(reason, ReasonKind.OWN_LIMIT)


def _is_conclusive(context: JudgeContext, look: Exchange, step: Step, found: Any) -> bool:
    """Whether a look shows either no object or one that can be compared.

    ``found`` is the object that the look sought, as it shows it, or None. An object that was not
    deleted must be shown under its own id.
    """
    if found is None:
        return True
    if not isinstance(found, dict):
        return False
    name = context.contract.identifier_of(context.contract.operations[look.operation].kind)
    return step in LOOKS_AT_DELETED or str(found.get(name)) == look.facts.sought


def _judge_after_deletion(
    step: Step, old: object, new: object, answer: Answered, ids: tuple[str, ...]
) -> Outcome:
    """Judge an object after a deletion: the deleted one is gone or looks different, others stay.

    ``old`` is the object before the deletion, ``new`` the object after it, None if it is gone.
    ``step`` says whether it is the deleted one.
    """
    if step in LOOKS_AT_OTHERS and new is None:
        expected = f"{answer.facts.sought}, which was not deleted"
        return Violation("/", expected, quote(answer.exchange), ids)
    if step in LOOKS_AT_DELETED and without_times(new) == without_times(old):
        return Violation("/", GONE_OR_MARKED, compact(new), ids)
    return Pass(ids)


@passive("delete.lasting", hint=HINT, whole=True)
def delete_lasting(context: JudgeContext, exchange: Exchange) -> list[Outcome]:
    """A deleted object does not come back, and others stay."""
    return lasting(context, exchange, "delete")
