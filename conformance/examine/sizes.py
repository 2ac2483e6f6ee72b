"""How many items the lists of a target show on a page: at most, and without a limit."""

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
"""A number of items in a message."""
READ = 1_000
"""Characters of a message that are read."""


def longer(pages: Iterable[Answer]) -> list[Answer]:
    """Those of some pages that more items follow, the shortest first. Others show no size."""
    return sorted((page for page in pages if _goes_on(page)), key=_shown)


def _goes_on(page: Answer) -> bool:
    """Whether more items follow those of a page."""
    return page.more is True and bool(page.listed)


def _shown(page: Answer) -> int:
    """How many items a page shows."""
    return len(page.listed)


def maxima(survey: Survey, lists: Iterable[str]) -> Iterator[Size]:
    """The maxima of lists, where one is seen. Raises OverBudget."""
    for name in lists:
        most = _stated(survey.sized(name, LARGE))
        if _is_maximum(survey, name, most):
            yield name, most


def _stated(large: Answer) -> int:
    """The maximum by the answer to a large limit: its items, or a number in a refusal."""
    if not is_refused(large):
        return _shown(large)
    numbers = [int(text) for text in NUMBER.findall(compact(large.exchange.json, READ))]
    return max((number for number in numbers if number < LARGE), default=0)


def _is_maximum(survey: Survey, name: str, most: int) -> bool:
    """Whether a list shows so many items, and no more when it is asked for one more.

    A page may just happen to be short, so one page alone shows no maximum.
    """
    if _shown(survey.sized(name, most)) != most:
        return False
    larger = survey.sized(name, most + 1)
    return is_refused(larger) or (_goes_on(larger) and _shown(larger) == most)


def defaults(survey: Survey, lists: Iterable[str]) -> Iterator[Size]:
    """How many items lists show without a limit. Raises OverBudget."""
    for name in lists:
        usual = survey.sized(name, None)
        if _goes_on(usual):
            yield name, _shown(usual)
