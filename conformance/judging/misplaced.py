"""Items that the pages of a walk repeat or lose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from conformance.judging.pages import Item, Page
from conformance.judging.walks import Walks


@dataclass(frozen=True)
class Misplaced:
    """An item that a page shows against its cursor, or fails to show."""

    page: Page
    item: Item

    @property
    def near(self) -> bool:
        """Whether the item was created in the same second as the cursor of the page."""
        return self.page.near(self.item)


def repeats(walks: Walks) -> list[Misplaced]:
    """The first item at or before the cursor of its page, for each page that shows one."""
    return [Misplaced(page, item) for page, item in walks.repeats]


def losses(walks: Walks) -> list[Misplaced]:
    """The first item that a page fails to show although another walk shows it there.

    There is one for each page that loses any, in the order of the pages.
    """
    return [Misplaced(page, item) for page, item in walks.losses]


def blameless(walks: Walks, misplaced: Iterable[Misplaced]) -> Iterator[Page]:
    """The pages after a cursor that neither repeat nor lose an item.

    ``misplaced`` are the items that pages repeat or lose.
    """
    blamed = {each.page.place for each in misplaced}
    for page in walks.pages:
        if page.continues_with_items and page.place not in blamed:
            yield page


def cuts_fraction(walks: Walks, repeated: Iterable[Misplaced]) -> bool:
    """Whether items are repeated because the server cuts the fraction of a second off its cursors.

    Then each repeated item is in the second of a cursor with a fraction. And under the filters of
    such an item, a page after a whole second does not repeat the item at that second. A server that
    includes the item at every cursor again would repeat it. False if no item is repeated.
    """
    filters_with_repeats = set()
    for repeat in repeated:
        if not repeat.near or not repeat.page.fraction:
            return False
        filters_with_repeats.add(repeat.page.filters)
    pages = [page for page in walks.pages if page.filters in filters_with_repeats]
    return any(_omits_item_at_cursor(walks, page) for page in pages)


def explained_by_cut(walks: Walks, lost: Iterable[Misplaced]) -> bool:
    """Whether cursors that lost their fraction of a second can explain what walks lost.

    Such cursors lose only items of their own second, and never lead to a page that comes before it.
    What a page without a cursor loses, the first of its list, shows nothing about them.
    """
    for loss in lost:
        at_head = loss.page.cursor is None
        if not at_head and not cut_explains(walks, loss):
            return False
    return not any(walks.backwards(page) for page in walks.pages)


def cut_explains(walks: Walks, loss: Misplaced) -> bool:
    """Whether a cursor that lost its fraction of a second can explain what a page loses.

    Such a page loses items of the second of its cursor, and shows those of later seconds.
    """
    return loss.near and not _is_empty_too_early(walks, loss.page)


def _is_empty_too_early(walks: Walks, page: Page) -> bool:
    """Whether a page after a cursor is empty, although its list has items of later seconds."""
    return not page.items and any(not page.near(item) for item in walks.lost(page))


def _omits_item_at_cursor(walks: Walks, page: Page) -> bool:
    """Whether a page leaves out the item at its cursor, which is a whole second.

    The page shows items after the cursor. One item alone is at the cursor, and passes the filters
    of the page. The caller knows that no page after a whole second repeats an item.
    """
    if not page.continues_with_items or page.fraction or page.cursor in walks.tied:
        return False
    at_cursor = (item for item in walks.items if item.at == page.cursor)
    return any(walks.passes(item, page.filters) for item in at_cursor)
