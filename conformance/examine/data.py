"""Examines, by plain reads, the data of a target and the operations that it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from conformance.base.values import cut
from conformance.examine.survey import Survey, looked_at, undecided
from conformance.model import Operation, Remark
from conformance.reading import Answer

ENOUGH = 3
"""Items that a list needs so that a page can end between two of them."""
FEW = 4
"""Maximum number of routes in a remark."""
LONGEST = 60
"""Maximum number of characters shown of a route."""
MISSING = (404, 405, 501)
"""Statuses that mean that an operation does not exist."""


def answers(survey: Survey, operations: Iterable[Operation]) -> Iterator[Answer]:
    """The responses to some reads with the main key, each sent lazily."""
    return (survey.ask(operation.id) for operation in operations)


def paged(survey: Survey) -> list[Operation]:
    """The lists among the offered reads."""
    return [operation for operation in survey.offered if operation.paging]


def shown_lists(survey: Survey) -> list[Answer]:
    """The first pages of the lists whose items are shown."""
    return [page for page in answers(survey, paged(survey)) if page.items is not None]


def missing(survey: Survey) -> list[Answer]:
    """The reads that the target lacks although its file does not declare that."""
    reads = answers(survey, survey.offered)
    return [read for read in reads if read.exchange.status in MISSING]


# --- remarks --------------------------------------------------------------------------------------


def lists(survey: Survey) -> Iterator[Remark]:
    """Check that the lists hold enough items for paging."""
    shown = shown_lists(survey)
    if not shown:
        yield undecided("lists", "no list could be read")
        return
    short = [page for page in shown if len(page.listed) < ENOUGH]
    seen = f"{len(short)} of {len(shown)} hold fewer than {ENOUGH} items{named(short)}"
    fix = "Create more items, so that paging can be judged."
    yield looked_at("lists", seen, fix, wrong=bool(short))


def operations(survey: Survey) -> Iterator[Remark]:
    """Check that the target has the operations that its file claims."""
    lost = missing(survey)
    seen = f"{len(lost)} of {len(survey.offered)} plain reads are missing{named(lost)}"
    fix = f"Declare them: {line_of(lost)}"
    yield looked_at("operations", seen, fix, wrong=bool(lost))


def inapplicable(survey: Survey) -> Iterator[Remark]:
    """Check that the target lacks the operations that its file declares inapplicable."""
    lacking = [read for read in survey.reads if survey.is_lacking(read)]
    if not lacking:
        return
    working = [answer for answer in answers(survey, lacking) if answer.ok]
    seen = f"{len(working)} of {len(lacking)} excluded plain reads work{named(working)}"
    fix = "Remove them from inapplicable:, or add them to only:, to have them judged."
    yield looked_at("operations", seen, fix, wrong=bool(working))


# --- words ----------------------------------------------------------------------------------------


def routes_of(shown: Iterable[Answer]) -> list[str]:
    """The routes of some responses, without duplicates."""
    return list(dict.fromkeys(answer.operation.route for answer in shown))


def line_of(shown: Iterable[Answer]) -> str:
    """The line of a target file that declares some routes as missing."""
    return f"inapplicable: [{', '.join(routes_of(shown))}]"


def named(shown: Iterable[Answer]) -> str:
    """The first few routes of some responses, in parentheses; empty if there are none."""
    routes = routes_of(shown)
    return f" ({few(routes)})" if routes else ""


def few(routes: Sequence[str]) -> str:
    """The first few routes, each truncated because the target may have chosen them."""
    shown = [cut(route, LONGEST) for route in routes[:FEW]]
    if len(routes) > FEW:
        shown.append("...")
    return ", ".join(shown)
