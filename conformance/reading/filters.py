"""Which items a filter of a list takes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from conformance.model import Open, Parameter, compact
from conformance.reading.items import members_of
from conformance.values import instant


def takes(parameter: Parameter | None, item: Any, value: str) -> bool | None:
    """Whether a filter takes an item, judged by the member that it filters by.

    None if the item does not show it. Whether a bound takes an item exactly on it is open, too.
    """
    if parameter is None or parameter.filters is None:
        return None
    member = members_of(item).get(parameter.filters)
    if member is None or isinstance(member, dict | list):
        return None
    if parameter.compare is None:
        return _is_named(member, value.split(",") if parameter.joined else [value])
    if Open.TIME_BOUND in parameter.open and _on_both_sides(item, value):
        return None
    return _within(parameter.compare, member, value)


def _is_named(member: Any, values: list[str]) -> bool:
    """Whether a member is one of some values, whatever their case."""
    return _text(member).casefold() in map(str.casefold, values)


def _on_both_sides(item: dict[str, Any], value: str) -> bool:
    """Whether an item shows times on both sides of a bound."""
    bound = instant(value)
    if bound is None:
        return False
    times = [moment for moment in map(instant, item.values()) if moment is not None]
    sides = {moment > bound for moment in times}
    return True in sides and False in sides


def _within(compare: str, member: Any, value: str) -> bool | None:
    """Whether a time or a number lies on the side of a bound that the filter takes."""
    at, bound = instant(member), instant(value)
    if at is None or bound is None:
        at, bound = _number(member), _number(value)
    if at is None or bound is None or at == bound:
        return None
    return (at > bound) == (compare == "at-least")


def _number(value: Any) -> Fraction | None:
    try:
        return Fraction(_text(value))
    except (ValueError, ZeroDivisionError):
        return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else compact(value)
