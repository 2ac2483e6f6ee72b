"""What a single reading key shows of a server, with and without the id of another business."""

from __future__ import annotations

from functools import cached_property

import pytest

from conformance.model import Run, Verdict
from conformance.server import Application, application, declaration
from conformance.server.messages import Context, Reply
from conformance.server.store import Page, Row
from tests.faults import harness
from tests.faults.base import Faulty, is_for
from tests.faults.tenants.lists import ForeignBusinessListed
from tests.support.contracts import real

EXTRAS = ("scoped_keys", "triggers", "clock", "addresses")


def run(kind: type[Application], clause: str, operation: str) -> Run:
    """A run of one cell, and of a plain read of its operation, by a read-only key alone."""
    app = application(real(), kind=kind)
    keys = declaration(app, "http://127.0.0.1")["keys"]
    alone = {"keys": {"full": keys["read_only"]}, "allow": ["read"]}
    aim = harness.Aim((clause,), ("plain-read",), (operation,))
    fewer = {**dict.fromkeys(EXTRAS), **alone}
    return harness.run(real(), app, aim=aim, changes=fewer)


def verdict(found: Run, name: str) -> Verdict:
    """The verdict of a cell."""
    return next(cell.verdict for cell in found.cells if cell.name == name)


@pytest.mark.parametrize(
    ("kind", "expected"), [(Application, Verdict.PASSED), (ForeignBusinessListed, Verdict.FAILED)]
)
def test_the_id_of_another_business_is_enough_to_ask_for_it(
    kind: type[Application], expected: Verdict
) -> None:
    """A list that is asked for another business is judged without a key of that business."""
    found = run(kind, "business-filter", "list_webhooks")
    assert verdict(found, "business-filter[list_webhooks]") is expected
    assert {exchange.identity for exchange in found.exchanges} <= {"full", None}


class AllBusinessesCounted(Faulty):
    """read_analytics_businesses counts the businesses of others, too."""

    def act(self, context: Context) -> Reply:
        reply = super().act(context)
        if is_for(context, "read_analytics_businesses"):
            everyone = declaration(self, "")["businesses"]
            return Reply(200, {"businesses": [{"id": name} for name in everyone.values()]})
        return reply


@pytest.mark.parametrize(
    ("kind", "expected"), [(Application, Verdict.PASSED), (AllBusinessesCounted, Verdict.FAILED)]
)
def test_a_report_must_not_name_the_other_business(
    kind: type[Application], expected: Verdict
) -> None:
    """A report is looked through for the id of another business, whose key nobody gave."""
    found = run(kind, "business-figures", "read_analytics_businesses")
    assert verdict(found, "business-figures[read_analytics_businesses]") is expected


class WeekFails(Faulty):
    """read_analytics_calls returns 500 for figures by week."""

    def act(self, context: Context) -> Reply:
        if is_for(context, "read_analytics_calls") and context.values.get("group_by") == "week":
            raise ZeroDivisionError
        return super().act(context)


def test_reports_are_narrowed_without_an_empty_business() -> None:
    """The main key asks for what narrows a report, where no key of an empty business does."""
    found = run(WeekFails, "business-figures", "read_analytics_calls")
    broken = {cell.name for cell in found.cells if cell.verdict is Verdict.FAILED}
    assert broken == {"status-no-5xx-for-mistakes[read_analytics_calls]"}


class ScorelessLost(Faulty):
    """read_lead shows the newest lead in place of one without a score, which there is one of."""

    @cached_property
    def scoreless(self) -> str:
        """The id of the lead whose score was taken away."""
        row = self.store.page(Page("lead", self.main_tenant(), 9))[-1]
        self.store.change(row, {"score": None})
        return row.id

    def selected(self, context: Context) -> Row:
        row = super().selected(context)
        if is_for(context, "read_lead") and row.id == self.scoreless:
            return self.store.page(Page("lead", self.main_tenant(), 1))[0]
        return row

    def act(self, context: Context) -> Reply:
        assert self.scoreless
        return super().act(context)


def test_an_object_is_read_that_lacks_what_others_show() -> None:
    """A read by one key finds the object that a join loses."""
    found = run(ScorelessLost, "read-resource", "read_lead")
    assert verdict(found, "read-resource[read_lead]") is Verdict.FAILED
