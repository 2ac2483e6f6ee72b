"""How much memory the value of a JSON text may take, and how deep it is nested, by its signs."""

from __future__ import annotations

import re
from itertools import accumulate

_WEIGHTS = {"{": 850, "[": 64, ",": 60}
"""Bytes of memory per object, array and further value, including validation."""

_NO_BRACKETS = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[^"\[\]{}]+', re.DOTALL)
_STEPS = {"{": 1, "[": 1, "}": -1, "]": -1, '"': 0}


def weight_of_values(text: str) -> int:
    """An upper bound, in bytes, on the memory for the value of a text, its strings aside."""
    return sum(weight * text.count(sign) for sign, weight in _WEIGHTS.items())


def weight(text: str) -> int:
    """Approximate memory in bytes for a JSON text and its value. Strings count by length."""
    return len(text) + weight_of_values(_without_strings(text))


def weight_and_depth(text: str, levels: int) -> tuple[int, int | None]:
    """The results of ``weight`` and ``too_deep`` for a JSON text, faster than both calls."""
    bare = _without_strings(text)
    may_be_deep = bare.count("{") + bare.count("[") > levels
    line = too_deep(text, levels) if may_be_deep else None
    return len(text) + weight_of_values(bare), line


def _without_strings(text: str) -> str:
    """A JSON text without its strings. If it is not JSON, the result is wrong after the fault."""
    if "\\" in text:
        # so that each quote begins or ends a string
        text = text.replace("\\\\", "").replace('\\"', "")
    outside_of_quotes = text.split('"')[::2]
    return "".join(outside_of_quotes)


def too_deep(text: str, levels: int) -> int | None:
    """The line, from 1, where a JSON text is nested more than ``levels`` deep; None if nowhere."""
    if text.count("{") + text.count("[") <= levels:
        return None
    depth_before = 0  # of the line
    for number, line in enumerate(text.split("\n"), 1):  # no string of JSON spans lines
        brackets = _NO_BRACKETS.sub("", line)
        if depth_before + depth(brackets) > levels:
            return number
        opening = brackets.count("{") + brackets.count("[")
        depth_before += opening - (brackets.count("}") + brackets.count("]"))
    return None


def brackets_of(text: str, levels: int) -> str:
    """The brackets of a text outside strings; empty if they are too few to exceed ``levels``."""
    if text.count("{") + text.count("[") <= levels:
        return ""
    return _NO_BRACKETS.sub("", text)


def depth(brackets: str) -> int:
    """The maximum nesting of some brackets."""
    return max(accumulate(_STEPS[bracket] for bracket in brackets), default=0)
