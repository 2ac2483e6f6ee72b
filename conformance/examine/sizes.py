"""Determines how many items a page of a list has: the maximum, and the default."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from conformance.examine.survey import Survey, is_refused
from conformance.model import compact
from conformance.reading import Answer
from conformance.scenarios.client.knowledge import LARGE

Size = tuple[str, int]
"""The id of a list, and a number of items."""
NUMBER = re.compile(r"\b[0-9]{1,4}\b")
"""A number in an error message, such as the maximum."""
READ = 1_000
"""Number of characters of a message that are searched."""


def with_more_items(pages: Iterable[Answer]) -> list[Answer]:
    """The pages that are not the last of their lists, shortest first. A last page may be short."""
    return sorted((page for page in pages if _has_more(page)), key=_shown)


def _has_more(page: Answer) -> bool:
    """Whether a page has items, and says that more follow."""
    return page.more is True and bool(page.listed)


def _shown(page: Answer) -> int:
    return len(page.listed)


def maxima(survey: Survey, lists: Iterable[str]) -> Iterator[Size]:
    """Find the maximum page size of each list that reveals one. Raises OverBudget."""
    for name in lists:
        most = _stated(survey.list_with_limit(name, LARGE))
        if _is_maximum(survey, name, most):
            yield name, most


def _stated(large: Answer) -> int:
    """The maximum according to the response to a large limit: the number of its items.

    If the limit was rejected, the largest number below it in the error message, or 0.
    """
    if not is_refused(large):
        return _shown(large)
    numbers = [int(text) for text in NUMBER.findall(compact(large.exchange.json, READ))]
    return max((number for number in numbers if number < LARGE), default=0)


def _is_maximum(survey: Survey, name: str, most: int) -> bool:
    """Whether a list returns ``most`` items at that limit, and no more if the limit is raised by 1.

    One page alone proves no maximum, because it may be short for another reason.
    """
    if _shown(survey.list_with_limit(name, most)) != most:
        return False
    larger = survey.list_with_limit(name, most + 1)
    return is_refused(larger) or (_has_more(larger) and _shown(larger) == most)


def defaults(survey: Survey, lists: Iterable[str]) -> Iterator[Size]:
    """Find how many items lists return without a limit. Raises OverBudget.

    A list that fits on one page does not show it.
    """
    for name in lists:
        page = survey.list_with_limit(name, None)
        if _has_more(page):
            yield name, _shown(page)
