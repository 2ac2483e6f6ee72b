"""What plain reads show of the data of a target, and of the operations that it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import attrgetter

from conformance.contact.survey import Remark, Survey, looked_at, untold
from conformance.model import Operation
from conformance.reading import Answer

ENOUGH = 3
"""Items that a list needs for a page to end between two of them."""
FEW = 4
"""Names that a remark lists."""
MISSING = (404, 405, 501)
"""Statuses of an operation that is not there."""


def _answers(survey: Survey, operations: Iterable[Operation]) -> Iterator[Answer]:
    """What some reads show with the main key."""
    return map(survey.ask, map(attrgetter("id"), operations))


def lists(survey: Survey) -> Iterator[Remark]:
    """The lists hold enough items to be paged through."""
    paged = filter(attrgetter("paging"), survey.offered)
    shown = list(filter(_is_shown, _answers(survey, paged)))
    short = list(filter(_is_short, shown))
    seen = f"{len(short)} of {len(shown)} hold fewer than {ENOUGH} items{_routes(short)}"
    if not shown:
        yield untold("lists", "no list was shown")
    elif short:
        yield looked_at("lists", seen, "create more, so that pages can be judged")
    else:
        yield looked_at("lists", seen)


def _is_shown(answer: Answer) -> bool:
    """Whether an answer shows the items of a list."""
    return answer.items is not None


def _is_short(answer: Answer) -> bool:
    """Whether a list is too short to be paged through."""
    return len(answer.listed) < ENOUGH


def operations(survey: Survey) -> Iterator[Remark]:
    """The target has the operations that its file says it has."""
    missing = list(filter(_is_missing, _answers(survey, survey.offered)))
    seen = f"{len(missing)} of {len(survey.offered)} plain reads are missing{_routes(missing)}"
    if missing:
        yield looked_at("inapplicable", seen, "add them, or their area")
    else:
        yield looked_at("inapplicable", seen)


def _is_missing(answer: Answer) -> bool:
    """Whether a target lacks what was asked for."""
    return answer.exchange.status in MISSING


def inapplicable(survey: Survey) -> Iterator[Remark]:
    """What the target is said to lack is not there."""
    lacking = list(filter(survey.is_lacking, survey.reads))
    there = list(filter(attrgetter("ok"), _answers(survey, lacking)))
    seen = f"{len(there)} of {len(lacking)} that it names are there{_routes(there)}"
    if there:
        yield looked_at("inapplicable", seen, "take them out")
    elif lacking:
        yield looked_at("inapplicable", seen)


def _routes(answers: Iterable[Answer]) -> str:
    """The routes of some answers in brackets, the first few by name; empty without any."""
    routes = list(dict.fromkeys(map(attrgetter("operation.route"), answers)))
    if not routes:
        return ""
    if len(routes) > FEW:
        routes[FEW:] = ["..."]
    return f" ({', '.join(routes)})"
