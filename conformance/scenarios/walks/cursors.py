"""Chooses where the walks over a list start, by the positions of its items."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TypeVar

from conformance.base.values import instant, instants, rendered, respelled
from conformance.model import Operation
from conformance.scenarios.client.knowledge import LARGE

Choice = TypeVar("Choice")

WINDOW = 12
"""Items of the stretch that is walked in every page size."""
REACHES = {1: 4, 2: 10, 3: WINDOW, 7: WINDOW}
"""Page sizes of the walks that begin after the first item, and how many items each walk takes."""
LONG = 3
"""Items of a page from which on a walk crosses at most one border instead of two."""
ZONES = (120, -300, 330, -210)
"""Offsets in minutes for the spelling of a cursor, in turn."""
FUTURE = "2999-01-01T00:00:00Z"
PAST = "1970-01-01T00:00:00Z"
FIRST_YEAR = "0001-01-01T00:00:00Z"
SHORTEST = 4
"""Items of the shortest list for which such cursors are meaningful."""
APART = 3
"""Seconds between two items that leave room for a cursor between them."""


def in_turn(choices: Sequence[Choice], operation: Operation) -> Choice:
    """One of some choices, determined by the name of an operation."""
    return choices[sum(ord(character) for character in operation.id) % len(choices)]


def starts(positions: Sequence[str | None], count: int) -> list[int]:
    """The indexes of the items after which walks start, other than the first item.

    The pages of these walks end between the most revealing neighbours, at ``count`` places of each
    kind. Further places are in the middle of a long list, or at the end of a large page.
    """
    pairs = list(pairwise([instant(position) for position in positions]))
    chosen: dict[int, None] = {}  # an ordered set of the indexes of items that pages end with
    for is_revealing in REVEALING:
        ends = [index for index, pair in enumerate(pairs) if is_revealing(*pair)]
        wanted = count
        if is_revealing is _same_second:  # so are pairs in one millisecond: fill up what they lack
            wanted = 2 * count - len(chosen)
        chosen |= dict.fromkeys(_spread(ends, wanted))
    chosen |= dict.fromkeys(_middles(len(positions), count))
    # a page of one item ends with the item after the start
    return [end - 1 for end in chosen if end > 1]


def uncovered_sizes(start: int, sizes: Iterable[int]) -> Iterator[tuple[int, int]]:
    """The page sizes in which to walk from a place, each with the number of borders to cross.

    A size is left out if the walk from the first item has crossed the same borders in that size.
    """
    for size in sizes:
        borders = 2 if size < LONG else 1
        end = start + (borders + 1) * size
        is_covered = start % size == 0 and end <= REACHES[size]
        if not is_covered:
            yield size, borders


def _spread(places: Sequence[int], count: int) -> list[int]:
    """Up to ``count`` places, as far apart as possible: the first, the last, and some between."""
    if len(places) <= count:
        return list(places)
    if count <= 1:
        return list(places[:count])
    return [places[number * (len(places) - 1) // (count - 1)] for number in range(count)]


def _differ_within(part: Fraction, one: Fraction | None, other: Fraction | None) -> bool:
    """Whether two instants differ, but lie in the same ``part`` of a second."""
    if one is None or other is None:
        return False
    if one == other:
        return False
    return one // part == other // part


def _same_second(one: Fraction | None, other: Fraction | None) -> bool:
    """Whether two items have different instants within one second."""
    return _differ_within(Fraction(1), one, other)


def _same_millisecond(one: Fraction | None, other: Fraction | None) -> bool:
    """Whether two items have different instants within one millisecond."""
    return _differ_within(Fraction(1, 1000), one, other)


def _same_instant(one: Fraction | None, other: Fraction | None) -> bool:
    """Whether two items have the same instant."""
    return one is not None and one == other


def _before_unreadable(one: Fraction | None, other: Fraction | None) -> bool:
    """Whether the first of two items has a readable position and the second one has none."""
    return one is not None and other is None


REVEALING = (_same_millisecond, _same_second, _same_instant, _before_unreadable)
"""Whether two neighbours reveal most if a page ends between them, in the order of choice."""


def _middles(length: int, count: int) -> list[int]:
    """Places that divide a long list evenly; none in a shorter list.

    If the list is longer than a large page, the last place is the end of that page instead.
    """
    if length <= 3 * WINDOW:
        return []
    middles = [length * part // (count + 1) for part in range(1, count + 1)]
    if length > LARGE + 2:
        middles[-1] = LARGE - 1
    return middles


def unserved_cursors(positions: Sequence[str | None], operation: Operation) -> dict[str, str]:
    """Cursors that are valid positions but that the list has not shown, by a name for each.

    Some spell a position differently, one lies between two items, and some lie beyond both ends.
    Empty for a list that is too short, whose positions cannot all be read, or whose first and last
    items have the same time.
    """
    times = instants(positions)
    if len(times) < SHORTEST or len(times) < len(positions):
        return {}
    if times[0] == times[-1]:
        return {}
    third = str(positions[2])
    cursors = _respelled(third, operation)
    between = _between(times)
    if between is not None:
        cursors["between"] = between
    head, end = (FUTURE, PAST) if times[0] > times[-1] else (PAST, FUTURE)
    cursors["from-before-the-head"] = head
    cursors["from-beyond-the-end"] = end
    cursors["from-the-first-year"] = FIRST_YEAR
    return cursors


def _respelled(text: str, operation: Operation) -> dict[str, str]:
    """A position in other spellings of the same instant."""
    cursors = {}
    for minutes in (0, in_turn(ZONES, operation)):
        again = respelled(text, minutes)
        if again is not None:
            cursors[f"respelled-by-{minutes}-minutes"] = again
    return cursors


def _between(times: Sequence[Fraction]) -> str | None:
    """A timestamp midway between the first two neighbours that are far enough apart."""
    for one, other in pairwise(times):
        if abs(one - other) > APART:
            return rendered((one + other) / 2)
    return None
