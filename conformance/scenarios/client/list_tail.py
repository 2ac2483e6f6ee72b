"""Finds the end of a list that runs from old to new, where newly created objects appear."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.model import KeyName, Operation, Paging
from conformance.reading import Answer, before_last, runs_forward
from conformance.scenarios.client.knowledge import LARGE, WANTED, Knowledge
from conformance.scenarios.client.memory import Memory, Values

PAGES_TO_END = 40
"""Pages that are followed to reach the end of a list that runs from old to new."""
LAST = 5
"""Items before the end of such a list that its last page should show."""


class Ends:
    """Follows the pages of a list to its end once, and remembers that position."""

    def __init__(self, knowledge: Knowledge, memory: Memory) -> None:
        self._knowledge = knowledge
        self._memory = memory

    def newest(self, operation: Operation, values: Values) -> Values:
        """The cursor and limit of a page near the end of a list that runs from old to new.

        To find the cursor, it requests the pages from the last known position on. Empty for a list
        that runs the other way, because new objects are on its first page. The limit is left out if
        no page had items.
        """
        paging = operation.paging
        if paging is None:
            return {}
        listed = self._knowledge.listed(operation.kind)
        if not runs_forward(paging, listed):
            return {}
        start = self._memory.ends.get(operation.id, {})  # the cursor found last, if any
        sizes = [str(self._knowledge.within(operation, limit)) for limit in (LARGE, WANTED)]
        positions = self._positions_from(operation, paging, values, start, sizes)
        if positions is None:
            return {}
        before = before_last(positions, LAST)
        if before is not None:
            start = {paging.after: before}
        self._memory.ends[operation.id] = start
        if not positions:  # no size of a page is known to work
            return dict(start)
        return {**start, paging.limit: sizes[0]}  # the only size left

    def _positions_from(
        self, operation: Operation, paging: Paging, values: Values, start: Values, sizes: list[str]
    ) -> list[str] | None:
        """The positions from a cursor to the end of a list; None if its pages run backwards.

        ``start`` holds the cursor, or nothing for the first page. At most PAGES_TO_END pages are
        followed. ``sizes`` are the page sizes to try; once one works, it is the only one left.
        """
        cursor: str | None = start.get(paging.after)
        positions: list[str] = []
        for _ in range(PAGES_TO_END):
            after = {} if cursor is None else {paging.after: cursor}
            page = self._page_with_items(operation, paging, {**values, **after}, sizes)
            if cursor is not None and not _follows(paging, cursor, page):
                return None
            positions += page.positions
            cursor = page.cursor
            if not page.more or cursor is None:
                break
        return positions

    def _page_with_items(
        self, operation: Operation, paging: Paging, values: Mapping[str, Any], sizes: list[str]
    ) -> Answer:
        """Request a page in each of the ``sizes`` until one has items; returns the last page.

        If a page has items, ``sizes`` is reduced to its size, which is known to work.
        """
        for size in list(sizes):
            page = self._knowledge.ask(operation, {**values, paging.limit: size}, KeyName.FULL)
            if page.items:
                sizes[:] = [size]
                break
        return page


def _follows(paging: Paging, cursor: str, page: Answer) -> bool:
    """Whether the first item of a page is newer than its cursor; True for a page without items."""
    if not page.items:
        return True
    return runs_forward(paging, [{paging.position: cursor}, page.items[0]])
