"""What follows a page, as pages before and after it in the log show."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping
from itertools import pairwise

from conformance.judging.outcomes import JudgeContext, WholeLog, once_for_each_log
from conformance.judging.pages import Item, Page, read_page
from conformance.judging.target_model.events import is_plain
from conformance.model import Effect, Exchange, Open, Operation
from conformance.reading import Answer, query_of

APART = 1
"""Seconds by which an item must come after a page, because a position may be rounded."""
MOST = 2_000
"""The most items of a page, and of a list, that are compared."""

Pages = list[tuple[int, Page]]
"""The pages of one list in the order of the log, each with its place there."""

Writes = list[tuple[int, Exchange]]
"""The writes of a log, each with its place there."""


@once_for_each_log
def followed_pages(context: JudgeContext, log: WholeLog) -> Mapping[str, tuple[Page, Item]]:
    """The pages of a log that an item follows, each with it, by the ids of their exchanges."""
    lists: dict[Hashable, Pages] = defaultdict(list)
    writes: Writes = []
    for place, exchange in enumerate(log.exchanges):
        operation = context.contract.operations.get(exchange.operation)
        if operation is None:
            continue
        if operation.effect is not Effect.READ:
            writes.append((place, exchange))
        page = _page_of(context, operation, exchange)
        if page is not None:
            lists[_list_of(operation, exchange)].append((place, page))
    found = {}
    for pages in lists.values():
        # a list without one direction has no order that says what follows
        if len({_direction(page) for _, page in pages}) == 1:
            for page, item in _followed(pages, writes):
                found[page.exchange.id] = page, item
    return found


def _followed(pages: Pages, writes: Writes) -> Iterator[tuple[Page, Item]]:
    """The pages that are not the last one of their list, each with an item that follows."""
    seen = _seen(pages)
    for place, page in pages:
        for shown in seen.values():
            if _follows(shown, place, page, writes):
                yield page, shown[0][1]
                break


def _seen(pages: Pages) -> dict[str, list[tuple[int, Item]]]:
    """The items of a list in each page that shows them, by their keys."""
    seen: dict[str, list[tuple[int, Item]]] = defaultdict(list)
    for place, page in pages:
        for item in page.items:
            if item.key in seen or len(seen) < MOST:
                seen[item.key].append((place, item))
    return seen


def _follows(shown: list[tuple[int, Item]], place: int, page: Page, writes: Writes) -> bool:
    """Whether an item certainly follows a page; ``shown`` is the item in each page with it.

    A page before and one after it show the item, and no write in between names it.
    """
    item = shown[0][1]
    distance = (item.at - page.items[-1].at) * _direction(page)
    if item.key in page.keys or distance <= APART:
        return False
    places = [at for at, each in shown if each.at == item.at]
    later = bisect_right(places, place)
    if later in (0, len(places)):
        return False
    return not _is_named(item, writes, places[later - 1], places[later])


def _page_of(context: JudgeContext, operation: Operation, exchange: Exchange) -> Page | None:
    """The page that a response shows, if it has a direction and says whether more follows.

    None for any other response, for a filtered list, and where a cursor may lead backwards.
    """
    is_usual = exchange.ok and is_plain(exchange) and not exchange.facts.filters
    if operation.paging is None or Open.POLLING in operation.open or not is_usual:
        return None
    answer = Answer(context.contract, operation, exchange)
    page = read_page(answer, "", 0) if len(answer.listed) <= MOST else None
    if page is None or page.more is None or not page.several:
        return None
    return page


def _list_of(operation: Operation, exchange: Exchange) -> Hashable:
    """What all pages of a list have in common: the operation, the key, and all but the page."""
    paging, query = operation.paging, query_of(exchange.request.url)
    names = query.keys() - ({paging.limit, paging.after} if paging else set())
    return operation.id, exchange.identity, tuple((name, *query[name]) for name in sorted(names))


def _direction(page: Page) -> int:
    """The direction of a page: 1 if it is oldest first, -1 if newest first, 0 if neither."""
    steps = [later.at - earlier.at for earlier, later in pairwise(page.items)]
    if all(step > 0 for step in steps):
        return 1
    return -1 if all(step < 0 for step in steps) else 0


def _is_named(item: Item, writes: Writes, begin: int, end: int) -> bool:
    """Whether a write between two places of the log names an item, and may have taken it away."""
    for place, exchange in writes:
        if begin < place < end:
            body = exchange.request.body
            sent = exchange.request.url + ("" if body is None else body.written)
            if item.key.strip('"') in sent:
                return True
    return False
