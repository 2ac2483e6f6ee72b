"""Lists that misread timestamps with a UTC offset: one cause, whatever rule they break."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from conformance.base.values import rendered
from conformance.model import Cause, Parameter, Run
from conformance.report.remarks import idle_filters
from conformance.server import application
from conformance.server.application import Application
from conformance.server.messages import Context
from conformance.server.moments import sort_key
from conformance.server.store import Filter
from tests.faults import harness
from tests.faults.base import Faulty
from tests.faults.faults import FAULTS
from tests.faults.walks.cursors import InclusiveCursorOfAgents, local_time
from tests.support import contracts

MISREAD = "Timestamps with a UTC offset are misread"


def run_of(kind: type[Application], *operations: str) -> Run:
    """A run of some lists of a server."""
    loaded = contracts.real()
    aim = harness.Aim(operations=operations, without=("odd-request", "generated", "sequence"))
    return harness.run(loaded, application(loaded, kind=kind), aim=aim)


def causes_of(kind: type[Application], *operations: str) -> tuple[Cause, ...]:
    """The causes that some lists of a server show."""
    return run_of(kind, *operations).causes


class OffsetsTurnedAround(Faulty):
    """The offset of each timestamp in a query has the wrong sign."""

    def edge_of(self, context: Context) -> str | None:
        edge = super().edge_of(context)
        moment, minutes = local_time(str(context.values.get("after", "")))
        return sort_key(moment + 60 * minutes) if edge and minutes else edge

    def filter_of(self, parameter: Parameter, value: Any) -> Filter:
        moment, minutes = local_time(str(value)) if parameter.compare else (Fraction(0), 0)
        turned = rendered(moment + 60 * minutes) if minutes else value
        return super().filter_of(parameter, turned)


class AlsoInclusive(OffsetsTurnedAround, InclusiveCursorOfAgents):
    """The same, and list_agents repeats the item of each cursor."""

    def edge_of(self, context: Context) -> str | None:
        edge = OffsetsTurnedAround.edge_of(self, context)
        is_own = context.operation.id == "list_agents"
        return InclusiveCursorOfAgents.edge_of(self, context) if is_own else edge


def test_cursors_and_bounds_share_one_cause() -> None:
    """However many lists misread them."""
    run = run_of(OffsetsTurnedAround, "list_leads", "list_evals", "list_events")
    (cause,) = run.causes
    assert cause.title == MISREAD
    assert "paging-filter-kept" in cause.clauses
    assert idle_filters(run) == []  # no advice to declare the bounds absent
    assert len({cell.partition("[")[2] for cell in cause.cells}) == 3


def test_a_list_that_repeats_items_for_any_cursor_is_another_cause() -> None:
    """Its findings on cursors with an offset do not prove that it misreads them."""
    titles = {cause.title for cause in causes_of(AlsoInclusive, "list_agents", "list_evals")}
    assert titles == {
        "GET /evals misreads timestamps with a UTC offset",
        "Paging repeats items of GET /agents",
    }


@pytest.mark.parametrize("name", ["inclusive-cursor", "whole-seconds-rounded-up"])
def test_a_list_that_fails_in_utc_does_not_misread_offsets(name: str) -> None:
    """It fails with an offset, too."""
    causes = causes_of(FAULTS[name].kind, "list_leads", "list_agents")
    assert causes
    assert not [cause for cause in causes if "offset" in cause.title]
