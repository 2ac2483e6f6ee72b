"""Judges of single list responses: passive, on every page that any test asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from conformance.checks.base import (
    Gap,
    JudgeContext,
    Outcome,
    Pass,
    Violation,
    lists,
    passive,
    role_of,
    said,
    unusable,
)
from conformance.checks.objects import items_of
from conformance.model import Exchange, Paging, compact
from conformance.values import NOT_JSON, instant, zoned


def page_of(context: JudgeContext, exchange: Exchange) -> tuple[Paging, Any] | None:
    """Paging and body of a successful list response."""
    response, operation = exchange.response, context.operation
    if (
        response is None
        or operation is None
        or operation.paging is None
        or not response.ok
        or exchange.request.method == "HEAD"
    ):
        return None
    if response.body.cut or response.body.withheld:
        return None
    return operation.paging, response.json


def asked(exchange: Exchange, name: str) -> str | None:
    """The value of a query parameter that was sent exactly once."""
    values = parse_qs(urlsplit(exchange.request.url).query, keep_blank_values=True).get(name, [])
    return values.pop() if len(values) == 1 else None


def _limit(exchange: Exchange, paging: Paging) -> int | None:
    """The limit of a page that was asked for with a plain number."""
    limit = asked(exchange, paging.limit)
    return int(limit) if limit and re.fullmatch("[0-9]{1,9}", limit) else None


def odd_cursor(context: JudgeContext, exchange: Exchange) -> bool:
    """Whether a page was asked for with a cursor that is no timestamp. Where the target served it, list.position blames that."""
    paging = context.operation.paging if context.operation else None
    after = asked(exchange, paging.after) if paging else None
    return after is not None and instant(after) is None


@passive("list.items", applies=lists, hint="no list was answered")
def list_items(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """A list response is an object with its items in an array."""
    page = page_of(context, exchange)
    if page is None or context.operation is None:
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
    if page is None or context.operation is None:
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
    assert context.operation is not None
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
