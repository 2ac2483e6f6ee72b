"""Decides which items match a list filter."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from conformance.base.values import instant, instants
from conformance.model import Open, Parameter, compact
from conformance.reading.items import members_of


def takes(parameter: Parameter | None, item: Any, value: str) -> bool | None:
    """Whether an item matches a filter, judged by the member that it filters by.

    ``value`` is the filter value in the query. None if the item does not show that member, and
    where the sources leave the result open, such as for an item exactly on a bound.
    """
    if parameter is None or not parameter.filters:
        return None
    member = members_of(item).get(parameter.filters)
    if member is None or isinstance(member, dict | list):
        return None
    if parameter.compare is None:
        return _is_named(member, parameter.values(value))
    if Open.TIME_BOUND in parameter.open and _on_both_sides(item, value):
        return None
    return _within(parameter.compare, member, value)


def _is_named(member: Any, values: list[str]) -> bool:
    """Whether a member equals one of the values, ignoring case."""
    return _text(member).casefold() in [value.casefold() for value in values]


def _on_both_sides(item: dict[str, Any], value: str) -> bool:
    """Whether an item has timestamps on both sides of a bound; one on the bound counts as before.

    False if the bound is not a time.
    """
    bound = instant(value)
    if bound is None:
        return False
    is_after = [moment > bound for moment in instants(item.values())]
    return any(is_after) and not all(is_after)


def _within(compare: str, member: Any, value: str) -> bool | None:
    """Whether a time or a number is on the matching side of a bound.

    A number on the bound matches. None for a time on the bound, and if the two cannot be compared.
    """
    for read in (instant, _number):
        at, bound = read(member), read(value)
        if at is None or bound is None:
            continue
        if at == bound:
            is_number = read is _number
            return True if is_number else None
        return at > bound if compare == "at-least" else at < bound
    return None


def _number(value: Any) -> Fraction | None:
    """The number that a value or its text represents; None if it is not a number."""
    try:
        return Fraction(_text(value))
    except (ValueError, ZeroDivisionError):
        return None


def _text(value: Any) -> str:
    """A value as query text: a string unchanged, anything else as JSON.

    A whole number has no decimal point, however it is rendered.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return compact(value)
