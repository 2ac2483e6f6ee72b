"""What plain reads show of the data of a target, and of the operations that it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from conformance.base.values import cut
from conformance.examine.survey import Survey, looked_at, undecided
from conformance.model import Operation, Remark
from conformance.reading import Answer

ENOUGH = 3
"""Items that a list needs for a page to end between two of them."""
FEW = 4
"""Routes that a remark lists."""
LONGEST = 60
"""Characters of a route that are shown."""
MISSING = (404, 405, 501)
"""Statuses of an operation that is not there."""


def answers(survey: Survey, operations: Iterable[Operation]) -> Iterator[Answer]:
    """What some reads show with the main key. Each is sent when it is asked for."""
    return (survey.ask(operation.id) for operation in operations)


def paged(survey: Survey) -> list[Operation]:
    """The lists that are offered."""
    return [operation for operation in survey.offered if operation.paging]


def shown_lists(survey: Survey) -> list[Answer]:
    """The first pages of the lists that show their items."""
    return [page for page in answers(survey, paged(survey)) if page.items is not None]


def missing(survey: Survey) -> list[Answer]:
    """The reads that the target lacks, though its file does not say so."""
    reads = answers(survey, survey.offered)
    return [read for read in reads if read.exchange.status in MISSING]


# --- remarks --------------------------------------------------------------------------------------


def lists(survey: Survey) -> Iterator[Remark]:
    """The lists hold enough items to be paged through."""
    shown = shown_lists(survey)
    if not shown:
        yield undecided("lists", "no list was shown")
        return
    short = [page for page in shown if len(page.listed) < ENOUGH]
    seen = f"{len(short)} of {len(shown)} hold fewer than {ENOUGH} items{named(short)}"
    yield looked_at("lists", seen, "create more, so that pages can be judged", wrong=bool(short))


def operations(survey: Survey) -> Iterator[Remark]:
    """The target has the operations that its file says it has."""
    lost = missing(survey)
    seen = f"{len(lost)} of {len(survey.offered)} plain reads are missing{named(lost)}"
    fix = f"declare them: {line_of(lost)}"
    yield looked_at("operations", seen, fix, wrong=bool(lost))


def inapplicable(survey: Survey) -> Iterator[Remark]:
    """The target lacks what its file says it lacks."""
    lacking = [read for read in survey.reads if survey.is_lacking(read)]
    if not lacking:
        return
    there = [answer for answer in answers(survey, lacking) if answer.ok]
    seen = f"{len(there)} of {len(lacking)} plain reads that the file leaves out work{named(there)}"
    fix = "take them out of inapplicable:, or add them to only:, to have them judged"
    yield looked_at("operations", seen, fix, wrong=bool(there))


# --- words ----------------------------------------------------------------------------------------


def routes_of(shown: Iterable[Answer]) -> list[str]:
    """The routes of some answers, each once."""
    return list(dict.fromkeys(answer.operation.route for answer in shown))


def line_of(shown: Iterable[Answer]) -> str:
    """The line of a target file that declares some routes as missing."""
    return f"inapplicable: [{', '.join(routes_of(shown))}]"


def named(shown: Iterable[Answer]) -> str:
    """The first few routes of some answers, in brackets; empty if there are none."""
    routes = routes_of(shown)
    return f" ({few(routes)})" if routes else ""


def few(routes: Sequence[str]) -> str:
    """The first few of some routes, each cut to a length: the target may choose them."""
    shown = [cut(route, LONGEST) for route in routes[:FEW]]
    if len(routes) > FEW:
        shown.append("...")
    return ", ".join(shown)
