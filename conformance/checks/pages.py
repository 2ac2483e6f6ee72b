"""Judges of single pages of lists, whichever scenario requested them, and of printed samples."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from conformance.base.values import ABSENT, NOT_JSON, instant, pointed, zoned
from conformance.judging.capabilities import Asked
from conformance.judging.outcomes import Answered, Gap, JudgeContext, Outcome, Pass, Violation
from conformance.judging.responses import page_of, quote, quoted, role_of, unusable
from conformance.judging.rules import USABLE, lists, passive, probe
from conformance.model import CodeRole, Exchange, Paging, compact
from conformance.reading import Answer, answer_to, arrays_of, position_of, query_value

SEVERAL_ARRAYS = (
    "the list has several arrays: "
    "name the one that holds its items (collections: in the target file)"
)


def _answer(context: JudgeContext, exchange: Exchange) -> Answer:
    """What the response of an exchange shows, read by the judged operation."""
    return answer_to(context.contract, context.operation, exchange)


def _limit(context: JudgeContext, exchange: Exchange) -> int | None:
    """The limit of a page that was requested with a plain number of at most nine digits.

    None for a request without a limit, or with anything else in its place.
    """
    paging = context.operation.paging
    if paging is None:
        return None
    limit = query_value(exchange, paging.limit) or ""
    return int(limit) if re.fullmatch("[0-9]{1,9}", limit) else None


NO_FULL_PAGE = "Needs a list with more items than one page."
OF_ITEMS: dict[str, Any] = {"provide": True, "rests_on": ("success.status", "list.items")}
"""The options shared by the rules that judge the items of a list."""


@passive("list.items", applies=lists, hint="No list was returned.", rests_on=("success.status",))
def list_items(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """A list response is an object with its items in an array."""
    page = page_of(context, exchange)
    if page is None:
        yield from _why_not_stored(context, exchange)
        return
    paging, body = page
    if not isinstance(body, dict):
        yield Violation("/", "an object", quote(exchange), (exchange.id,))
    elif _answer(context, exchange).items is not None:
        yield Pass((exchange.id,))
    else:
        yield _without_items(paging, body, exchange)


def _why_not_stored(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """Yield why a list cannot be judged if its body is not completely stored; else nothing."""
    response = exchange.response
    if response is None or not (response.body.cut or response.why_unjudgeable):
        return
    excuse = unusable(context, exchange)
    assert excuse is not None  # the body is not there
    yield excuse


def _without_items(paging: Paging, body: dict[str, Any], exchange: Exchange) -> Outcome:
    """What is wrong with a list response in which no array of items was found.

    If it may be any of several arrays, there is only a gap.
    """
    if paging.collection is not None:
        actual = compact(body.get(paging.collection))
        where = f"/{paging.collection}"
        return Violation(where, "an array of items", actual, (exchange.id,))
    if arrays_of(body):
        return Gap(SEVERAL_ARRAYS)
    return Violation("/", "an array of items", "no array", (exchange.id,))


@passive(
    "list.more-flag",
    applies=lists,
    hint="No list was returned.",
    rests_on=("success.status", "list.items"),
)
def list_more_flag(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """A list response has the boolean that says whether more follows."""
    page = page_of(context, exchange)
    if page is None:
        return
    paging, body = page
    if body is NOT_JSON:
        return  # list.items blames it
    if _answer(context, exchange).more is not None:
        yield Pass((exchange.id,))
    else:
        actual = quoted(pointed(body, (paging.more,)))
        yield Violation(f"/{paging.more}", "a boolean", actual, (exchange.id,))


@passive("list.limit", applies=lists, hint=NO_FULL_PAGE, asks=Asked.ITEMS, **OF_ITEMS)
def list_limit(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """A page holds no more items than its limit."""
    items = _answer(context, exchange).items
    limit = _limit(context, exchange) if items else None
    if not items or not limit:
        return
    free = limit - len(items)
    if free < 0:
        yield Violation("/", f"at most {limit} items", f"{len(items)} items", (exchange.id,))
    elif not free:  # only a full page shows that the limit holds
        yield Pass((exchange.id,))


@passive(
    "list.maximum",
    applies=lists,
    hint="Needs a list with more items than its maximum, "
    "which the target file must give (maximum: in the target file).",
    provide=True,
    place="maximum",
    rests_on=(*USABLE, "list.limit"),
)
def list_maximum(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """A page holds no more items than the declared maximum."""
    maximum = context.target.maximum.get(exchange.operation)
    if maximum is None:
        return
    items = _answer(context, exchange).listed
    if len(items) > maximum:
        actual = f"{len(items)} items"
        yield Violation("/", f"at most {maximum} items", actual, (exchange.id,))
    elif _beyond_maximum(context, exchange) and _shows_maximum(context, exchange):
        yield Pass((exchange.id,))


def _shows_maximum(context: JudgeContext, exchange: Exchange) -> bool:
    """Whether a response shows that a maximum holds: it refuses the limit, or more items follow."""
    if role_of(context.contract, exchange) is CodeRole.INVALID_PARAMETER:
        return True
    answer = _answer(context, exchange)
    return bool(answer.items and answer.more)


@passive("list.position", applies=lists, hint="Needs a list with items.", **OF_ITEMS)
def list_position(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """The cursor can be taken from the last item: an ISO timestamp."""
    answer, paging = _answer(context, exchange), context.operation.paging
    if paging is None or not answer.items:
        return
    bad = _bad_position(answer, answer.items)
    if bad is None:
        yield Pass((exchange.id,))
        return
    index, value = bad
    arrays = arrays_of(exchange.json)
    names = [name for name, items in arrays.items() if items == answer.items]
    collection = names[0] if names else "*"
    where = f"/{collection}/{index}/{paging.position}"
    actual = "nothing" if value is None else compact(value)
    yield Violation(where, "an ISO timestamp with its zone", actual, (exchange.id,))


def _bad_position(answer: Answer, items: list[Any]) -> tuple[int, Any] | None:
    """The index and position of the first item whose position is not a timestamp; None if all are.

    An item may lack its position, except the last item of a page that others follow, because that
    gives the cursor.
    """
    cursor_item = items[-1] if answer.more else ABSENT
    for index, item in enumerate(items):
        position = position_of(answer.operation, item)
        if position is None and item is not cursor_item:
            continue
        if not _is_timestamp(position):
            return index, position
    return None


def _is_timestamp(value: Any) -> bool:
    """Whether a value is an ISO timestamp that names an instant: one with its zone."""
    return instant(value) is not None and zoned(value)


@probe("sample.accepted")
def sample_accepted(context: JudgeContext, answer: Answered) -> Iterator[Outcome]:
    """A request as printed on the page succeeds, and returns a page."""
    read = answer_to(context.contract, context.operation, answer.exchange)
    if read.items is not None or _rightly_refused(context, answer):
        yield Pass(answer.ids)
    elif answer.ok:
        return  # list.items judges it
    elif answer.status != 403:  # the key may lack the scope
        yield Violation("status", "200", quote(answer.exchange), answer.ids)


def _rightly_refused(context: JudgeContext, answer: Answered) -> bool:
    """Whether a printed request was refused with good reason.

    Its cursor is a date in the distant past, and its limit may exceed the target's maximum.
    """
    if answer.status != 400:
        return False
    return answer.facts.printed_cursor or _beyond_maximum(context, answer.exchange)


def _beyond_maximum(context: JudgeContext, exchange: Exchange) -> bool:
    """Whether a request asks for a larger page than the declared maximum of its list."""
    limit = _limit(context, exchange)
    maximum = context.target.maximum.get(exchange.operation)
    if limit is None or maximum is None:
        return False
    return limit > maximum
