"""Mistakes in pages with one filter or limit, and mistakes in other pages of the same list."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.model import Cause
from conformance.server import application
from conformance.server.application import Application
from conformance.server.messages import Context
from conformance.server.store import Filter, Row
from tests.faults import harness
from tests.faults.base import is_for
from tests.faults.pages import NegativeLimitLifts
from tests.faults.shared import Filtered
from tests.support import contracts


def causes_of(kind: type[Application], operation: str) -> tuple[Cause, ...]:
    """The causes that a list of a server shows."""
    loaded = contracts.real()
    aim = harness.Aim(operations=(operation,), without=("generated", "sequence"))
    return harness.run(loaded, application(loaded, kind=kind), aim=aim).causes


class LosesSources(Filtered):
    """list_leads ignores a bound of zero, and applies source to the newest twenty leads only."""

    def kept_filters(self, context: Context, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        return tuple(each for each in filters if each.value != 0 or each.comparison == "=")

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        source = context.values.get("source")
        if source is None or not is_for(context, "list_leads"):
            return super().rows_of(context, limit)
        others = tuple(each for each in self.filters_of(context) if each.member != "source")
        rows = self.rows_by(context, 20, edge=self.edge_of(context), filters=others)
        return [row for row in rows if row.document.get("source") == source][: limit + 1]


def test_a_filter_that_is_ignored_does_not_explain_that_another_one_loses_items() -> None:
    """Each has a walk of its own."""
    titles = {cause.title for cause in causes_of(LosesSources, "list_leads")}
    assert titles == {
        "GET /leads ignores score_lte",
        "GET /leads filtered by source loses items",
    }


class PromisesMore(NegativeLimitLifts):
    """A negative limit lifts the maximum, and has_more is always true."""

    def has_more(self, rows: Sequence[Row], limit: int) -> bool:
        return True


def test_a_limit_below_zero_does_not_explain_the_last_page() -> None:
    """Other pages keep their maximum."""
    titles = {cause.title for cause in causes_of(PromisesMore, "list_communication_jobs")}
    assert titles == {
        "GET /communication-jobs exceeds its maximum",
        '"has_more" is true although nothing follows',
    }
