"""The limits of a schema, in a form that shows which of two is tighter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LOWER = {"minLength": "string", "minItems": "array", "minProperties": "object"}
UPPER = {"maxLength": "string", "maxItems": "array", "maxProperties": "object"}
SAME = {"pattern": "string", "multipleOf": "number"}
"""The limits by how they compare, each with the type of the values that it limits."""
LOWEST, HIGHEST = "minimum", "maximum"
APPLIES = {**LOWER, **UPPER, **SAME, LOWEST: "number", HIGHEST: "number"}
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
        if _is_number(own):
            found.append((own, int(excluded is True)))  # a boolean in OpenAPI 3.0
        if _is_number(excluded):
            found.append((excluded, 1))
        if found:
            limits[name] = found[0] if len(found) == 1 else tighter(name, *found)
    return limits


def tighter(name: str, one: Limit, other: Limit) -> Limit:
    """The tighter one of two limits of the same name; the first if they cannot be compared."""
    return one if is_tighter(name, one, other) else other


def is_tighter(name: str, one: Limit, other: Limit) -> bool:
    """Whether a limit allows only what another one of the same name allows, too.

    Two patterns, or two values of multipleOf, cannot be compared, so ``one`` counts as tighter.
    """
    if name == HIGHEST:
        (number, excluded), (other_number, other_excluded) = one, other
        return bool((number, -excluded) <= (other_number, -other_excluded))
    if name in UPPER:
        return bool(one <= other)
    return name in SAME or bool(one >= other)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
