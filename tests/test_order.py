"""The order by value: what a budget and a quick run choose, and cases that are cut short."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from functools import cache

import pytest

from conformance.base.options import Choice, Depth
from conformance.judging.coverage import CUT_SHORT, DONE
from conformance.model import Level, Run, Verdict
from conformance.plan import values
from conformance.plan.build import Plan
from conformance.plan.order import CUTS, QUICK, cut, ordered
from conformance.plan.selection import FEW, LATER, _cost, _feeding, _least, _runnable, affordable
from conformance.report import curve
from conformance.run.planning import Prepared, prepare
from conformance.run.session import Session
from conformance.server import Application, application
from tests import curve as measuring
from tests import learning, shown
from tests import values as command
from tests.faults import harness
from tests.faults.faults import FAULTS
from tests.faults.rows import BLAMED
from tests.support.contracts import real
from tests.support.inprocess import execute
from tests.support.wsgi import WsgiWire


def prepared(**chosen: object) -> Prepared:
    """The plan of a run against the reference server."""
    aimed_at = harness.target_of(real(), application(real()), "http://127.0.0.1:1", {})
    return prepare(real(), aimed_at, replace(Choice(), **chosen))  # type: ignore[arg-type]


@cache
def whole() -> Plan:
    """The plan of a full run."""
    return prepared().plan


def kept(plan: Plan) -> dict[str, int]:
    """Where each case that runs is cut short; a number beyond all others if it is not."""
    return {case.id: case.at_most or 10**6 for case in plan.runnable}


@pytest.mark.parametrize(("fewer", "more"), [(50, 100), (320, 400), (400, 401), (1000, 4000)])
def test_a_larger_budget_adds_to_a_smaller_one(fewer: int, more: int) -> None:
    """It has every case of the smaller one, and cuts none shorter."""
    small, large = (kept(affordable(whole(), real(), budget)) for budget in (fewer, more))
    assert small
    assert all(large[case] >= number for case, number in small.items())


def test_a_quick_run_is_the_beginning_of_the_order() -> None:
    """It chooses the same as a budget of as many requests, in the sequence of the plan."""
    quick, within = prepared(depth="quick").chosen, prepared(budget=QUICK).chosen
    assert kept(quick) == kept(within)
    places = {case.id: place for place, case in enumerate(whole().cases)}
    assert [places[each.id] for each in quick.cases] == sorted(places[c.id] for c in quick.cases)
    assert sum(quick.requests().values()) <= QUICK


@pytest.mark.parametrize(("budget", "most"), [(QUICK, FEW), (LATER, LATER)])
def test_must_clauses_are_judged_in_time(budget: int, most: int) -> None:
    """Those that need few requests are judged on one operation early, and all of them later."""
    few = affordable(whole(), real(), budget)
    done = {case.id for case in few.cases if not case.at_most}
    for clause in real().clauses.values():
        lists = _runnable(_feeding(whole(), clause))
        if clause.level is Level.MUST and lists and _cost(_least(lists, set()), set()) <= most:
            assert any({case.id for case in cases} <= done for cases in lists), clause.id


@pytest.mark.parametrize("chosen", [{"depth": "quick"}, {"budget": 150}, {"budget": 1000}])
def test_shards_have_the_cases_of_one_run_of_few_requests(chosen: dict[str, object]) -> None:
    """Together they have each of its cases once, cut short in the same place."""
    parts = [prepared(shard=f"{number}/3", **chosen).chosen for number in (1, 2, 3)]
    once = Counter(case.id for part in parts for case in part.runnable)
    assert set(once.values()) == {1}
    together = {name: most for part in parts for name, most in kept(part).items()}
    assert together == kept(prepared(**chosen).chosen)


def test_nothing_is_preferred_by_its_name() -> None:
    """Cases of which nothing is known have an ordinary value: some run early, and some late."""
    known = values.learnt()
    unknown = replace(known, scenarios=known.scenarios - {"work-with-options", "burst"}, kinds=())
    steps = list(ordered(whole(), real(), unknown, {}))
    places = [place for place, step in enumerate(steps) if step.case.startswith("burst[")]
    assert places
    assert places[0] < len(steps) - 1


def test_every_step_of_the_order_has_a_price() -> None:
    """All steps together are the whole plan, and each adds at least one request."""
    steps = list(ordered(whole(), real(), values.learnt(), {}))
    assert {step.case for step in steps if not step.at_most} == {c.id for c in whole().runnable}
    assert all(step.price >= 1 and step.at_most in (0, *CUTS) for step in steps)


HASHED = """
from tests.test_order import kept, prepared
print(sorted(kept(prepared(depth="quick").chosen).items()))
"""


def test_another_process_makes_the_same_order() -> None:
    """Whoever recomputes the plan of a stored run hashes texts otherwise."""
    again = [
        subprocess.check_output(
            [sys.executable, "-c", HASHED], env={**os.environ, "PYTHONHASHSEED": seed}, text=True
        )
        for seed in ("1", "2")
    ]
    assert again[0] == again[1]
    assert again[0].strip() == str(sorted(kept(prepared(depth="quick").chosen).items()))


# --- cases that are cut short ---


def ran(number: int, app: Application) -> tuple[Session, Run]:
    """A run of the cases of one list, each cut short, and what came of it."""
    aimed_at = harness.target_of(real(), app, "http://127.0.0.1:1", {})
    found = prepare(real(), aimed_at, Choice())
    cases = [case for case in found.plan.runnable if case.operation == "list_leads"]
    plan = Plan(tuple(cut(case, number if number < case.cost else 0) for case in cases))
    session = Session(replace(found, plan=plan, chosen=plan), WsgiWire(app), sleep=lambda _: None)
    return session, execute(session)


def test_a_case_that_is_cut_short_stops_and_accuses_nobody() -> None:
    """It sends no more of its own. Its findings would count, but its cells do not pass."""
    session, run = ran(2, application(real()))
    short = [case for case in run.cases if session.log.ends[case.id] == CUT_SHORT]
    assert short
    for case in short:
        sent = [each for each in run.exchanges if each.case == case.id and each.part is None]
        assert len(sent) == 2 or [each.operation for each in sent].index(case.operation) > 1
    assert not [cell for cell in run.cells if cell.verdict in (Verdict.FAILED, Verdict.WARNED)]
    walked = [cell for cell in run.cells if cell.clause == "paging-exclusive"]
    assert {cell.verdict for cell in walked} == {Verdict.UNTESTED}


def test_a_case_that_looks_bad_when_it_is_cut_short_is_repeated_to_its_end() -> None:
    """Only the whole case is judged, because a part may look as if the rest were missing."""
    session, run = ran(4, FAULTS["all-for-no-match"].make(real()))
    name = "filtered-walk[list_leads-email]"
    attempts = {exchange.attempt for exchange in run.exchanges if exchange.case == name}
    assert attempts == {1, 2}
    assert session.log.ends[name] == DONE
    failed = [cell for cell in run.cells if cell.verdict is Verdict.FAILED]
    assert failed
    shown = {number for cell in failed for each in cell.findings for number in each.exchanges}
    assert {each.attempt for each in run.exchanges if each.id in shown and each.case == name} == {2}


@pytest.mark.parametrize("budget", [60, 150, 250, 400])
def test_a_run_of_few_requests_stays_within_its_budget(budget: int) -> None:
    """Every case ends as planned, each reaches its operation, and nobody is accused."""
    app = application(real())
    found = prepare(
        real(), harness.target_of(real(), app, "http://127.0.0.1:1", {}), Choice(budget=budget)
    )
    session = Session(found, WsgiWire(app), sleep=lambda _: None)
    run = execute(session, found.chosen.runnable)
    assert len(run.exchanges) <= budget
    assert set(session.log.ends.values()) == {DONE, CUT_SHORT}
    asked = {(each.case, each.operation) for each in run.exchanges}
    assert {(each.id, each.operation) for each in found.chosen.runnable if each.at_most} <= asked
    assert not [cell for cell in run.cells if cell.verdict in BLAMED]


# --- the curve ---


def test_the_curve_grows() -> None:
    """More requests show more, up to everything."""
    shares = [curve.share_at(number) for number in (1, 100, 150, 400, 1000, 5000, 10**6)]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_a_plan_says_where_it_stands() -> None:
    """The line has the requests of the run, and the share of faults that they show."""
    assert "about 0%" not in curve.standing(QUICK)
    assert f"{QUICK} requests" in curve.standing(QUICK)
    assert Depth.QUICK.of_cases is Depth.FULL


def test_what_is_stored_is_fresh() -> None:
    """The values, the curve and its picture are what the stored sightings teach.

    ``python -m tests.values`` writes them.
    """
    sightings, plan = shown.stored(), command.plan()
    assert values.DATA.read_text(encoding="utf-8") == command.text(learning.learnt(plan, sightings))
    assert curve.stored() == measuring.measured(plan, sightings)
    assert measuring.PICTURE.read_text(encoding="utf-8") == measuring.svg(curve.stored())
