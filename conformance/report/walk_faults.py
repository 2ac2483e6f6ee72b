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
    TURNED = "out of order"
    """A page shows it after an item that it should come before."""
    BACKWARDS = "wrong side"
    """It begins a page of items that all come before that page."""
    FOLLOWS = "comes after"
    """It comes after a page that says that nothing does."""


@dataclass(frozen=True)
class WalkFault:
    """The first fault of a walk: the page that shows it, and the item that it concerns."""

    walks: Walks
    page: Page
    fault: Fault
    item: Item


def _repeated(walks: Walks, page: Page) -> Item | None:
    """The item that a page repeats from before its cursor, or from the page before it."""
    for first, second in walks.steps():
        if second is page and first.keys == page.keys and page.items:
            return page.items[0]
    return walks.first_repeated(page)


def _twice(_: Walks, page: Page) -> Item | None:
    """The first item of a page that the page has shown before."""
    seen = set()
    for item in page.items:
        if item.key in seen:
            return item
        seen.add(item.key)
    return None


def _turned(walks: Walks, page: Page) -> Item | None:
    """The item that comes after one that it should come before."""
    inversion = walks.inversion(page)
    if inversion is None:
        return None
    _, later = inversion
    return later


def _backwards(walks: Walks, page: Page) -> Item | None:
    """The first item of a page whose items all come before its cursor."""
    return page.items[0] if walks.backwards(page) else None


Look = Callable[[Walks, Page], Item | None]
LOOKS: Mapping[str, tuple[tuple[Fault, Look], ...]] = {
    "paging.order": ((Fault.TURNED, _turned), (Fault.BACKWARDS, _backwards)),
    "paging.advances": ((Fault.REPEATED, _repeated),),
    "paging.exclusive": ((Fault.TWICE, _twice), (Fault.REPEATED, _repeated)),
    "paging.complete": ((Fault.LOST, Walks.first_lost),),
    "paging.precision": ((Fault.REPEATED, _repeated), (Fault.LOST, Walks.first_lost)),
    "paging.more-false": ((Fault.FOLLOWS, Walks.first_following),),
}
"""By rule, the faults that its findings may be about, each with how to find the item."""


def walk_fault(run: Run, finding: Finding) -> WalkFault | None:
    """The fault that a finding about paging describes; None if the log does not show one."""
    looks = LOOKS.get(finding.rule, ())
    operation = run.contract.operations.get(finding.operation)
    trial = _trial(run, finding) if looks else None
    if trial is None or operation is None or operation.paging is None:
        return None
    walks = walks_of(JudgeContext(run.contract, run.target, operation), trial)
    pages = [page for page in walks.pages if page.exchange.id in finding.exchanges]
    for page in pages:
        for fault, look in looks:
            item = look(walks, page)
            if item is not None:
                return WalkFault(walks, page, fault, item)
    return None


def _trial(run: Run, finding: Finding) -> Trial | None:
    """All exchanges of the case and attempt that show a finding first, but no retries.

    None if the log or the plan lacks them.
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

    Of the item, of where it is missing, or of the flag that says that nothing follows. An item that
    is out of order is marked with the one before it.
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
    shown = [last - 1, last] if found.fault is Fault.TURNED and last else [last]
    return [Place(f"{pointer}/{at}/{paging.position}") for at in shown]


def _gap(found: WalkFault, pointer: str, items: list[object]) -> Place:
    """The place of a lost item: before the first item that comes after it, or else in the list."""
    words = f"{found.item.text} {found.item.key} is missing"
    after = [item for item in found.page.items if found.walks.beyond(item.at, found.item.at)]
    for at, item in enumerate(items):
        if after and item == after[0].raw:
            return Place(f"{pointer}/{at}", words, before=True)
    return Place(pointer, words)
