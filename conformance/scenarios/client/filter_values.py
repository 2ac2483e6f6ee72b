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
"""Seconds: fewer than the distance from UTC of each zone in which a bound is written."""
IDENTIFYING = re.compile("[0-9@]")
"""Characters that ids, numbers and addresses contain, and words hardly ever."""
STRANGE = "sideways"
"""A word that no item contains where a filter looks."""


def text_of(value: Any) -> str | None:
    """A text or a number in the form that a query takes.

    A whole number is sent as one, however the target renders it. None for other values, and for
    texts that are masked or not printable.
    """
    if isinstance(value, str):
        is_masked = MASKED.search(value) is not None
        return value if is_readable(value) and not is_masked else None
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
    """The three rarest values, or else the two rarest, joined by commas; None if neither will do.

    There must be a further value, and enough items for a second page must have one of those chosen.
    """
    by_rarity = sorted(counts, key=lambda text: (counts[text], text))
    for number in (3, 2):
        chosen = by_rarity[:number]
        items = sum(counts[text] for text in chosen)
        if len(by_rarity) > number and items >= SECOND_PAGE:
            return ",".join(chosen)
    return None


def _one_value(counts: Counter[str]) -> str | None:
    """The rarest value that at least SEVERAL items have, or else at least SECOND_PAGE; or None."""
    in_several = [text for text, count in counts.items() if count >= SEVERAL]
    on_two_pages = [text for text, count in counts.items() if count >= SECOND_PAGE]
    return min(in_several or on_two_pages, key=lambda text: (counts[text], text), default=None)


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
    """The first filter of a list that the items show a value for, with the first such value.

    Required filters, bounds and the one named ``tenant``, the business parameter, are left out.
    Returns the name and the value; empty if there is none.
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

    Other filters take turns, beginning with those that follow the first one in the contract. The
    first that leaves enough items for a second page is chosen, or else the first of all, with the
    rarest value that does so. Empty if no filter has a value.
    """
    passing = [item for item in items if takes(parameter, item, value)]
    place = operation.filters.index(parameter)
    others = operation.filters[place + 1 :] + operation.filters[:place]
    usable = [each for each in others if each.plain and each.filters != parameter.filters]
    # the smallest is chosen: if possible, not too few items; then the earliest turn; then few items
    choices: list[tuple[bool, int, int, str, str]] = []
    for turn, other in enumerate(usable):
        for text, count in _not_in_all(passing, other).items():
            leaves_too_few = count < SECOND_PAGE
            choices.append((leaves_too_few, turn, count, other.name, text))
    if not choices:
        return {}
    *_, name, text = min(choices)
    return {name: text}


def _not_in_all(items: list[Any], parameter: Parameter) -> dict[str, int]:
    """The values of a filter that some but not all items have, with the number of those items."""
    counts = Counter(texts_of(items, parameter))
    return {text: count for text, count in counts.items() if count < len(items)}


def options_of(operation: Operation) -> Iterator[Parameter]:
    """The parameters that narrow a list by something that its items do not show.

    These are the optional ones in the query with an example, except filters and those of paging.
    """
    assert operation.paging is not None
    paging_names = (operation.paging.after, operation.paging.limit)
    for parameter in operation.parameters_in("query"):
        has_other_purpose = parameter in operation.filters or parameter.name in paging_names
        if has_other_purpose or parameter.required:
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
        all_rows_show_it = bool(shown) and len(shown) == len(rows)
        if parameter.compare and all_rows_show_it:
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
    """One of two neighbouring times of the items: the one that, as a bound, excludes the other.

    They are the newest two that differ by more than a second, but by less than NEAR. None if the
    items show no such pair.
    """
    ordered = sorted(set(texts_of(items, parameter)), key=_amount, reverse=True)
    for newer, older in pairwise(ordered):
        if 1 < _amount(newer) - _amount(older) < NEAR:
            return older if parameter.compare == "at-most" else newer
    return None


def windows(operation: Operation) -> list[tuple[Parameter, Parameter]]:
    """The pairs of lower and upper bounds of a list that bound the same member of its items."""
    pairs = []
    for lower in _optional_bounds(operation, "at-least"):
        for upper in _optional_bounds(operation, "at-most"):
            if lower.filters == upper.filters:
                pairs.append((lower, upper))
    return pairs


def _optional_bounds(operation: Operation, compare: str) -> list[Parameter]:
    """The optional filters of a list that are lower bounds (``at-least``) or upper ones."""
    return [p for p in operation.filters if not p.required and p.compare == compare]
