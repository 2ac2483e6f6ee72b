"""Which items a filter of a list takes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from conformance.base.values import instant, instants
from conformance.model import Open, Parameter, compact
from conformance.reading.items import members_of


def takes(parameter: Parameter | None, item: Any, value: str) -> bool | None:
    """Whether a filter takes an item, judged by the member that it filters by.

    ``value`` is the filter as the query holds it. None if the item does not show that member.
    None as well where the sources leave it open, as for an item exactly on a bound.
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
    """Whether a member is one of some values, whatever their case."""
    return _text(member).casefold() in [value.casefold() for value in values]


def _on_both_sides(item: dict[str, Any], value: str) -> bool:
    """Whether an item shows times on both sides of a bound."""
    bound = instant(value)
    if bound is None:
        return False
    times = instants(item.values())
    sides = {moment > bound for moment in times}
    return len(sides) == 2


def _within(compare: str, member: Any, value: str) -> bool | None:
    """Whether a time or a number lies on the side of a bound that the filter takes.

    A number on the bound lies on that side; of a time there nothing is said. None for such a time,
    and if the two cannot be compared.
    """
    for read in (instant, _number):
        at, bound = read(member), read(value)
        if at is None or bound is None:
            continue
        if at == bound:
            return None if read is instant else True
        return (at > bound) == (compare == "at-least")
    return None


def _number(value: Any) -> Fraction | None:
    """The number that a value or its text stands for; None if it is not one."""
    try:
        return Fraction(_text(value))
    except (ValueError, ZeroDivisionError):
        return None


def _text(value: Any) -> str:
    """A value as a query holds it: a text as it is, anything else as JSON.

    A whole number has no point, however it is rendered.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return compact(value)
