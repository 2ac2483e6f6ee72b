"""What plain reads show of the data of a target, and of the operations that it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter

from conformance.contact.survey import Survey, looked_at, untold
from conformance.model import Operation, Remark
from conformance.reading import Answer
from conformance.values import cut

ENOUGH = 3
"""Items that a list needs for a page to end between two of them."""
FEW = 4
"""Routes that a remark lists."""
LONGEST = 60
"""Characters of a route that are shown."""
MISSING = (404, 405, 501)
"""Statuses of an operation that is not there."""


def answers(survey: Survey, operations: Iterable[Operation]) -> Iterator[Answer]:
    """What some reads show with the main key."""
    return map(survey.ask, map(attrgetter("id"), operations))


def shown_lists(survey: Survey) -> list[Answer]:
    """The first pages of the lists that show their items."""
    paged = filter(attrgetter("paging"), survey.offered)
    return list(filter(_is_shown, answers(survey, paged)))


def _is_shown(answer: Answer) -> bool:
    """Whether an answer shows the items of a list."""
    return answer.items is not None


def missing(survey: Survey) -> list[Answer]:
    """The reads that the target does not have, and is not said to lack."""
    return list(filter(_is_missing, answers(survey, survey.offered)))


def _is_missing(answer: Answer) -> bool:
    """Whether a target lacks what was asked for."""
    return answer.exchange.status in MISSING


# --- remarks --------------------------------------------------------------------------------------


def lists(survey: Survey) -> Iterator[Remark]:
    """The lists hold enough items to be paged through."""
    shown = shown_lists(survey)
    short = list(filter(_is_short, shown))
    seen = f"{len(short)} of {len(shown)} hold fewer than {ENOUGH} items{named(short)}"
    if shown:
        yield looked_at("lists", seen, "create more, so that pages can be judged", wrong=short)
    else:
        yield untold("lists", "no list was shown")


def _is_short(answer: Answer) -> bool:
    """Whether a list is too short to be paged through."""
    return len(answer.listed) < ENOUGH


def operations(survey: Survey) -> Iterator[Remark]:
    """The target has the operations that its file says it has."""
    lost = missing(survey)
    seen = f"{len(lost)} of {len(survey.offered)} plain reads are missing{named(lost)}"
    mend = f"declare them: {line_of(lost)}"
    yield looked_at("operations", seen, mend, wrong=lost)


def inapplicable(survey: Survey) -> Iterator[Remark]:
    """What the target is said to lack is not there."""
    lacking = list(filter(survey.is_lacking, survey.reads))
    there = list(filter(attrgetter("ok"), answers(survey, lacking)))
    seen = f"{len(there)} of {len(lacking)} plain reads that the file leaves out work{named(there)}"
    mend = "take them out of inapplicable:, or add them to only:, to have them judged"
    if lacking:
        yield looked_at("operations", seen, mend, wrong=there)


# --- words ----------------------------------------------------------------------------------------


def routes_of(shown: Iterable[Answer]) -> list[str]:
    """The routes of some answers, each once."""
    return list(dict.fromkeys(map(attrgetter("operation.route"), shown)))


def line_of(shown: Iterable[Answer]) -> str:
    """The line of a target file that says of some routes that they are not there."""
    return f"inapplicable: [{', '.join(routes_of(shown))}]"


def named(shown: Iterable[Answer]) -> str:
    """The routes of some answers in brackets, the first few by name; empty without any."""
    routes = routes_of(shown)
    return f" ({few(routes)})" if routes else ""


def few(routes: Sequence[str]) -> str:
    """The first few of some routes, cut where a target made them long."""
    more = ["..."] if len(routes) > FEW else []
    return ", ".join([*(cut(route, LONGEST) for route in routes[:FEW]), *more])
