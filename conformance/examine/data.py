"""Examines the lists of a target, and which routes it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from conformance.examine.survey import Survey, looked_at, undecided
from conformance.model import Operation, Remark
from conformance.model.routes import advice_on, counted, few, lacked
from conformance.reading import Answer

ENOUGH = 3
"""Items that a list needs so that a page can end between two of them."""


def answers(survey: Survey, operations: Iterable[Operation]) -> Iterator[Answer]:
    """The responses to some reads with the main key, each sent lazily."""
    return (survey.ask(operation.id) for operation in operations)


def paged(survey: Survey) -> list[Operation]:
    """The lists among the offered reads."""
    return [operation for operation in survey.offered if operation.paging]


def shown_lists(survey: Survey) -> list[Answer]:
    """The first pages of the lists whose items are shown."""
    return [page for page in answers(survey, paged(survey)) if page.items is not None]


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
    shown = survey.routes(survey.checked)
    lost = [route for route, exists in shown.items() if exists is False]
    unknown = [route for route, exists in shown.items() if exists is None]
    if len(unknown) < len(shown):
        fix = advice_on(lost)
        fix = f"{fix[0].upper()}{fix[1:]}"
        yield looked_at("operations", lacked(lost, len(shown)), fix, wrong=bool(lost))
    if unknown or not shown:
        yield undecided("operations", counted(unknown, len(shown), "could not be checked"))


def inapplicable(survey: Survey) -> Iterator[Remark]:
    """Check that the target lacks the operations that its file declares inapplicable."""
    shown = survey.routes(survey.excluded)
    if not shown:
        return
    there = [route for route, exists in shown.items() if exists]
    seen = counted(there, len(shown), "that the target file excludes exist on the target")
    fix = "Remove them from inapplicable:, or add them to only:, to have them judged."
    yield looked_at("operations", seen, fix, wrong=bool(there))


# --- words ----------------------------------------------------------------------------------------


def named(shown: Iterable[Answer]) -> str:
    """The first few routes of some responses, in parentheses; empty if there are none."""
    routes = dict.fromkeys(answer.operation.route for answer in shown)
    return f" ({few(routes)})" if routes else ""
