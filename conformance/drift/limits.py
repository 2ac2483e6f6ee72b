"""The limits of a schema, in a form that shows which of two is tighter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LOWER = {"minLength": "string", "minItems": "array", "minProperties": "object"}
UPPER = {"maxLength": "string", "maxItems": "array", "maxProperties": "object"}
INCOMPARABLE = {"pattern": "string", "multipleOf": "number"}
"""Limits by how two of them compare, each with the type of the values that it applies to.

Of LOWER, the greater limit is tighter, and of UPPER, the smaller one. Those that are INCOMPARABLE
can only be equal or different.
"""
LOWEST, HIGHEST = "minimum", "maximum"
TYPE_OF_LIMIT = {**LOWER, **UPPER, **INCOMPARABLE, LOWEST: "number", HIGHEST: "number"}
"""The type of the values that each limit applies to."""

Limit = Any
"""A number, a pattern, or for minimum and maximum a pair: the number, and 1 if it is excluded."""


def limits_of(schema: Mapping[str, Any]) -> dict[str, Limit]:
    """The limits of a schema by name, in comparable form."""
    limits: dict[str, Limit] = {}
    for name in (*LOWER, *UPPER, "multipleOf"):
        if _is_number(schema.get(name)):
            limits[name] = schema[name]
    if isinstance(schema.get("pattern"), str):
        limits["pattern"] = schema["pattern"]
    for name, excluding in ((LOWEST, "exclusiveMinimum"), (HIGHEST, "exclusiveMaximum")):
        own, excluded = schema.get(name), schema.get(excluding)
        found = []
        if _is_number(own):  # in OpenAPI 3.0, a boolean says whether this number is excluded
            found.append((own, int(excluded is True)))
        if _is_number(excluded):  # in OpenAPI 3.1, this is another number
            found.append((excluded, 1))
        if found:
            limits[name] = found[0] if len(found) == 1 else tighter(name, *found)
    return limits


def tighter(name: str, one: Limit, other: Limit) -> Limit:
    """The tighter one of two limits of the same name; ``one`` if they cannot be compared."""
    return one if is_as_tight(name, one, other) else other


def is_as_tight(name: str, one: Limit, other: Limit) -> bool:
    """Whether everything that ``one`` allows is allowed by ``other``, a limit of the same name.

    True also for patterns and values of multipleOf, which cannot be compared.
    """
    if name in INCOMPARABLE:
        return True
    if name in UPPER:
        return bool(one <= other)
    if name in LOWER:
        return bool(one >= other)
    (number, excluded), (other_number, other_excluded) = one, other
    if number == other_number:  # excluding it is tighter
        return bool(excluded >= other_excluded)
    if name == HIGHEST:
        return bool(number < other_number)
    return bool(number > other_number)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
