"""Judges of the ids in responses: none of a business that the key cannot reach, or its objects."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote
from weakref import WeakKeyDictionary

from conformance.base.values import NESTED, texts_in
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
from conformance.judging.sides import OPPOSITE, side_of
from conformance.model import (
    Body,
    Business,
    Clause,
    Contract,
    Exchange,
    Operation,
    Side,
    Step,
    compact,
)
from conformance.reading import Answer, answer_of, answer_to

UNREACHABLE = {Side.OWN: Business.OTHER, Side.FOREIGN: Business.MAIN}
"""The business that the key of a request cannot reach, by the side whose data it shows."""


def _owned(contract: Contract, operation: Operation, clause: Clause) -> bool:
    """Applies where a list belongs to a business."""
    if contract.tenant is None or operation.paging is None:
        return False
    return operation.owned


@passive(
    "owner.named",
    applies=_owned,
    hint="Needs a list whose items name their business.",
    rests_on=("success.status", "list.items"),
)
def tenant_named(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """No item of any page names a business that the key cannot reach."""
    answer = answer_to(context.contract, context.operation, exchange)
    if answer.items is None or context.operation.pool:
        return
    if exchange.facts.side:  # tenant.rows judges it
        return
    yield judge_named_business(context, exchange, answer.rows) or Pass((exchange.id,))


def judge_named_business(
    context: JudgeContext, exchange: Exchange, rows: list[dict[str, Any]]
) -> Violation | None:
    """A violation if an item names the business that the key cannot reach; None if none does.

    An item of a third business is not a violation, because the key may reach that business.
    """
    tenant = context.contract.tenant
    foreign = _unreachable_business(context, exchange)
    if tenant is None or not foreign or not _may_hold(exchange, foreign):
        return None
    if not _is_named(foreign, rows, tenant):
        return None
    expected = "no item of another business"
    return Violation(f"/{tenant}", expected, compact(foreign), (exchange.id,))


def _may_hold(exchange: Exchange, text: str) -> bool:
    """Whether a text may be in the body of a response, perhaps with escapes: a fast first check."""
    body = exchange.response.body.written if exchange.response else ""
    return text in body or "\\" in body


def _is_named(business: str, value: Any, tenant: str) -> bool:
    """Whether a value, or anything in it, says that it belongs to a business."""
    pending = [value]
    while pending:
        current = pending.pop()
        if isinstance(current, dict):
            if current.get(tenant) == business:
                return True
            current = list(current.values())
        if isinstance(current, list):
            pending += [member for member in current if isinstance(member, NESTED)]
    return False


def _shows_own(contract: Contract, operation: Operation, _: Clause | None = None) -> bool:
    """Applies to operations that show an object of a business: a read, a creation or a change."""
    if not contract.tenant or not operation.owned or not operation.kind:
        return False
    return operation.action in ("read", "create", "update")


@passive(
    "owner.inside",
    applies=_shows_own,
    hint="Needs the id of the other business, which the target file must give "
    "(businesses: other in the target file).",
    provide=True,
    place="businesses: other",
)
def tenant_inside(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """The response to a request for own objects holds none of another business."""
    foreign, tenant = _unreachable_business(context, exchange), str(context.contract.tenant)
    if foreign is None or not exchange.ok or exchange.facts.mistake:
        return
    request = exchange.request.url + (exchange.request.body or Body()).kept
    if foreign in request:  # other rules judge a request that names the other business
        return
    if not _shows_own(context.contract, context.operation):
        return
    if _may_hold(exchange, foreign) and _is_named(foreign, exchange.json, tenant):
        yield Violation(f"/{tenant}", NOTHING_FOREIGN, compact(foreign), (exchange.id,))
    else:
        yield Pass((exchange.id,))


# --- objects of another business in others --------------------------------------------------------

COUNTER = re.compile(r"\A[^0-9]*+[0-9]{1,9}\Z")
"""An id that may be a counter: each business may count its objects by itself."""
LONG_TEXT = re.compile(f'"([^"]{{{LONG_ID},}})"')
"""A text in JSON that may be an id."""


@dataclass
class _ShownTo:
    """What a business is shown: the ids of its objects, and the long texts of its responses.

    ``texts`` gives the id of the first exchange that shows each text. A text is so long that no two
    objects share one by chance.
    """

    ids: set[str] = field(default_factory=set)
    texts: dict[str, str] = field(default_factory=dict)


@trial("owner.nested", hint="Needs objects of two businesses.", rests_on=("list.items",))
def tenant_nested(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """No response holds the id of an object that only another business has."""
    shown_to = {side: _ShownTo() for side in Side}
    for exchange in trial.exchanges:
        side = side_of(exchange)
        if side is not None:
            _note_shown(context, exchange, shown_to[side], shown_to[OPPOSITE[side]])
    for side, shown in shown_to.items():
        only_foreign = shown_to[OPPOSITE[side]].ids - shown.ids
        held = only_foreign & shown.texts.keys()
        if held:
            first = min(held)
            yield Violation("/", NOTHING_FOREIGN, compact(first), (shown.texts[first],))
    successes = tuple(exchange.id for exchange in trial.exchanges if exchange.ok)
    if successes:
        yield Pass(successes)


def _note_shown(
    context: JudgeContext, exchange: Exchange, shown: _ShownTo, to_other: _ShownTo
) -> None:
    """Note the ids and the long texts that an exchange shows; see ``_note_ids``.

    ``shown`` belongs to the business of the key, ``to_other`` to the other business.
    """
    answer = _note_ids(context, exchange, shown, to_other)
    if answer is not None:
        for text in _long_texts(answer.body):
            shown.texts.setdefault(text, exchange.id)


def _note_ids(
    context: JudgeContext, exchange: Exchange, shown: _ShownTo, to_other: _ShownTo
) -> Answer | None:
    """Note the ids that an accepted response shows to its business, and return the response.

    Of a request for an object of another business, only that id is noted, as one that the other
    business is shown. None for such a request, for a refused one, and for one with a mistake.
    """
    answer = answer_of(context.contract, exchange)
    if exchange.facts.step is Step.FOREIGN and exchange.facts.sought:
        to_other.ids.add(exchange.facts.sought)
        return None
    if answer is None or not answer.ok or exchange.facts.mistake:
        return None
    identifier = context.contract.identifier_of(answer.operation.kind)
    shown.ids.update(texts_in([answer.id, *[row.get(identifier) for row in answer.rows]]))
    return answer


@dataclass(frozen=True)
class _ForeignIds:
    """The ids that one business must not be shown, because only the other one is shown them.

    ``untouched`` are those of the ``ids`` that no accepted write of this business named. Naming an
    id may have an effect, which is judged in the case that sent the write.
    """

    ids: set[str]
    untouched: set[str]


_FOREIGN_IDS: WeakKeyDictionary[WholeLog, dict[Side, _ForeignIds]] = WeakKeyDictionary()
"""What each business must not be shown, by its side, for each log that is being judged."""


@passive("owner.across", hint="Needs objects of two businesses.", whole=True)
def tenant_across(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """No response other than a list holds an id that only another business is shown in the run."""
    side = side_of(exchange)
    if side is None or not exchange.ok or context.operation.paging is not None:
        return
    foreign, businesses = _foreign_ids(context, side), context.target.businesses.values()
    held = _untouched_shown(foreign, context, exchange).difference(businesses)
    if not held:
        if foreign.ids:
            yield Pass((exchange.id,))
        return
    request = unquote(_request_text(exchange))
    # other rules judge a request that names a business, or an object of another one
    if not any(name in request for name in foreign.ids.union(businesses)):
        yield Violation("/", NOTHING_FOREIGN, compact(min(held)), (exchange.id,))


def _untouched_shown(foreign: _ForeignIds, context: JudgeContext, exchange: Exchange) -> set[str]:
    """The untouched foreign ids that a response shows, except the id of an object it created."""
    if not foreign.untouched:
        return set()
    held = foreign.untouched.intersection(_long_texts(exchange.json))
    if context.operation.action == "create":  # it is its own, even if others are shown it later
        held.discard(str(answer_to(context.contract, context.operation, exchange).id))
    return held


ID = re.compile(rf"\A(?=[^0-9]*+[0-9]).{{{TELLING}}}", re.DOTALL)
"""An id has a digit, and is long enough not to appear in other texts by chance."""
NAMES = re.compile(f"[\\w-]{{{LONG_ID},}}")
"""A word in a request that may be an id."""


def _request_text(exchange: Exchange) -> str:
    """The URL, the headers and the body of a request as one text."""
    request = exchange.request
    headers = [text for pair in request.headers for text in pair]
    return " ".join([request.url, *headers, (request.body or Body()).kept])


def _long_texts(value: Any) -> list[str]:
    """The texts in a value that may be ids, without those that may be counters."""
    texts = LONG_TEXT.findall(compact(value, sys.maxsize))
    return [text for text in texts if not COUNTER.fullmatch(text)]


def _foreign_ids(context: JudgeContext, side: Side) -> _ForeignIds:
    """The ids that a business must not be shown, according to the whole log."""
    log = context.log
    assert log is not None  # the rule waits for it
    if log not in _FOREIGN_IDS:
        _FOREIGN_IDS[log] = _foreign_ids_by_side(context, log)
    return _FOREIGN_IDS[log][side]


def _foreign_ids_by_side(context: JudgeContext, log: WholeLog) -> dict[Side, _ForeignIds]:
    """The ids that each business must not be shown, by its side.

    An id without a digit is left out, because it may be a word that anybody uses.
    """
    shown_to = {each: _ShownTo() for each in Side}
    named: dict[Side, set[str]] = {each: set() for each in Side}  # by accepted writes
    for exchange in log.exchanges:
        side = side_of(exchange)
        if side is None:
            continue
        _note_ids(context, exchange, shown_to[side], shown_to[OPPOSITE[side]])
        is_accepted_write = exchange.ok and exchange.request.method != "GET"
        if is_accepted_write:
            named[side].update(NAMES.findall(_request_text(exchange)))
    foreign = {}
    for side, other in OPPOSITE.items():
        only_foreign = shown_to[other].ids - shown_to[side].ids
        ids = {each for each in only_foreign if ID.search(each)}
        foreign[side] = _ForeignIds(ids, ids - named[side])
    return foreign


# --- whose response it is -------------------------------------------------------------------------


def _unreachable_business(context: JudgeContext, exchange: Exchange) -> str | None:
    """The id of the business that the key of a request cannot reach; None if that is not known."""
    side = side_of(exchange)
    if side is None:
        return None
    return context.target.businesses.get(UNREACHABLE[side])
