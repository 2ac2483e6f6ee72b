"""What the walk behind a finding about paging shows: the page at fault, and the items concerned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from conformance.judging.outcomes import JudgeContext, Trial
from conformance.judging.pages import Item, Page
from conformance.judging.walks import Walks, walks_of
from conformance.model import Exchange, Finding, Role, Run
from conformance.reading import answer_of
from conformance.report.places import Place, list_in


class Fault(StrEnum):
    """What is wrong with an item of a walk."""

    LOST = "lost"
    """No page shows it."""
    REPEATED = "repeated"
    """A page shows it although it comes before that page."""
    TWICE = "twice"
    """A page shows it twice."""
    OUT_OF_ORDER = "out of order"
    """A page shows it after an item that it should come before."""
    BACKWARDS = "wrong side"
    """It is the first item of a page whose items all come before the cursor."""
    FOLLOWS = "comes after"
    """It comes after a page that says that nothing follows."""


@dataclass(frozen=True)
class WalkFault:
    """The first fault of a walk: the page that shows it, and the item that it concerns."""

    walks: Walks
    page: Page
    fault: Fault
    item: Item


def _repeated(walks: Walks, page: Page) -> Item | None:
    """The first item of a page that was shown before.

    That is its first one if the page has the same items as the page before it in the walk, or else
    the first one at or before its cursor.
    """
    for first, second in walks.steps():
        if second is page and first.keys == page.keys and page.items:
            return page.items[0]
    return walks.first_repeated(page)


def _twice(_: Walks, page: Page) -> Item | None:
    """The first item of a page that the same page has already shown."""
    seen = set()
    for item in page.items:
        if item.key in seen:
            return item
        seen.add(item.key)
    return None


def _out_of_order(walks: Walks, page: Page) -> Item | None:
    """The first item of a page that should come before the item above it."""
    inversion = walks.inversion(page)
    if inversion is None:
        return None
    _, later = inversion
    return later


def _backwards(walks: Walks, page: Page) -> Item | None:
    """The first item of a page whose items all come before its cursor."""
    return page.items[0] if walks.backwards(page) else None


Finder = Callable[[Walks, Page], Item | None]
FINDERS: Mapping[str, tuple[tuple[Fault, Finder], ...]] = {
    "paging.order": ((Fault.OUT_OF_ORDER, _out_of_order), (Fault.BACKWARDS, _backwards)),
    "paging.advances": ((Fault.REPEATED, _repeated),),
    "paging.exclusive": ((Fault.TWICE, _twice), (Fault.REPEATED, _repeated)),
    "paging.complete": ((Fault.LOST, Walks.first_lost),),
    "paging.precision": ((Fault.REPEATED, _repeated), (Fault.LOST, Walks.first_lost)),
    "paging.more-false": ((Fault.FOLLOWS, Walks.first_following),),
}
"""By rule, the faults that its findings may be about, each with the function to find the item."""


def walk_fault(run: Run, finding: Finding) -> WalkFault | None:
    """The fault that a finding about paging describes.

    None if the finding is not about paging, or if the log does not show the fault.
    """
    finders = FINDERS.get(finding.rule, ())
    operation = run.contract.operations.get(finding.operation)
    trial = _trial(run, finding) if finders else None
    if trial is None or operation is None or operation.paging is None:
        return None
    walks = walks_of(JudgeContext(run.contract, run.target, operation), trial)
    pages = [page for page in walks.pages if page.exchange.id in finding.exchanges]
    for page in pages:
        for fault, find in finders:
            item = find(walks, page)
            if item is not None:
                return WalkFault(walks, page, fault, item)
    return None


def _trial(run: Run, finding: Finding) -> Trial | None:
    """The trial of the first exchange of a finding: all exchanges of its attempt, except retries.

    None if the log lacks that exchange or the plan lacks its case.
    """
    first = run.exchange.get(finding.exchanges[0]) if finding.exchanges else None
    cases = {case.id: case for case in run.cases}
    if first is None or first.case not in cases:
        return None
    attempt = first.case, first.attempt
    exchanges = [each for each in run.exchanges if (each.case, each.attempt) == attempt]
    trial = [each for each in exchanges if each.role is not Role.RETRY]
    return Trial(cases[first.case], tuple(trial))


# --- its place in a response ----------------------------------------------------------------------


def places_in_page(run: Run, found: WalkFault, exchange: Exchange) -> list[Place]:
    """The places of a fault in the response of an exchange; empty if that is not the page at fault.

    That is the last place of the item on the page, the place where it is missing, or the flag that
    says that nothing follows. For an item out of order, the one before it is included.
    """
    answer, paging = answer_of(run.contract, exchange), found.walks.operation.paging
    if answer is None or paging is None or exchange.id != found.page.exchange.id:
        return []
    if found.fault is Fault.FOLLOWS:
        return [Place(f"/{paging.more}")]
    pointer, items = list_in(run, exchange)
    if found.fault is Fault.LOST:
        return [_gap(found, pointer, items)]
    keys = [answer.identity(item) for item in items]
    last = len(keys) - 1 - keys[::-1].index(found.item.key)  # its last place on the page
    marked = [last]
    if found.fault is Fault.OUT_OF_ORDER and last > 0:
        marked = [last - 1, last]
    return [Place(f"{pointer}/{index}/{paging.position}") for index in marked]


def _gap(found: WalkFault, pointer: str, items: list[object]) -> Place:
    """The place of a lost item: before the first item that comes after it, or else in the list."""
    words = f"{found.item.text} {found.item.key} is missing"
    page, at = found.page, found.item.at
    later = [item for item in page.items if found.walks.comes_after(page, item.at, at)]
    for index, item in enumerate(items):
        if later and item == later[0].raw:
            return Place(f"{pointer}/{index}", words, before=True)
    return Place(pointer, words)
