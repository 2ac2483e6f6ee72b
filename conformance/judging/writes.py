"""Questions that judges of writes and triggers ask: what a trial sent, and what a read shows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from conformance.base.values import instant
from conformance.judging.outcomes import JudgeContext, Outcome, Pass, Trial, Violation
from conformance.judging.responses import ids_of
from conformance.model import Exchange, Step, compact
from conformance.reading import Answer, members_of, newly_listed, same, sent_and_shown, sought_in


def answers_at(context: JudgeContext, trial: Trial, step: Step) -> list[Answer]:
    """The responses to the requests of a step, in their order, whether accepted or not.

    Raises KeyError for a request that belongs to no documented operation.
    """
    contract = context.contract
    return [
        Answer(contract, contract.operations[exchange.operation], exchange)
        for exchange in trial.at(step)
    ]


def last_answer(context: JudgeContext, trial: Trial, step: Step) -> Answer | None:
    """The response to the last request of a step; None if the trial has no such step."""
    answers = answers_at(context, trial, step)
    return answers[-1] if answers else None


def last_success(context: JudgeContext, trial: Trial, step: Step) -> Answer | None:
    """The response to the last request of a step, if it was accepted; None otherwise."""
    answer = last_answer(context, trial, step)
    return answer if answer and answer.ok else None


def last_ids(trial: Trial, *steps: Step) -> tuple[str, ...]:
    """The ids of the last exchange of each of some steps."""
    exchanges = [trial.last(step) for step in steps]
    return ids_of(exchange for exchange in exchanges if exchange is not None)


def added_items(context: JudgeContext, trial: Trial) -> list[Any] | None:
    """The items that the list of a trial shows after the probe and did not show before it.

    None if the list was not returned both before and after.
    """
    before = last_answer(context, trial, Step.BEFORE)
    after = last_answer(context, trial, Step.AFTER)
    if before is None or before.items is None:
        return None
    if after is None or after.items is None:
        return None
    return newly_listed(context.contract, after.operation, before.items, after.items)


def items_with(look: Answer, texts: Iterable[str]) -> list[Any]:
    """The items of a list, or the object of a read, that hold one of some texts.

    Empty for a look that was refused.
    """
    items = look.listed
    if look.ok and look.operation.paging is None:
        items = [look.object]
    without_quotes = slice(1, -1)
    escaped = [_as_json(text)[without_quotes] for text in texts]
    holding = []
    for item in items:
        as_json = _as_json(item)
        if any(text in as_json for text in escaped):
            holding.append(item)
    return holding


def shows_sent(sent: Mapping[str, Any], item: Any) -> bool:
    """Whether an item shows at least one of the members that were sent, and none differently.

    A member that it does not show, or shows as null, does not count.
    """
    pairs = sent_and_shown(sent, item)
    return bool(pairs) and all(same(value, shown) for value, shown in pairs)


def _as_json(value: Any) -> str:
    """A value as JSON, without escapes for characters outside ASCII."""
    return json.dumps(value, ensure_ascii=False)


def judge_untied(
    context: JudgeContext, looks: Iterable[Exchange], expected: str
) -> Iterator[Outcome]:
    """Judge that objects do not show the references to which a write must not have tied them.

    A look that shows no object is left out. ``expected`` words the violation.
    """
    for look in looks:
        shown, _ = sought_in(context.contract, look)
        if isinstance(shown, dict):
            violations: list[Outcome] = list(tied_violations(look, shown, expected))
            yield from violations or [Pass((look.id,))]


def tied_violations(exchange: Exchange, shown: Any, expected: str) -> Iterator[Violation]:
    """A violation for each member of an object that shows a reference that it must not have."""
    members = members_of(shown)
    for name, value in exchange.facts.tied.items():
        if members.get(name) == value:
            yield Violation(f"/{name}", expected, compact(value), (exchange.id,))


TIME = "a time"
"""Replaces every time where an object is compared with what it was before its deletion."""


def without_times(value: object) -> object:
    """An object with each time replaced by one word, because a new time does not mean deletion.

    Times in nested objects stay. A value that is no object is returned as it is.
    """
    if not isinstance(value, dict):
        return value
    return {name: TIME if instant(member) else member for name, member in value.items()}
