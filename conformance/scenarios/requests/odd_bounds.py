"""Limits, cursors and bounds that cannot be parsed, or that few clients send."""

from __future__ import annotations

from conformance.model import Operation, Parameter
from conformance.scenarios.odd.odd_values import BEYOND_32_BITS, BEYOND_64_BITS
from conformance.scenarios.walks.cursors import in_turn

ODD_LIMITS = ("abc", "-1", "-5")
"""Limits that a list must refuse or replace. Some servers add one to a limit, so -1 hides -5."""
HUGE = (BEYOND_64_BITS, BEYOND_32_BITS)
"""Limits that lists get in turn."""
ODD_POSITIONS = ("not-a-time", "2026-13-45T99:99:99Z")
"""Values that are not valid cursors."""
WITHOUT_ZONE = "2026-04-17T12:00:00"
"""A time that a cursor may be. Comparing it with a time that has a zone may crash the server."""
FIRST_DAY, LAST_DAY = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"
"""The ends of the calendar of many languages."""


def far_away(operation: Operation) -> list[dict[str, str]]:
    """Two sets of far bounds for the times of a list: all items pass one, and none the other.

    Empty if the list has no such bounds. A server that converts them to its own time zone leaves
    the range of its calendar.
    """
    times = [each for each in operation.filters if each.compare and each.formatted]
    if not times:
        return []
    widest = {"at-least": FIRST_DAY, "at-most": LAST_DAY}
    empty = {"at-least": LAST_DAY, "at-most": FIRST_DAY}
    return [{each.name: ends[str(each.compare)] for each in times} for ends in (widest, empty)]


def perhaps_valid(operation: Operation) -> list[tuple[str, str]]:
    """Limits and cursors that may be valid, each with its parameter: empty, huge, and others."""
    paging = operation.paging
    assert paging is not None
    return [
        (paging.limit, "0"),
        (paging.limit, "2.5"),
        (paging.limit, ""),
        (paging.limit, in_turn(HUGE, operation)),
        (paging.after, ""),
        (paging.after, WITHOUT_ZONE),
    ]


def bound(parameter: Parameter, place: int) -> str:
    """A value for a bound; a larger place gives a later or larger one."""
    if parameter.schema.get("type") in ("integer", "number"):
        return str(place)
    return f"2026-04-1{place}T00:00:00Z"
