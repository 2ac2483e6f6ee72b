"""Pages of one trial put together: what a judge of pagination can know from outside.

A trial asks for the same stretch of a list in several page sizes. Any item that one walk shows
between two points of another walk was lost by that other walk; no walk is trusted more than the
rest. Items that share a rendered timestamp with another one are left out: no timestamp cursor can
keep them apart.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, pairwise
from typing import Any

from conformance.judging import rules
from conformance.judging.answers import page_of
from conformance.judging.outcomes import Gap, JudgeContext, Outcome, Trial
from conformance.model import Exchange, Open, Operation
from conformance.reading import asked, identity_of, items_of, takes
from conformance.values import instant


@dataclass(frozen=True)
class Item:
    """An item of a page: what tells it apart, where it stands in time, and itself."""

    key: str
    text: str
    at: Fraction
    raw: Any


@dataclass(frozen=True)
class Page:
    """A page of a walk. ``cursor`` is the instant that it was asked to start after."""

    exchange: Exchange
    walk: str
    items: tuple[Item, ...]
    more: bool
    after: str | None
    cursor: Fraction | None
    filters: tuple[tuple[str, str], ...]
    place: int  # among the pages of the trial
    unplaced: frozenset[str] = frozenset()  # items that show no position, which not every item must

    @property
    def keys(self) -> frozenset[str]:
        """What tells its items from others."""
        return self.unplaced | {item.key for item in self.items}

    @property
    def last(self) -> Item | None:
        """The item whose timestamp is the next cursor."""
        return self.items[-1] if self.items else None


@dataclass(frozen=True)
class Walks:
    """All pages of a trial that could be read, and every item that any of them shows."""

    operation: Operation
    pages: tuple[Page, ...]
    untied: tuple[Item, ...]  # distinct, oldest first, each alone at its instant
    times: tuple[Fraction, ...]  # of the untied
    descending: bool
    tied: frozenset[Fraction]
    shown: Mapping[
        str, tuple[int, int]
    ]  # by item, the places of the first and last page that show it
    strict: bool
    polled: bool  # pages hold what is newer than their cursor: it is a lower bound, and there is no next page

    def certain(self, item: Item, page: Page) -> bool:
        """Whether an item was there when a page was asked for.

        Lists move: an item may be new, or be gone since. In a trial that is repeated, or moves the list
        itself, only what was shown both before and after a page counts against it.
        """
        first, last = self.shown[item.key]
        return not self.strict or page.place in range(first, last)

    def beyond(self, item: Fraction, cursor: Fraction) -> bool:
        """Whether an instant comes after another in the direction of the list."""
        return item < cursor if self.descending else item > cursor

    def between(
        self, start: Fraction | None, end: Fraction | None, filters: tuple[tuple[str, str], ...]
    ) -> list[Item]:
        """Untied items after ``start`` and before ``end``, in the order of the list, that pass some filters."""
        low, high = (end, start) if self.descending else (start, end)
        first = 0 if low is None else bisect_right(self.times, low)
        last = len(self.times) if high is None else bisect_left(self.times, high)
        found = [item for item in self.untied[first:last] if self.passes(item, filters)]
        return found[::-1] if self.descending else found

    def passes(self, item: Item, filters: tuple[tuple[str, str], ...]) -> bool:
        """Whether an item shows that every filter takes it."""
        return all(
            takes(self.operation.parameter(name), item.raw, value) for name, value in filters
        )

    def steps(self) -> list[tuple[Page, Page]]:
        """Pairs of pages of one walk, where the second starts after the last item of the first."""
        found = []
        for first, second in pairwise(self.pages):
            if first.walk == second.walk and first.last and second.after == first.last.text:
                found.append((first, second))
        return found


def walks(context: JudgeContext, trial: Trial) -> Walks:
    """The pages of a trial, read once; pages that are not well-formed end their walk, other rules blame them."""
    if "walks" not in trial.memo:
        trial.memo["walks"] = _read(context, trial)
    found: Walks = trial.memo["walks"]
    return found


def _read(context: JudgeContext, trial: Trial) -> Walks:
    operation = context.operation
    assert operation is not None
    pages: list[Page] = []
    broken: set[str] = set()
    for exchange in trial.exchanges:
        walk = exchange.facts.walk
        if walk is None or walk in broken:
            continue
        page = _page(context, operation, exchange, walk, len(pages))
        if page is None:
            broken.add(walk)
        else:
            pages.append(page)
    items = {item.key: item for page in pages for item in page.items}
    counts = Counter(item.at for item in items.values())
    tied = frozenset(counts - Counter(set(counts)))
    untied = tuple(
        sorted((item for item in items.values() if item.at not in tied), key=lambda item: item.at)
    )
    shown: dict[str, tuple[int, int]] = {}
    for page in pages:
        for item in page.items:
            first, _ = shown.get(item.key, (page.place, page.place))
            shown[item.key] = first, page.place
    strict = any(exchange.attempt > 1 or exchange.facts.moving for exchange in trial.exchanges)
    times = tuple(item.at for item in untied)
    descending = _descending(pages)
    polled = Open.POLLING in operation.open and descending and _newer(pages)
    return Walks(operation, tuple(pages), untied, times, descending, tied, shown, strict, polled)


def _newer(pages: list[Page]) -> bool:
    """Whether every page with a cursor holds only what is newer than it."""
    gaps = [
        item.at - page.cursor for page in pages if page.cursor is not None for item in page.items
    ]
    return any(gaps) and min(gaps) >= 0


def _page(
    context: JudgeContext, operation: Operation, exchange: Exchange, walk: str, place: int
) -> Page | None:
    found = page_of(context, exchange)
    items = items_of(operation, found[1]) if found else None
    if found is None or items is None or not isinstance(found[1].get(found[0].more), bool):
        return None
    read: list[Item] = []
    unplaced: set[str] = set()
    for raw in items:
        text = raw.get(found[0].position) if isinstance(raw, dict) else None
        key, at = identity_of(context.contract, operation.kind, raw), instant(text)
        if (
            text is None
            and isinstance(raw, dict)
            and not (raw is items[-1] and found[1][found[0].more])
        ):
            unplaced.add(key)
        elif at is None or not isinstance(text, str):
            return None
        else:
            read.append(Item(key, text, at, raw))
    after = asked(exchange, found[0].after)
    filters = tuple(sorted(exchange.facts.filters.items()))
    return Page(
        exchange,
        walk,
        tuple(read),
        found[1][found[0].more],
        after,
        instant(after),
        filters,
        place,
        frozenset(unplaced),
    )


def _descending(pages: list[Page]) -> bool:
    """The direction of the list, from the first page that shows one; newest first if none does."""
    ends = (
        (one.last, other.last)
        for one, other in pairwise(pages)
        if one.walk == other.walk and one.last and other.last
    )
    pairs = chain((pair for page in pages for pair in pairwise(page.items)), ends)
    moves = (first.at - second.at for first, second in pairs)
    return next((move > 0 for move in moves if move), True)


NEEDS_ITEMS = (
    "the list must hold more items than one page: at least 3, with created times that differ"
)


WalkJudge = Callable[[JudgeContext, Trial, Walks], Iterable[Outcome]]


def walked(
    rule_id: str, *, hint: str = NEEDS_ITEMS, sound: bool = False, confirm: bool = True
) -> Callable[[WalkJudge], WalkJudge]:
    """Register a judge of the walks of a trial; a ``sound`` one says nothing of borders where the order is broken."""

    def register(judge: WalkJudge) -> WalkJudge:
        def judged(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
            found = walks(context, trial)
            if found.polled:
                yield Gap(
                    "the list takes its cursor as a lower bound of what is new, which its clients do, too"
                )
            elif not (sound and any(inversion(found, page.items) for page in found.pages)):
                yield from judge(context, trial, found)

        judged.__doc__ = judge.__doc__
        rules.trial(rule_id, hint=hint, confirm=confirm)(judged)
        return judge

    return register


def inversion(found: Walks, items: tuple[Item, ...]) -> tuple[Item, Item] | None:
    return next(((a, b) for a, b in pairwise(items) if found.beyond(a.at, b.at)), None)
