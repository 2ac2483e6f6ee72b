"""What follows a page, as pages before and after it in the log show."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from conformance.judging.outcomes import JudgeContext, WholeLog
from conformance.judging.pages import Item, Page, read_page
from conformance.judging.target_model.events import is_plain
from conformance.model import Effect, Exchange, Open, Operation
from conformance.reading import Answer, query_of

APART = 1
"""Seconds by which an item must come after a page, because a position may be rounded."""
MOST = 2_000
"""The most items of a page, and of a list, that are compared."""


@dataclass
class _List:
    """The pages of one list in the order of the log, each with its place there."""

    pages: list[tuple[int, Page]] = field(default_factory=list)

    def followed(self, writes: Iterable[tuple[int, Exchange]]) -> Iterator[tuple[Page, Item]]:
        """The pages that are not the last one of the list, each with an item that follows."""
        seen: dict[str, list[tuple[int, Item]]] = defaultdict(list)
        for place, page in self.pages:
            for item in page.items:
                if item.key in seen or len(seen) < MOST:
                    seen[item.key].append((place, item))
        for place, page in self.pages:
            if page.more is not None and page.several:
                for shown in seen.values():
                    if _follows(shown, place, page, writes):
                        yield page, shown[0][1]
                        break


def _follows(
    shown: list[tuple[int, Item]], place: int, page: Page, writes: Iterable[tuple[int, Exchange]]
) -> bool:
    """Whether an item certainly follows a page; ``shown`` is the item in each page with it.

    A page before and one after it show the item, and no write in between names it.
    """
    item = shown[0][1]
    if item.key in page.keys or not _is_after(item, page):
        return False
    places = [at for at, each in shown if each.at == item.at]
    later = bisect_right(places, place)
    if later in (0, len(places)):
        return False
    return not _is_named(item, writes, places[later - 1], places[later])


def followed_pages(context: JudgeContext) -> Mapping[str, tuple[Page, Item]]:
    """The pages of a log that an item follows, each with it, by the ids of their exchanges."""
    log = context.log
    assert log is not None  # rules that ask for it wait for the whole log
    if log not in _FOUND:
        _FOUND[log] = dict(_found_in(context, log))
    return _FOUND[log]


_FOUND: WeakKeyDictionary[WholeLog, Mapping[str, tuple[Page, Item]]] = WeakKeyDictionary()
"""What is known of each log, so that it is read once."""


def _found_in(context: JudgeContext, log: WholeLog) -> Iterator[tuple[str, tuple[Page, Item]]]:
    """The pages of a log that an item follows, each with it, after the id of the exchange."""
    lists: dict[Hashable, _List] = defaultdict(_List)
    writes: list[tuple[int, Exchange]] = []
    for place, exchange in enumerate(log.exchanges):
        operation = context.contract.operations.get(exchange.operation)
        if operation is None:
            continue
        if operation.effect is not Effect.READ:
            writes.append((place, exchange))
        page = _page_of(context, operation, exchange)
        if page is not None:
            lists[_list_of(operation, exchange)].pages.append((place, page))
    for each in lists.values():
        for page, item in each.followed(writes):
            yield page.exchange.id, (page, item)


def _page_of(context: JudgeContext, operation: Operation, exchange: Exchange) -> Page | None:
    """The page that a response shows; None if it shows none, or if a cursor may lead backwards."""
    if operation.paging is None or Open.POLLING in operation.open:
        return None
    if not exchange.ok or not is_plain(exchange):
        return None
    answer = Answer(context.contract, operation, exchange)
    if answer.items is None or len(answer.items) > MOST:
        return None
    return read_page(answer, "", 0)


def _list_of(operation: Operation, exchange: Exchange) -> Hashable:
    """What all pages of a list have in common: the operation, the key, and all but the page."""
    assert operation.paging is not None  # it shows a page
    query = query_of(exchange.request.url)
    names = query.keys() - {operation.paging.limit, operation.paging.after}
    filters = tuple((name, *query[name]) for name in sorted(names))
    return operation.id, exchange.identity, filters


def _is_after(item: Item, page: Page) -> bool:
    """Whether an item comes after a page, in the direction that the page itself shows."""
    first, last = page.items[0].at, page.items[-1].at
    if first > last:
        return item.at < last - APART
    return first < last < item.at - APART


def _is_named(item: Item, writes: Iterable[tuple[int, Exchange]], begin: int, end: int) -> bool:
    """Whether a write between two places of the log names an item, and may have taken it away."""
    for place, exchange in writes:
        if begin < place < end:
            body = exchange.request.body
            sent = exchange.request.url + ("" if body is None else body.written)
            if item.key.strip('"') in sent:
                return True
    return False
