"""What follows a page, as pages before and after it in the log show."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
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

Sightings = list[tuple[int, Item]]
"""One item as each page shows it, with the place of the page in the log."""


@dataclass
class _Writes:
    """The writes of a log in the order of time: the place of each there, and what it sent.

    What they sent is searched as one text: ``starts`` holds where each write begins in it.
    """

    places: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=lambda: [0])
    parts: list[str] = field(default_factory=list)

    def add(self, place: int, exchange: Exchange) -> None:
        """Add a write, with its URL and its body."""
        body = exchange.request.body
        sent = f"{exchange.request.url}\n{'' if body is None else body.written}\n"
        self.places.append(place)
        self.parts.append(sent)
        self.starts.append(self.starts[-1] + len(sent))

    @cached_property
    def text(self) -> str:
        """What all writes sent, once every write was added."""
        return "".join(self.parts)

    def have_sent(self, text: str, begin: int, end: int) -> bool:
        """Whether one of the writes between two places of the log sent a text."""
        first, last = bisect_right(self.places, begin), bisect_left(self.places, end)
        return self.text.find(text, self.starts[first], self.starts[last]) >= 0


@once_for_each_log
def followed_pages(context: JudgeContext, log: WholeLog) -> Mapping[str, tuple[Page, Item]]:
    """The pages after which their list certainly has an item, each with that item.

    The mapping is by the id of the exchange of the page.
    """
    lists: dict[Hashable, Pages] = defaultdict(list)
    writes = _Writes()
    for place, exchange in enumerate(log.exchanges):
        operation = context.contract.operations.get(exchange.operation)
        if operation is None:
            continue
        if operation.effect is not Effect.READ:
            writes.add(place, exchange)
        page = _page_of(context, operation, exchange)
        if page is not None:
            lists[_list_of(operation, exchange)].append((place, page))
    found = {}
    for pages in lists.values():
        directions = {_direction(page) for _, page in pages}
        # a list without one direction has no order that says what follows
        if directions in ({1}, {-1}):
            for page, item in _followed(pages, directions.pop(), writes):
                found[page.exchange.id] = page, item
    return found


def _followed(pages: Pages, direction: int, writes: _Writes) -> Iterator[tuple[Page, Item]]:
    """The pages that are not the last one of their list, each with an item that follows.

    Such an item is shown elsewhere, both before the page and after it.
    """
    shown_often = [each for each in _sightings_of(pages).values() if len(each) > 1]
    for place, page in pages:
        bound = page.items[-1].at + APART * direction
        for sightings in shown_often:
            _, item = sightings[0]
            is_beyond = item.at > bound if direction > 0 else item.at < bound
            if is_beyond and _is_left_out(sightings, place, page, writes):
                yield page, item
                break


def _sightings_of(pages: Pages) -> dict[str, Sightings]:
    """Where each item of a list is shown, by the key of the item; only of the first MOST items."""
    sightings_of: dict[str, Sightings] = defaultdict(list)
    for place, page in pages:
        for item in page.items:
            if item.key in sightings_of or len(sightings_of) < MOST:
                sightings_of[item.key].append((place, item))
    return sightings_of


def _is_left_out(sightings: Sightings, place: int, page: Page, writes: _Writes) -> bool:
    """Whether a page, which is at a place of the log, lacks an item that its list had then.

    Other pages show the item both before that place and after it, at the same position. No write
    between these two names the item, because such a write may have removed it.
    """
    _, item = sightings[0]
    if item.key in page.keys:
        return False
    places = [shown_at for shown_at, each in sightings if each.at == item.at]
    later = bisect_right(places, place)
    if later in (0, len(places)):  # it is not shown before, or not after
        return False
    name = item.key.strip('"')  # the key of an item is JSON
    return not writes.have_sent(name, places[later - 1], places[later])


def _page_of(context: JudgeContext, operation: Operation, exchange: Exchange) -> Page | None:
    """The page that a response shows, if it says whether more follows, and can be compared.

    None for a filtered list, for one whose cursor may lead to newer items, for a request whose
    meaning is not certain, and for a page with fewer than two items or more than MOST.
    """
    is_whole_list = is_plain(exchange) and not exchange.facts.filters
    is_readable = exchange.ok and is_whole_list
    if operation.paging is None or Open.POLLING in operation.open or not is_readable:
        return None
    answer = Answer(context.contract, operation, exchange)
    page = read_page(answer, "", 0) if len(answer.listed) <= MOST else None
    if page is None or page.more is None or not page.several:
        return None
    return page


def _list_of(operation: Operation, exchange: Exchange) -> Hashable:
    """What all pages of a list share: operation, key, and query but for the page parameters."""
    paging, query = operation.paging, query_of(exchange.request.url)
    names = query.keys() - ({paging.limit, paging.after} if paging else set())
    return operation.id, exchange.identity, tuple((name, *query[name]) for name in sorted(names))


def _direction(page: Page) -> int:
    """The direction of a page: 1 if it is oldest first, -1 if newest first, 0 if neither."""
    pairs = list(pairwise(page.items))
    if all(later.at > earlier.at for earlier, later in pairs):
        return 1
    return -1 if all(later.at < earlier.at for earlier, later in pairs) else 0
