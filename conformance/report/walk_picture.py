"""A walk through a list as a table: the whole list in order, and below it the pages as fetched.

A column is an item, so a gap in the row of a page shows what that page lost. If a page is out of
order, its items are shown as they came, below the same items in order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from conformance.base.values import cut
from conformance.judging.pages import Item, Page
from conformance.report.walk_faults import Fault, WalkFault

COLUMNS, BEFORE = 9, 2
"""Items that are shown around a fault, and how many of them come before it."""
PAGES = 3
"""Pages that are shown: those around the page at fault."""
TIME = 40
"""Characters shown of a timestamp."""
KEY = 60
"""Characters shown of the id of an item."""
SENTENCES = {
    Fault.LOST: "{} is on no page, although the list shows it elsewhere.",
    Fault.REPEATED: "{} is shown, although the page was asked for items after {}.",
    Fault.TWICE: "{} is shown twice on one page.",
    Fault.OUT_OF_ORDER: "{} is out of order.",
    Fault.BACKWARDS: "{} is shown, although the page was asked for items after {}.",
    Fault.FOLLOWS: "{} comes after a page that says that nothing follows.",
}
"""What a picture shows, by its fault: the item and the cursor of its page are filled in."""

LABELS_OF_MISSING = {Fault.LOST: "lost", Fault.FOLLOWS: "comes after"}
"""The label of the row of items that no page shows, by fault."""
_DATED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]")


@dataclass(frozen=True)
class Spot:
    """A cell of the table: the time of an item; empty if the row lacks it. ``fault`` marks it."""

    time: str = ""
    fault: str = ""


@dataclass(frozen=True)
class Line:
    """A row of the table: the whole list, a page with its cursor as a note, or missing items."""

    label: str
    note: str
    spots: tuple[Spot, ...]


@dataclass(frozen=True)
class WalkPicture:
    """A table, and in ``words`` what it shows.

    ``before`` and ``behind`` count the items of the list that are left out on either side.
    """

    words: str
    lines: tuple[Line, ...]
    before: int
    behind: int


def picture_of(found: WalkFault) -> WalkPicture:
    """The picture of a fault in a walk: the list, the pages around the fault, and missing items."""
    if found.fault is Fault.OUT_OF_ORDER:
        return _out_of_order(found)
    items = list(found.walks.between(None, None, found.page.filters))
    shown, first = around(_index_of(found.item, items), items)
    pages = _pages(found)
    times = _times_of(shown, [page for _, page in pages])
    lines = [Line("whole list", "", tuple(Spot(times.short(item.text)) for item in shown))]
    for number, page in pages:
        lines.append(_page_line(found, page, number, shown, times))
    if found.fault in LABELS_OF_MISSING:
        lines.append(_gap_line(found, shown, times))
    return WalkPicture(_words(found), tuple(lines), first, len(items) - first - len(shown))


def _out_of_order(found: WalkFault) -> WalkPicture:
    """The picture of an item out of order: the items of its page in order, then as they came."""
    items = list(found.page.items)
    shown, first = around(_index_of(found.item, items), items)
    times = _times_of(shown, [found.page])
    descending = found.walks.descending(found.page.filters)
    ordered = sorted(shown, key=lambda item: item.at, reverse=descending)
    as_shown = [
        Spot(times.short(item.text), found.fault if item.key == found.item.key else "")
        for item in shown
    ]
    lines = (
        Line("in order", "", tuple(Spot(times.short(item.text)) for item in ordered)),
        Line("the page", _asked(found.page, times), tuple(as_shown)),
    )
    return WalkPicture(_words(found), lines, first, len(items) - first - len(shown))


def _words(found: WalkFault) -> str:
    """What the picture shows, as a sentence."""
    item = f"{cut(found.item.text, TIME)} {cut(found.item.key, KEY)}"
    return SENTENCES[found.fault].format(item, cut(found.page.after or "", TIME))


def _index_of(wanted: Item, items: Sequence[Item]) -> int:
    """The index of an item among others; 0 if it is not one of them."""
    keys = [item.key for item in items]
    return keys.index(wanted.key) if wanted.key in keys else 0


def around(index: int, items: list[Item]) -> tuple[list[Item], int]:
    """At most COLUMNS items around an index, and the index of the first of them.

    At most BEFORE of them come before it, so that it is seen without scrolling.
    """
    first = max(0, index - BEFORE)
    return items[first : first + COLUMNS], first


@dataclass(frozen=True)
class _Times:
    """How timestamps are written: without the date or year and zone that all of them share."""

    start: int  # the number of characters left out at the beginning
    end: str  # the text left out at the end

    @staticmethod
    def of(texts: Sequence[str]) -> _Times:
        """The shortest way to write some timestamps."""
        end = "Z" if all(text.endswith("Z") for text in texts) else ""
        for start in (len("2026-04-17T"), len("2026-")):
            beginnings = {text[:start] for text in texts}
            if len(beginnings) == 1 and all(_DATED.match(text) for text in texts):
                return _Times(start, end)
        return _Times(0, "")

    def short(self, text: str) -> str:
        """A timestamp without the parts that all of them share."""
        rest = text[self.start :].removesuffix(self.end)
        return cut(rest.replace("T", " ") if self.start else rest, TIME)


def _times_of(items: Sequence[Item], pages: Sequence[Page]) -> _Times:
    """How to write the timestamps of some items, and the cursors of some pages."""
    cursors = [page.after for page in pages if page.after]
    return _Times.of([*(item.text for item in items), *cursors])


def _pages(found: WalkFault) -> list[tuple[int, Page]]:
    """The page at fault and those around it, each after its number in the walk."""
    pages = [page for page in found.walks.pages if page.walk == found.page.walk]
    index = pages.index(found.page)
    first = max(0, index - PAGES // 2)
    return list(enumerate(pages, 1))[first : first + PAGES]


def _page_line(
    found: WalkFault, page: Page, number: int, shown: Sequence[Item], times: _Times
) -> Line:
    """The row of a page, with the time of each item that it shows."""
    is_at_fault = page is found.page and found.fault not in LABELS_OF_MISSING
    spots = []
    for item in shown:
        if item.key not in page.keys:
            spots.append(Spot())
            continue
        is_wrong = is_at_fault and item.key == found.item.key
        spots.append(Spot(times.short(item.text), found.fault if is_wrong else ""))
    note = _asked(page, times)
    paging = found.walks.operation.paging
    if paging is not None and page is found.page and found.fault is Fault.FOLLOWS:
        note = f"{note} {paging.more}: false".strip()
    return Line(f"page {number}", note, tuple(spots))


def _gap_line(found: WalkFault, shown: Sequence[Item], times: _Times) -> Line:
    """The row of the items that the pages around the fault lose, or of one after the last page."""
    missing = {found.item.key}
    if found.fault is Fault.LOST:
        losses = [found.walks.first_lost(page) for _, page in _pages(found)]
        missing.update(item.key for item in losses if item)
    spots = [
        Spot(times.short(item.text), found.fault) if item.key in missing else Spot()
        for item in shown
    ]
    return Line(LABELS_OF_MISSING[found.fault], "", tuple(spots))


def _asked(page: Page, times: _Times) -> str:
    """The cursor of a page, such as ``after 09:30:00``; empty for the head of the list."""
    return f"after {times.short(page.after)}" if page.after else ""


def text_of(picture: WalkPicture) -> list[str]:
    """The table as lines of text, for a terminal."""
    rows = []
    for line in picture.lines:
        row = [f"{line.label} {line.note}"]
        for spot in line.spots:
            sign = "✕" if spot.fault else "●"
            row.append(f"{sign} {spot.time}" if spot.time else "")
        rows.append(row)
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append("  ".join(padded).rstrip())
    return lines
