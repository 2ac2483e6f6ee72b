"""Judges of single list responses: passive, on every page that any test asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conformance.judging.answers import page_of, role_of, said, unusable
from conformance.judging.outcomes import Gap, JudgeContext, Outcome, Pass, Trial, Violation
from conformance.judging.rules import lists, passive, trial
from conformance.model import Exchange, Paging, compact
from conformance.reading import asked, items_of
from conformance.values import NOT_JSON, instant, zoned


def _limit(exchange: Exchange, paging: Paging) -> int | None:
    """The limit of a page that was asked for with a plain number."""
    limit = asked(exchange, paging.limit)
    return int(limit) if limit and re.fullmatch("[0-9]{1,9}", limit) else None


@passive("list.items", applies=lists, hint="no list was answered")
def list_items(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """A list response is an object with its items in an array."""
    page = page_of(context, exchange)
    if page is None:
        if exchange.response is not None and exchange.response.body.cut:
            yield unusable(context, exchange) or Pass(())
        return
    paging, body = page
    if items_of(context.operation, body) is not None:
        yield Pass((exchange.id,))
    elif (
        isinstance(body, dict)
        and paging.collection is None
        and any(isinstance(member, list) for member in body.values())
    ):
        yield Gap(
            "the list has several arrays: name the one that holds its items (collections: in the target file)"
        )
    elif isinstance(body, dict):
        where = f"/{paging.collection}" if paging.collection else "/"
        yield Violation(
            where, "an array of items", compact(body.get(paging.collection or "")), (exchange.id,)
        )
    else:
        yield Violation("/", "an object", said(exchange), (exchange.id,))


@passive("list.more-flag", applies=lists, hint="no list was answered")
def list_more_flag(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """A list response has the boolean that says whether more follows."""
    page = page_of(context, exchange)
    if page is None or page[1] is NOT_JSON:
        return
    paging, body = page
    if isinstance(body, dict) and isinstance(body.get(paging.more), bool):
        yield Pass((exchange.id,))
    else:
        actual = (
            compact(body[paging.more])
            if isinstance(body, dict) and paging.more in body
            else "nothing"
        )
        yield Violation(f"/{paging.more}", "a boolean", actual, (exchange.id,))


@passive("list.limit", applies=lists, hint="no page with a limit was answered that had items")
def list_limit(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """A page holds no more items than its limit."""
    page = page_of(context, exchange)
    if page is None:
        return
    limit = _limit(exchange, page[0])
    items = items_of(context.operation, page[1])
    if not limit or not items:
        return
    beyond = len(items) - limit
    if beyond > 0:
        yield Violation("/", f"at most {limit} items", f"{len(items)} items", (exchange.id,))
    elif not beyond:
        yield Pass((exchange.id,))


@passive(
    "list.maximum",
    applies=lists,
    hint="the list must hold more items than its maximum, which the target has to declare (maximum: in the target file)",
)
def list_maximum(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """A page holds no more items than the declared maximum."""
    page = page_of(context, exchange)
    maximum = context.target.maximum.get(exchange.operation)
    if maximum is None or context.operation.paging is None:
        return
    limit = _limit(exchange, context.operation.paging)
    beyond = limit is not None and limit > maximum
    items = items_of(context.operation, page[1]) if page else None
    if page is None and beyond and role_of(context.contract, exchange) == "invalid_parameter":
        yield Pass((exchange.id,))  # a limit that is refused brings no page
    if page is None or items is None:
        return
    if len(items) > maximum:
        yield Violation("/", f"at most {maximum} items", f"{len(items)} items", (exchange.id,))
    elif beyond and page[1].get(page[0].more) is True:
        yield Pass((exchange.id,))


@passive("list.position", applies=lists, hint="the list has no items")
def list_position(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """The cursor can be taken from the last item: an ISO timestamp."""
    page = page_of(context, exchange)
    items = items_of(context.operation, page[1]) if page and context.operation else None
    if page is None or not items:
        return
    paging, body = page
    for index, item in enumerate(items):
        value = item.get(paging.position) if isinstance(item, dict) else None
        missing = value is None and (bool(items[index + 1 :]) or body.get(paging.more) is not True)
        if not missing and not (
            isinstance(value, str) and instant(value) is not None and zoned(value)
        ):
            where = f"/{paging.collection or '...'}/{index}/{paging.position}"
            actual = "nothing" if value is None else compact(value)
            yield Violation(where, "an ISO timestamp with its zone", actual, (exchange.id,))
            return
    yield Pass((exchange.id,))


@trial("sample.accepted")
def sample_accepted(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A request as the page prints it is answered as a success."""
    for probe in trial.probes:
        excuse = unusable(context, probe)
        if excuse or probe.response is None:
            yield excuse or Pass(())
        elif probe.response.ok or (
            probe.response.status == 400 and (probe.facts.printed_cursor or _beyond(context, probe))
        ):
            yield Pass((probe.id,))
        elif probe.response.status != 403:
            yield Violation("status", "200", said(probe), (probe.id,))


def _beyond(context: JudgeContext, probe: Exchange) -> bool:
    """Whether a page was asked for that is larger than the target declares any of its list to be."""
    limit = (
        asked(probe, context.operation.paging.limit)
        if context.operation and context.operation.paging
        else None
    )
    return (
        limit is not None
        and limit.isdigit()
        and int(limit) > context.target.maximum.get(probe.operation, int(limit))
    )
