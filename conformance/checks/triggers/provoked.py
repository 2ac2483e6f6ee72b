"""Judges of triggers: how the target responds to them, and what they leave behind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from conformance.base.values import instants, texts_in
from conformance.judging.outcomes import JudgeContext, Outcome, Pass, Trial, Violation
from conformance.judging.responses import code_of, control_gap, ids_of, pointer, quote, unusable
from conformance.judging.rules import trial
from conformance.judging.writes import added_items, last_answer, last_ids
from conformance.model import (
    ErrorCode,
    Exchange,
    Operation,
    Step,
    compact,
)
from conformance.reading import Answer, id_of, members_of, moment_of, position_of, sent_members

SHORTEST_TEXT = 6
"""The fewest characters of a text that tells one item from another."""
LONGEST_STATE = 16
"""The most characters of a word that may be the state of an item."""

# --- the response to a trigger --------------------------------------------------------------------


@trial("trigger.answer")
def trigger_answer(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A trigger of the target returns its code and status."""
    row = context.contract.errors.get(trial.case.about or "")
    if row is None:
        return
    for probe in trial.plain_probes:
        yield _judge_triggered(context, trial, probe, row)


def _judge_triggered(
    context: JudgeContext, trial: Trial, probe: Exchange, row: ErrorCode
) -> Outcome:
    """Judge one response to a trigger: it has the status and the code of a ``row``.

    A response that proves nothing elsewhere, such as a 503, may be exactly the expected one. It is
    an excuse only if neither its status nor its code is right. A wrong response is a violation only
    if the valid requests next to the trigger, if any, succeeded.
    """
    code = code_of(context.contract, probe)
    has_status = probe.status == row.status
    if has_status and code in (row.code, None):
        return Pass((probe.id,), without_code=code is None)
    excuse = None if has_status or code == row.code else unusable(context, probe)
    if excuse is not None:
        return excuse
    gap = control_gap(context, trial, Step.TAKEN) if trial.at(Step.TAKEN) else None
    if gap is not None:
        return gap
    where = pointer(context.contract.code_pointer) if has_status else "status"
    return Violation(where, f"{row.status} {row.code}", quote(probe), (probe.id,))


# --- the effect of a trigger ----------------------------------------------------------------------


@dataclass(frozen=True)
class Texts:
    """The texts that the accepted request and the refused requests of a trial sent."""

    accepted: frozenset[str]
    refused: frozenset[str]


@dataclass(frozen=True)
class Accepted:
    """How the list shows the items that the accepted request created.

    ``states`` are the states of these items, ``latest`` the latest of their positions in time.
    """

    states: tuple[dict[str, Any], ...]
    latest: Fraction | None

    def is_later_than(self, moment: Fraction | None) -> bool:
        """Whether these items are known to be later than a moment."""
        if moment is None or self.latest is None:
            return False
        return moment < self.latest


@trial(
    "trigger.effect",
    confirm=True,
    hint="Needs an accepted request and a list, next to the rejected one.",
)
def trigger_effect(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A request that was refused, or failed, is not listed as if it had succeeded."""
    control, before = trial.last(Step.TAKEN), last_answer(context, trial, Step.BEFORE)
    probes, added = trial.plain_probes, added_items(context, trial)
    if control is None or before is None or added is None or not probes:
        return
    if unusable(context, control):
        return
    if not all(probe.refused for probe in probes):  # one that was lost may have succeeded
        return
    texts = Texts(_texts_sent([control]), _texts_sent(probes))
    accepted = _how_accepted(context, control, before, texts)
    ids = (
        *last_ids(trial, Step.TAKEN, Step.BEFORE),
        *ids_of(probes),
        *last_ids(trial, Step.AFTER),
    )
    for item in added:
        if _looks_accepted(context, before.operation, item, accepted, texts):
            yield Violation("/", "no item as if the request had succeeded", compact(item), ids)
            return
    yield Pass(ids)


def _texts_sent(exchanges: Iterable[Exchange]) -> frozenset[str]:
    """The texts that some requests sent in their bodies."""
    texts: set[str] = set()
    for exchange in exchanges:
        texts |= _texts(sent_members(exchange))
    return frozenset(texts)


def _texts(item: Any) -> set[str]:
    """The texts of an object that are long enough to tell it from others.

    Empty for any value that is not an object.
    """
    texts = texts_in(members_of(item).values())
    return {text for text in texts if len(text) >= SHORTEST_TEXT}


def _how_accepted(
    context: JudgeContext, control: Exchange, before: Answer, texts: Texts
) -> Accepted:
    """How the list ``before`` the probes shows what the accepted request, the control, created.

    If it shows no such item, there are no states, and no item looks accepted.
    """
    items = _items_created(context, control, before, texts)
    moments = instants(position_of(before.operation, item) for item in items)
    states = tuple(_state(context, item, texts) for item in items)
    return Accepted(states, max(moments, default=None))


def _items_created(
    context: JudgeContext, control: Exchange, before: Answer, texts: Texts
) -> list[Any]:
    """The items that the accepted request created.

    They are the items with the id in its response. If there are none, they are those that show the
    most texts that only this request sent. An item that shows no such text is never included.
    """
    with_id = _items_with_id(context, control, before)
    if with_id:
        return with_id
    own = texts.accepted - texts.refused
    by_count: dict[int, list[Any]] = defaultdict(list)  # items by how many such texts they show
    for item in before.listed:
        by_count[len(own & _texts(item))].append(item)
    most = max(by_count, default=0)
    return by_count[most] if most else []


def _items_with_id(context: JudgeContext, control: Exchange, before: Answer) -> list[Any]:
    """The items of a list with the id of the object that the response to a request shows."""
    contract, kind = context.contract, before.operation.kind
    answer = Answer(contract, contract.operations[control.operation], control)
    created_id = id_of(contract, answer.operation.kind, answer.object)
    if created_id is None:
        return []
    return [item for item in before.listed if id_of(contract, kind, item) == created_id]


def _looks_accepted(
    context: JudgeContext, listing: Operation, item: Any, accepted: Accepted, texts: Texts
) -> bool:
    """Whether an item holds a refused text and looks like what the accepted request made.

    An item that is older than the accepted ones existed before, and only appears now.
    """
    if accepted.is_later_than(moment_of(listing, item)):
        return False
    if texts.refused.isdisjoint(_texts(item)):
        return False
    return _state(context, item, texts) in accepted.states


def _state(context: JudgeContext, item: dict[str, Any], texts: Texts) -> dict[str, Any]:
    """The flags and short words of an item that were not sent, by name.

    They show what became of the item. The id is left out, because it differs from item to item.
    """
    sent = texts.accepted | texts.refused
    state = {}
    for name, value in item.items():
        if name == context.contract.identifier:
            continue
        if _is_state(value) and value not in sent:
            state[name] = value
    return state


def _is_state(value: Any) -> bool:
    """Whether a value may be a state: a flag, a short word, or null."""
    if isinstance(value, str):
        return len(value) <= LONGEST_STATE
    return value is None or isinstance(value, bool)
