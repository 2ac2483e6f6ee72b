"""Judges of what answers name: no business that the key cannot reach, and no object of it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, filterfalse
from operator import attrgetter
from typing import Any
from urllib.parse import unquote
from weakref import WeakKeyDictionary

from conformance.base.values import texts_in
from conformance.judging.foreign_effects import LONG_ID, NOTHING_FOREIGN, TELLING
from conformance.judging.outcomes import (
    JudgeContext,
    Outcome,
    Pass,
    Trial,
    Violation,
    WholeLog,
)
from conformance.judging.rules import passive, trial
from conformance.model import (
    Body,
    Business,
    Clause,
    Contract,
    Exchange,
    Operation,
    Side,
    Step,
    business_of,
    compact,
)
from conformance.reading import Answer, answer_of

SIDES: dict[Business | None, Side] = {
    Business.MAIN: Side.OWN,
    Business.OTHER: Side.FOREIGN,
    Business.EMPTY: Side.FOREIGN,
}
"""Whose data the keys of a business show, seen from the main one."""
OPPOSITE = {Side.OWN: Side.FOREIGN, Side.FOREIGN: Side.OWN}
BEYOND = {Side.OWN: Business.OTHER, Side.FOREIGN: Business.MAIN}
"""The business that a key cannot reach, by the side that it shows."""


def _owned(contract: Contract, operation: Operation, clause: Clause) -> bool:
    """Applies where a list belongs to a business."""
    if contract.tenant is None or operation.paging is None:
        return False
    return operation.owned


@passive(
    "owner.named",
    applies=_owned,
    hint="The items of the list must name their business.",
    rests_on=("success.status", "list.items"),
)
def tenant_named(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """No item of any page names a business that the key cannot reach."""
    answer = Answer(context.contract, context.operation, exchange)
    if answer.items is None:
        return
    if exchange.facts.side:
        return
    if context.operation.pool:
        return
    violations = map(partial(named_business, context, exchange), answer.rows)
    yield next(chain.from_iterable(violations), Pass((exchange.id,)))


def named_business(
    context: JudgeContext, exchange: Exchange, row: dict[str, Any]
) -> Iterator[Violation]:
    """An item does not name the business that the key cannot reach.

    An item of a third business may be within the reach of the key.
    """
    tenant = context.contract.tenant
    foreign = _unreachable(context, exchange)
    if tenant is None:
        return
    if not foreign:
        return
    if foreign in _named_in(row, tenant):
        expected = "no item of another business"
        yield Violation(f"/{tenant}", expected, compact(foreign), (exchange.id,))


def _named_in(value: Any, tenant: str) -> Iterator[str]:
    """The businesses that a value, or anything in it, says that it belongs to."""
    if isinstance(value, list):
        for item in value:
            yield from _named_in(item, tenant)
    if not isinstance(value, dict):
        return
    yield from texts_in([value.get(tenant)])
    for member in value.values():
        yield from _named_in(member, tenant)


def _shows_own(contract: Contract, operation: Operation, _: Clause | None = None) -> bool:
    """Applies to what shows an object of a business: a read, a creation or a change."""
    shows = operation.action in ("read", "create", "update")
    return all((contract.tenant, operation.owned, operation.kind, shows))


@passive("owner.inside", applies=_shows_own, hint="The target file must name the businesses.")
def tenant_inside(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """The answer to a request for own objects holds none of another business."""
    foreign, tenant = _unreachable(context, exchange), str(context.contract.tenant)
    request = exchange.request.url + (exchange.request.body or Body()).kept
    if foreign is None or foreign in request:
        return
    if not _shows_own(context.contract, context.operation):
        return
    if not exchange.ok or exchange.facts.mistake:
        return
    if foreign in _named_in(exchange.json, tenant):
        yield Violation(f"/{tenant}", NOTHING_FOREIGN, compact(foreign), (exchange.id,))
    else:
        yield Pass((exchange.id,))


# --- objects of another business in others --------------------------------------------------------

COUNTER = re.compile(r"\A[^0-9]*+[0-9]{1,9}\Z")
"""An id that may be a counter: each business may count its objects by itself."""
LONG_TEXT = re.compile(f'"([^"]{{{LONG_ID},}})"')
"""A text in JSON that may be an id."""


@dataclass
class _Seen:
    """What the trial shows of a business: the ids of its objects, and what its answers hold.

    Those are long texts, each with the exchange that shows it: no two objects have one by chance.
    """

    ids: set[str] = field(default_factory=set)
    texts: dict[str, str] = field(default_factory=dict)


@trial("owner.nested", hint="Needs objects of two businesses.", rests_on=("list.items",))
def tenant_nested(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """No answer holds the id of an object that only another business has."""
    seen = {side: _Seen() for side in Side}
    for exchange in trial.exchanges:
        side = _side_of(exchange)
        if side is not None:
            _see(context, exchange, seen[side], seen[OPPOSITE[side]])
    for side, one in seen.items():
        theirs = seen[OPPOSITE[side]].ids - one.ids
        for held in sorted(theirs & one.texts.keys())[:1]:
            yield Violation("/", NOTHING_FOREIGN, compact(held), (one.texts[held],))
    answers = tuple(filter(attrgetter("ok"), trial.exchanges))
    if answers:
        yield Pass(tuple(map(attrgetter("id"), answers)))


def _see(context: JudgeContext, exchange: Exchange, seen: _Seen, other: _Seen) -> None:
    """Note what an exchange of a business shows of it, and what it sought of the other one."""
    answer = _note_ids(context, exchange, seen, other)
    if answer is not None:
        seen.texts = dict.fromkeys(_long_texts(answer.body), exchange.id) | seen.texts


def _note_ids(
    context: JudgeContext, exchange: Exchange, seen: _Seen, other: _Seen
) -> Answer | None:
    """Note the ids alone. Returns the answer if it shows something of the business."""
    answer = answer_of(context.contract, exchange)
    if exchange.facts.step is Step.FOREIGN and exchange.facts.sought:
        other.ids.add(exchange.facts.sought)
        return None
    if answer is None or not answer.ok or exchange.facts.mistake:
        return None
    name = context.contract.identifier_of(answer.operation.kind)
    seen.ids.update(texts_in([answer.id, *(row.get(name) for row in answer.rows)]))
    return answer


@dataclass(frozen=True)
class _Apart:
    """The ids that only the other business is shown.

    No accepted write of this one named those that are ``untouched``. What the others came to is
    judged where they were sent.
    """

    theirs: set[str]
    untouched: set[str]


_OWN: WeakKeyDictionary[WholeLog, dict[Side, _Apart]] = WeakKeyDictionary()
"""What each business must not be shown, by its side, for each log that is being judged."""


@passive("owner.across", hint="Needs objects of two businesses.", whole=True)
def tenant_across(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """No answer holds an id that only another business is shown in the run; lists are left out."""
    side = _side_of(exchange)
    if side is None or not _shows_one(context, exchange):
        return
    apart, businesses = _apart(context, side), context.target.businesses.values()
    held = apart.untouched.intersection(_long_texts(exchange.json)).difference(businesses)
    if context.operation.action == "create":  # it is its own, even if others are shown it later
        held.discard(str(Answer(context.contract, context.operation, exchange).id))
    if not held:
        yield from [Pass((exchange.id,))] * bool(apart.theirs)
    elif not _names_any(exchange, apart.theirs.union(businesses)):
        yield Violation("/", NOTHING_FOREIGN, compact(min(held)), (exchange.id,))


def _names_any(exchange: Exchange, ids: set[str]) -> bool:
    """Whether a request names a business, or something of another one: other rules judge that."""
    return any(map(unquote(_request(exchange)).__contains__, ids))


def _shows_one(context: JudgeContext, exchange: Exchange) -> bool:
    """Whether an answer is a success, and no page of a list."""
    return all((exchange.ok, context.operation.paging is None))


ID = re.compile(rf"\A(?=[^0-9]*+[0-9]).{{{TELLING}}}", re.DOTALL)
"""An id has a digit, and is not so short that it stands in other texts by chance."""
NAMES = re.compile(f"[\\w-]{{{LONG_ID},}}")
"""What may be an id in a request."""


def _request(exchange: Exchange) -> str:
    """What a request says: its URL, its headers and its body."""
    headers = chain.from_iterable(exchange.request.headers)
    return " ".join((exchange.request.url, *headers, (exchange.request.body or Body()).kept))


def _long_texts(value: Any) -> Iterator[str]:
    """The texts in a value that may be ids and no counters."""
    return filterfalse(COUNTER.fullmatch, LONG_TEXT.findall(compact(value, sys.maxsize)))


def _apart(context: JudgeContext, side: Side) -> _Apart:
    """What a business must not be shown, as the whole log has it."""
    log = context.log
    assert log is not None  # the rule waits for it
    if log not in _OWN:
        _OWN[log] = dict(_told_apart(context, log))
    return _OWN[log][side]


def _told_apart(context: JudgeContext, log: WholeLog) -> Iterator[tuple[Side, _Apart]]:
    """The same for each side. An id without a digit may be a word that anybody uses."""
    seen = {each: _Seen() for each in Side}
    named: dict[Side, set[str]] = {each: set() for each in Side}
    for exchange in log.exchanges:
        side = _side_of(exchange)
        if side is not None:
            _note_ids(context, exchange, seen[side], seen[OPPOSITE[side]])
            named[side].update(_named_by_write(exchange))
    for side, other in OPPOSITE.items():
        theirs = set(filter(ID.search, seen[other].ids - seen[side].ids))
        yield side, _Apart(theirs, theirs - named[side])


def _named_by_write(exchange: Exchange) -> list[str]:
    """What may be ids in a write that was accepted."""
    is_write = exchange.ok and exchange.request.method != "GET"
    return NAMES.findall(_request(exchange)) if is_write else []


# --- whose answer it is ---------------------------------------------------------------------------


def _unreachable(context: JudgeContext, exchange: Exchange) -> str | None:
    """The id of the business that the key of a request cannot reach; None if that is not known."""
    side = _side_of(exchange)
    if side is None:
        return None
    return context.target.businesses.get(BEYOND[side])


def _side_of(exchange: Exchange) -> Side | None:
    """Whose data an answer shows; None for a key that may belong to any business."""
    return exchange.facts.side or SIDES.get(business_of(exchange.identity or ""))
