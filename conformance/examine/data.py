"""Examines the lists of a target, and which routes it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from conformance.base.text import amount
from conformance.examine.survey import Survey, looked_at, undecided
from conformance.model import Operation, Remark
from conformance.model.routes import NO_SUCH_ROUTE, advice_on, counted, few, lacked
from conformance.reading import Answer

UNFOUND = (400, *NO_SUCH_ROUTE)
"""Statuses with which a server shows that it lacks the operation that reads an object."""
ENOUGH = 3
"""Items that a list needs so that a page can end between two of them."""


def answers(survey: Survey, operations: Iterable[Operation]) -> Iterator[Answer]:
    """The responses to some reads with the main key; each is sent only when its turn comes."""
    return (survey.ask(operation.id) for operation in operations)


def offered_lists(survey: Survey) -> list[Operation]:
    """The lists among the offered reads."""
    return [operation for operation in survey.offered if operation.paging]


def shown_lists(survey: Survey) -> list[Answer]:
    """Request the first page of each offered list; returns those that show items."""
    return [page for page in answers(survey, offered_lists(survey)) if page.items is not None]


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
    """Check that the target has the routes of the operations that its file does not exclude."""
    shown = survey.routes(survey.checked)
    lost = [route for route, exists in shown.items() if exists is False]
    unknown = [route for route, exists in shown.items() if exists is None]
    could_check = len(unknown) < len(shown)
    if could_check:
        yield looked_at(
            "operations", lacked(lost, len(shown)), _sentence(advice_on(lost)), wrong=bool(lost)
        )
    if unknown or not shown:
        yield undecided("operations", counted(unknown, len(shown), "could not be checked"))


def objects(survey: Survey) -> Iterator[Remark]:
    """Check that single objects can be read, where a route exists and a list shows an object."""
    exists = survey.routes(survey.checked)
    sent = {}
    for operation in survey.single_reads:
        exchange = survey.read_listed(operation) if exists[operation.route] else None
        if exchange is not None:
            sent[operation.id] = exchange
    failed = [name for name, exchange in sent.items() if exchange.status in UNFOUND]
    if sent:
        seen = f"{len(failed)} of {amount(len(sent), 'read')} of listed objects fail"
        seen += f" ({few(failed)})" if failed else ""
        yield looked_at("operations", seen, _sentence(advice_on(failed)), wrong=bool(failed))


def inapplicable(survey: Survey) -> Iterator[Remark]:
    """Check that the target lacks the operations that its file declares inapplicable."""
    shown = survey.routes(survey.excluded)
    if not shown:
        return
    there = [route for route, exists in shown.items() if exists]
    seen = counted(there, len(shown), "that the target file declares absent exist on the target")
    fix = "Remove them from inapplicable:, or add them to only:, to have them judged."
    yield looked_at("operations", seen, fix, wrong=bool(there))


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}"


# --- words ----------------------------------------------------------------------------------------


def named(shown: Iterable[Answer]) -> str:
    """The first few routes of some responses, in parentheses; empty if there are none."""
    routes = dict.fromkeys(answer.operation.route for answer in shown)
    return f" ({few(routes)})" if routes else ""
