"""Chooses values for the filters of a list from the items that the list shows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any

from conformance.base.values import instant, is_readable, without
from conformance.model import Operation, Parameter
from conformance.reading import members_of, takes
from conformance.scenarios.client.knowledge import SEVERAL

SECOND_PAGE = 3
"""Items that must pass a filter for a walk in pages of two to have a second page."""
DISTINCT = 6
"""Distinct values that the items must show before a bound among them is meaningful."""
MASKED = re.compile(r"[*•…]|[xX]{3}")
"""Marks by which a target masks characters. A masked value says nothing about a filter."""
NEAR = 11 * 3600
"""Seconds: less than either of the zones differs from UTC in which a bound is written."""
IDENTIFYING = re.compile("[0-9@]")
"""Characters that ids, numbers and addresses contain, and words hardly ever."""
STRANGE = "sideways"
"""A word that no item contains where a filter looks."""


def text_of(value: Any) -> str | None:
    """A text or a number in the form that a query takes; None for other values and unusual texts.

    A whole number is sent as one, however the target renders it.
    """
    if isinstance(value, str):
        is_masked = MASKED.search(value) is not None  # so it is as unknown as a redacted one
        return None if is_masked or not is_readable(value) else value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    is_whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if is_whole else str(value)


def texts_of(items: Iterable[Any], parameter: Parameter) -> list[str]:
    """The values that items show for a filter, in the form that a query takes, without empty ones.

    For a filter that takes several values at once, a text with a comma is not a single value.
    """
    shown = [text_of(members_of(item).get(parameter.filters)) for item in items]
    texts = [text for text in shown if text]
    if parameter.joined:
        return [text for text in texts if "," not in text]
    return texts


def value_for(items: Iterable[Any], parameter: Parameter) -> str | None:
    """The value of a filter for a walk of a filtered list; None if the items show no suitable one.

    For a bound, it is the median of the distinct values. For any other filter, it is a rare value,
    or the rarest joined if the filter takes several; enough items pass for a second page.
    """
    texts = texts_of(items, parameter)
    if parameter.compare:
        return _median(texts)
    counts = Counter(texts)
    if not parameter.joined:
        return _one_value(counts)
    return _several_values(counts) or _one_value(counts)


def _median(texts: list[str]) -> str | None:
    """The median value in the order that a bound compares; None if there are too few values."""
    ordered = sorted(set(texts), key=_amount)
    if len(ordered) < DISTINCT:
        return None
    return ordered[len(ordered) // 2]


def _amount(text: str) -> Fraction:
    """What a bound compares: an instant in seconds, or a number; 0 for any other text."""
    moment = instant(text)
    if moment is not None:
        return moment
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        return Fraction(0)


def _several_values(counts: Counter[str]) -> str | None:
    """The three rarest values, or else the two rarest, joined by commas.

    None if there is no other value, or too few items for a second page have one of them.
    """
    rarest = sorted(counts, key=lambda text: (counts[text], text))
    for number in (3, 2):
        items = sum(counts[text] for text in rarest[:number])
        if len(rarest) > number and items >= SECOND_PAGE:
            return ",".join(rarest[:number])
    return None


def _one_value(counts: Counter[str]) -> str | None:
    """The rarest value that SEVERAL items have, or else the rarest that SECOND_PAGE items have."""
    shared = [text for text, count in counts.items() if count >= SEVERAL]
    frequent = [text for text, count in counts.items() if count >= SECOND_PAGE]
    return min(shared or frequent, key=lambda text: (counts[text], text), default=None)


def another_value(items: Iterable[Any], parameter: Parameter, value: str) -> str | None:
    """The most frequent value that has not been tried; None if all have, and for a bound.

    ``value`` holds what was tried, joined by commas for a filter that takes several values.
    """
    if parameter.compare:
        return None
    counts = Counter(texts_of(items, parameter))
    for text in parameter.values(value):
        del counts[text]
    return min(counts, key=lambda text: (-counts[text], text), default=None)


def shared_filter(items: Iterable[Any], operation: Operation, tenant: str | None) -> dict[str, str]:
    """The first plain filter of a list, other than the business, that the items show a value for.

    Returns its name with the first such value; empty if there is none. ``tenant`` is the name of
    the business parameter.
    """
    for parameter in operation.filters:
        if not parameter.plain or parameter.name == tenant:
            continue
        texts = texts_of(items, parameter)
        if texts:
            return {parameter.name: texts[0]}
    return {}


def second_filter(
    items: Iterable[Any], operation: Operation, parameter: Parameter, value: str
) -> dict[str, str]:
    """A second filter, with a value that some but not all of the items that pass the first have.

    Of the filters that follow the first one in the contract, the first that leaves enough items for
    a second page is chosen, or else simply the first, with its rarest value. Empty if there is
    none.
    """
    passing = [item for item in items if takes(parameter, item, value)]
    place = operation.filters.index(parameter)
    others = operation.filters[place + 1 :] + operation.filters[:place]
    plain = [other for other in others if other.plain]
    # each choice: whether it leaves too few items, its filter's turn, how many items, filter, value
    choices: list[tuple[bool, int, int, str, str]] = []
    for turn, other in enumerate(plain):
        if other.filters == parameter.filters:
            continue
        for text, count in _not_in_all(passing, other).items():
            too_few = count < SECOND_PAGE
            choices.append((too_few, turn, count, other.name, text))
    if not choices:
        return {}
    *_, name, text = min(choices)
    return {name: text}


def _not_in_all(items: list[Any], parameter: Parameter) -> dict[str, int]:
    """The values of a filter that some but not all items have, with the number of those items."""
    counts = Counter(texts_of(items, parameter))
    return {text: count for text, count in counts.items() if count < len(items)}


def options_of(operation: Operation) -> Iterator[Parameter]:
    """The parameters that narrow a list by something that its items do not show."""
    assert operation.paging is not None
    paging_names = (operation.paging.after, operation.paging.limit)
    for parameter in operation.parameters_in("query"):
        has_other_purpose = parameter in operation.filters or parameter.name in paging_names
        if has_other_purpose:
            continue
        if parameter.required:
            continue
        if parameter.example is not None:
            yield parameter


def widest_bounds(operation: Operation, rows: list[dict[str, Any]]) -> dict[str, str]:
    """The optional bounds of a list, so wide that all of the rows pass them, by name.

    Optional integers that filter by no member are added with their examples, except the page limit.
    Bounds of a member that some rows lack are left out.
    """
    values = {}
    limit = None if operation.paging is None else operation.paging.limit
    for parameter in operation.parameters_in("query"):
        if parameter.required:
            continue
        shown = sorted(texts_of(rows, parameter), key=_amount)
        if parameter.compare and shown and len(shown) == len(rows):
            lowest, highest = shown[0], shown[-1]
            values[parameter.name] = lowest if parameter.compare == "at-least" else highest
        elif not parameter.filters and isinstance(parameter.example, int):
            values[parameter.name] = str(parameter.example)
    return without(values, {limit})


def strange_words(operation: Operation) -> list[dict[str, str]]:
    """The values of one request, with a nonsense word for every plain filter of a list.

    Empty without such filters. A server may reject the word or find nothing.
    """
    words = {parameter.name: STRANGE for parameter in operation.plain_filters}
    return [words] if words else []


def near_bound(items: Iterable[Any], parameter: Parameter) -> str | None:
    """A bound that few items pass: an upper bound near the lowest value, a lower near the highest.

    None if the items show too few values.
    """
    ordered = sorted(set(texts_of(items, parameter)), key=_amount)
    if len(ordered) <= SECOND_PAGE + 1:  # every item would pass
        return None
    if parameter.compare == "at-most":
        return ordered[SECOND_PAGE]
    return ordered[-1 - SECOND_PAGE]


def next_to_another(items: Iterable[Any], parameter: Parameter) -> str | None:
    """The newest time among the items that, as a bound, excludes another one within NEAR seconds.

    None if the items show no two such times.
    """
    ordered = sorted(set(texts_of(items, parameter)), key=_amount, reverse=True)
    for newer, older in pairwise(ordered):
        if 1 < _amount(newer) - _amount(older) < NEAR:
            return older if parameter.compare == "at-most" else newer
    return None


def windows(operation: Operation) -> list[tuple[Parameter, Parameter]]:
    """The pairs of lower and upper bounds of a list that bound the same member of its items."""
    windows = []
    for lower in _optional_bounds(operation, "at-least"):
        for upper in _optional_bounds(operation, "at-most"):
            if lower.filters == upper.filters:
                windows.append((lower, upper))
    return windows


def _optional_bounds(operation: Operation, compare: str) -> list[Parameter]:
    """The optional filters of a list that are lower bounds (``at-least``) or upper ones."""
    return [p for p in operation.filters if not p.required and p.compare == compare]
