"""Combines the pages of one trial into what a judge of pagination can know from outside.

A trial requests the same stretch of a list in several page sizes. An item that one walk shows
between two points of another walk was lost by that other walk; no walk is trusted more than the
rest. Items that share the timestamp of a cursor are left out, because the cursor cannot tell them
apart.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from weakref import WeakKeyDictionary

from conformance.judging.outcomes import JudgeContext, Trial
from conformance.judging.pages import Filters, Item, Page, read_page
from conformance.model import Open, Operation
from conformance.reading import Answer, takes

LONGEST_WALKS = 8_000_000
"""The most bytes of pages of a trial that are compared, because all of them stay in memory."""


def _instant(item: Item) -> Fraction:
    """When an item was created, by which items are sorted."""
    return item.at


@dataclass(frozen=True)
class Walks:
    """All readable pages of a trial, in order, and what they show together.

    ``items`` come oldest first; ``tied`` are the instants that several of them share. Four fields
    are by the key of an item: the places of the ``first`` and the ``last`` page that show it, the
    filters that it was ``shown_under``, and its ``versions``. Each change makes a new version.
    ``strict``: the list may have changed between the pages. ``cut``: more came than LONGEST_WALKS,
    so some pages were not read. ``passing`` keeps what ``passes`` has found.
    """

    operation: Operation
    pages: tuple[Page, ...]
    items: tuple[Item, ...]
    tied: frozenset[Fraction]
    first: Mapping[str, int]
    last: Mapping[str, int]
    shown_under: Mapping[str, set[Filters]]
    versions: Mapping[str, list[Item]]
    strict: bool
    cut: bool = False
    passing: dict[tuple[str, Filters], bool] = field(default_factory=dict)

    def descending(self, filters: Filters) -> bool:
        """Whether the list runs from new to old under some filters.

        If they do not show it, it runs as without filters, and from new to old if nothing shows it.
        """
        return self._directions.get(filters, self._directions.get((), True))

    @cached_property
    def _directions(self) -> Mapping[Filters, bool]:
        """By filters, whether the list runs from new to old; it may turn round when filtered.

        The first two neighbours of a page that differ in time decide, or else the ends of two
        successive pages.
        """
        found: dict[Filters, bool] = {}
        for filters, first, second in self._neighbours():
            if first.at != second.at:
                found.setdefault(filters, first.at > second.at)
        return found

    def _neighbours(self) -> Iterator[tuple[Filters, Item, Item]]:
        """Neighbours on a page, then the last items of each two successive pages of a walk."""
        for page in self.pages:
            for first, second in pairwise(page.items):
                yield page.filters, first, second
        for before, after in self._in_a_row():
            if before.last and after.last:
                yield after.filters, before.last, after.last

    def _in_a_row(self) -> Iterator[tuple[Page, Page]]:
        """Pairs of pages that one walk asked for one after the other."""
        for first, second in pairwise(self.pages):
            if first.walk == second.walk:
                yield first, second

    @cached_property
    def polled(self) -> bool:
        """Whether the cursor is a lower bound for newer items, so that there is no next page.

        Only some lists may do so. The sign is that no page holds anything older than its cursor,
        and at least one holds something newer.
        """
        if Open.POLLING not in self.operation.open or not self.descending(()):
            return False
        distances: list[Fraction] = []
        for page in self.pages:
            if page.cursor is not None:
                distances += [item.at - page.cursor for item in page.items]
        if not any(distances):  # all items, if any, are at their cursor
            return False
        return min(distances) >= 0

    def certain(self, item: Item, page: Page) -> bool:
        """Whether an item was certainly in the list when a page was requested.

        Lists change. In a trial that is repeated, or that changes the list itself, only an item
        that was shown both before and after the page counts against the page.
        """
        return not self.strict or self.first[item.key] <= page.place < self.last[item.key]

    def comes_after(self, page: Page, instant: Fraction, other: Fraction) -> bool:
        """Whether an instant comes after another in the direction of the list of a page."""
        return instant < other if self.descending(page.filters) else instant > other

    def between(
        self, start: Fraction | None, end: Fraction | None, filters: Filters
    ) -> Iterator[Item]:
        """The items between two instants that pass some filters; see ``_stretch``."""
        stretch = self._stretch(start, end, filters)
        return (item for item in stretch if self.passes(item, filters))

    def _stretch(
        self, start: Fraction | None, end: Fraction | None, filters: Filters
    ) -> list[Item]:
        """All items between two instants, in the order of the list under some filters.

        Items at the instants are left out. A ``start`` of None is the head of the list, an ``end``
        of None its end.
        """
        descending = self.descending(filters)
        low, high = (end, start) if descending else (start, end)
        first, last = 0, len(self.items)
        if low is not None:
            first = bisect_right(self.items, low, key=_instant)
        if high is not None:
            last = bisect_left(self.items, high, key=_instant)
        items = list(self.items[first:last])
        if descending:
            items.reverse()
        return items

    def must_show(self, item: Item, filters: Filters) -> bool:
        """Whether a list with some filters must include an item that passes them.

        It must if a page with no filters, or with only some of these, showed it. Other filters may
        reveal hidden items.
        """
        shown_under = self.shown_under[item.key]
        return () in shown_under or any(set(filters).issuperset(each) for each in shown_under)

    def passes(self, item: Item, filters: Filters) -> bool:
        """Whether every version of an item that was shown passes every filter.

        Another client may have changed the item during the trial, and changed it back.
        """
        key = item.key, filters
        if key not in self.passing:
            self.passing[key] = all(
                takes(self.operation.parameter(name), version.raw, value)
                for name, value in filters
                for version in self.versions[item.key]
            )
        return self.passing[key]

    def steps(self) -> Iterator[tuple[Page, Page]]:
        """Pairs of pages of one walk, where the second starts after the last item of the first."""
        for first, second in self._in_a_row():
            if first.last and second.after == first.last.text:
                yield first, second

    @cached_property
    def repeats(self) -> list[tuple[Page, Item]]:
        """The pages that show an item at or before their cursor, each with the first such item."""
        return [
            (page, item) for page in self.pages if (item := self.first_repeated(page)) is not None
        ]

    @cached_property
    def losses(self) -> list[tuple[Page, Item]]:
        """The pages that fail to show an item up to their end, each with the first such item."""
        return [(page, item) for page in self.pages if (item := self.first_lost(page)) is not None]

    @cached_property
    def sound(self) -> bool:
        """Whether no page runs against the direction of the list."""
        return not any(self.inversion(page) for page in self.pages)

    def inversion(self, page: Page) -> tuple[Item, Item] | None:
        """The first two neighbours of a page that run against the direction of the list."""
        for first, second in pairwise(page.items):
            if self.comes_after(page, first.at, second.at):
                return first, second
        return None

    def backwards(self, page: Page) -> bool:
        """Whether a page shows items, all of which come before its cursor."""
        cursor = page.cursor
        if cursor is None:
            return False
        return page.continues_with_items and all(
            self.comes_after(page, cursor, item.at) for item in page.items
        )

    def first_repeated(self, page: Page) -> Item | None:
        """The first item of a page that is at or before its cursor.

        Several items at the cursor do not count, because a timestamp cannot tell them apart.
        """
        cursor = page.cursor
        if cursor is None:
            return None
        for item in page.items:
            is_tied = item.at == cursor and cursor in self.tied
            if not is_tied and not self.comes_after(page, item.at, cursor):
                return item
        return None

    def first_lost(self, page: Page) -> Item | None:
        """The first item between the cursor and the end of a page that the page fails to show."""
        return next(self.lost(page), None)

    def lost(self, page: Page) -> Iterator[Item]:
        """The items between the cursor and the end of a page that the page fails to show.

        An empty page ends where its list does. None are known where the cursor is not a timestamp.
        """
        is_unreadable = page.after is not None and page.cursor is None
        if not is_unreadable:
            yield from self._missing(page, page.cursor, page.last.at if page.last else None)

    def first_following(self, page: Page) -> Item | None:
        """The first item that comes after the items of a page.

        None if none is known, or if the page is empty, because such an item belongs on the page.
        """
        if page.last is None:
            return None
        return next(self._missing(page, page.last.at, None), None)

    def _missing(self, page: Page, start: Fraction | None, end: Fraction | None) -> Iterator[Item]:
        """The items between two instants that a page lacks, although its list includes them."""
        for item in self._stretch(start, end, page.filters):
            if item.key in page.keys or not self.certain(item, page):
                continue
            if self.must_show(item, page.filters) and self.passes(item, page.filters):
                yield item


_WALKS: WeakKeyDictionary[Trial, Walks] = WeakKeyDictionary()
"""The walks of the trials being judged. They are freed when the judging of their case ends."""


def walks_of(context: JudgeContext, trial: Trial) -> Walks:
    """The walks of a trial, read once for all of its rules."""
    if trial not in _WALKS:
        pages, cut = _pages(context, trial)
        strict = any(sent.attempt > 1 or sent.facts.moving for sent in trial.exchanges)
        _WALKS[trial] = replace(_combined(context.operation, pages, strict), cut=cut)
    return _WALKS[trial]


def _pages(context: JudgeContext, trial: Trial) -> tuple[list[Page], bool]:
    """The pages of all walks, and whether some were left out because of LONGEST_WALKS.

    A page that cannot be read ends its walk, and other rules blame it. Once the pages together
    are larger than LONGEST_WALKS, each further page ends its walk, too.
    """
    pages: list[Page] = []
    ended: set[str] = set()
    size = 0
    for exchange in trial.exchanges:
        walk = exchange.facts.walk
        if walk is None or walk in ended:
            continue
        size += exchange.response.body.size if exchange.response else 0
        if size > LONGEST_WALKS:
            ended.add(walk)
            continue
        answer = Answer(context.contract, context.operation, exchange)
        page = read_page(answer, walk, len(pages))
        if page is None:
            ended.add(walk)
        else:
            pages.append(page)
    return pages, size > LONGEST_WALKS


def _combined(operation: Operation, pages: list[Page], strict: bool) -> Walks:
    """The pages of a trial, and what they show together; see ``Walks`` for ``strict``."""
    items: dict[str, Item] = {}  # as last shown, by key
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    shown_under: dict[str, set[Filters]] = defaultdict(set)
    versions: dict[str, list[Item]] = defaultdict(list)
    for page in pages:
        for item in page.items:
            if items.get(item.key) != item:
                versions[item.key].append(item)
            items[item.key] = item
            shown_under[item.key].add(page.filters)
            first.setdefault(item.key, page.place)
            last[item.key] = page.place
    counts = Counter(item.at for item in items.values())
    tied = frozenset(at for at, count in counts.items() if count > 1)
    by_time = tuple(sorted(items.values(), key=_instant))
    return Walks(operation, tuple(pages), by_time, tied, first, last, shown_under, versions, strict)
