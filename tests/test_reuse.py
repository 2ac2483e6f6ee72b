"""Reuse: a run works on the objects of earlier runs, judges the same, and leaves little."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from conformance import __version__
from conformance.base.options import Choice
from conformance.certify.requests import Played, play_back
from conformance.log import convert
from conformance.model import Exchange, Facts, Reuse, Reused, Role, Run
from conformance.plan.leaves import expected
from conformance.plan.selection import affordable
from conformance.reading import answer_of, made_by
from conformance.run import preflight
from conformance.run.planning import Prepared, prepare
from conformance.run.reusing import still_there
from conformance.run.runfile import Opened
from conformance.run.session import Session
from conformance.scenarios.client.pool import ENOUGH, Pool, resetting
from conformance.server import Application
from tests.faults.harness import target_of
from tests.servers import faulty
from tests.support.contracts import real
from tests.support.wsgi import WsgiWire

RULES = {"update.read-back", "parameter.missing", "create.read-back"}
"""The rules of cases that change objects, and of some whose control is a creation."""


class Nights:
    """Runs against one server that keeps its data, each with the objects of those before."""

    def __init__(self, app: Application) -> None:
        self.app = app
        target = target_of(app.contract, app, "http://127.0.0.1:1", {})
        clauses = [c.id for c in app.contract.clauses.values() if RULES.intersection(c.rules)]
        self.prepared = prepare(app.contract, target, Choice(clauses=tuple(clauses)))
        self.runs: list[Run] = []

    def session(self, prepared: Prepared) -> Session:
        """A session against the server."""
        return Session(prepared, WsgiWire(self.app), sleep=lambda _seconds: None)

    def next(self, turns: Reuse | None = None) -> Run:
        """One more run."""
        found = still_there(self.session(self.prepared), self.runs[::-1])
        reuse = replace(turns or Reuse(), objects=found)
        prepared = replace(self.prepared, salt=f"night {len(self.runs)}", reuse=reuse)
        session = self.session(prepared)
        preflight.check(session)
        for case in prepared.chosen.runnable:
            session.run_case(case, judged=False)
        run = session.finish()
        self.runs.append(run)
        self.opened = _opened(prepared, session)
        return run


def _opened(prepared: Prepared, session: Session) -> Opened:
    """The run as it would be read from its files."""
    said = {
        "suite": {"version": __version__},
        "spec": {"digest": prepared.contract.digest},
        "finished": datetime.now(UTC).isoformat(),
    }
    began = prepared.begun(datetime.now(UTC), require_complete=False)
    return Opened(said, prepared.contract, began, None, session.log)


def left_by(run: Run) -> Counter[str]:
    """The number of agents and leads that a run created."""
    return Counter(each.kind for each in made_by(run.contract, run.exchanges))


def verdicts(run: Run) -> dict[str, str]:
    """The verdict of each cell, but for an operation whose rate limit outlasts a night."""
    cells = [cell for cell in run.cells if cell.operation != "sign_up"]
    return {cell.name: cell.verdict.value for cell in cells}


@pytest.fixture(scope="module")
def nights() -> Nights:
    """Three nights: two with every creation, and one without additional ones."""
    found = Nights(faulty())
    found.next()
    found.next()
    found.next(Reuse(turn=-1, turns=2))
    return found


@pytest.mark.long
def test_later_nights_use_the_objects_of_earlier_ones(nights: Nights) -> None:
    """No later night creates an object only to change it."""
    first, second, third = nights.runs
    changing = ("update[", "change-of-each-member[", "missing-parameter[update_")
    for run in (second, third):
        created = [
            each.case
            for each in run.exchanges
            if each.ok and each.operation in ("create_agent", "create_lead", "create_workspace")
        ]
        assert not [case for case in created if case.startswith(changing)]
    assert left_by(first).total() > left_by(second).total() > left_by(third).total()


@pytest.mark.long
def test_verdicts_are_the_same_every_night(nights: Nights) -> None:
    """What is reused, and what one creation shows for several cases, changes no verdict."""
    first, second, third = (verdicts(run) for run in nights.runs)
    assert first == second == third
    assert "failed" not in first.values()


@pytest.mark.long
def test_reused_objects_end_with_a_mark_of_the_night(nights: Nights) -> None:
    """After its last night, each object can be reused again, whatever odd values it had stored."""
    last = nights.runs[-1]
    assert last.reuse is not None
    again = still_there(nights.session(nights.prepared), [last])
    counts, before = (Counter(o.kind for o in each) for each in (again, last.reuse.objects))
    assert counts >= before


@pytest.mark.long
def test_a_claimed_object_is_not_reused(nights: Nights) -> None:
    """A forged run cannot make anything be changed: the target does not show its mark there."""
    last = nights.runs[-1]
    assert last.reuse is not None
    session = nights.session(nights.prepared)
    own = {each.id for run in nights.runs for each in made_by(run.contract, run.exchanges)}
    answers = [answer_of(last.contract, each) for each in nights.runs[0].exchanges]
    rows = [row for each in answers if each and each.operation.kind == "agent" for row in each.rows]
    foreign = next(row["id"] for row in rows if row["id"] not in own)
    now = datetime.now(UTC).isoformat()
    forged = replace(last, reuse=Reuse((Reused("agent", foreign, "full", now),)))
    found = still_there(session, [forged])
    assert foreign not in {each.id for each in found}


@pytest.mark.long
def test_requests_follow_from_the_stored_objects(nights: Nights) -> None:
    """Playing back a run with reuse makes the same requests, and other objects make others."""
    assert _played(nights).mismatches == ()
    reuse = nights.opened.began.reuse
    assert reuse is not None
    assert _played(nights, replace(reuse, objects=reuse.objects[:-1])).mismatches


def _played(nights: Nights, reuse: Reuse | None = None) -> Played:
    """What playing back the last night shows, if its run.json has certain objects."""
    opened = nights.opened
    known = opened.began.reuse if reuse is None else reuse
    return play_back(replace(opened, began=replace(opened.began, reuse=known)))


def test_reuse_is_read_back_from_run_json() -> None:
    """The objects survive being stored."""
    reuse = Reuse((Reused("agent", "a1", "full", "2026-11-01T00:00:00Z"),), turn=2, turns=7)
    assert convert.from_json(convert.to_json(reuse), Reuse) == reuse


# --- the pool -------------------------------------------------------------------------------------


def test_objects_take_turns() -> None:
    """Each object comes up before one comes up again, and those held by others are left out."""
    pool = Pool({})
    for name in "abcd":
        pool.add("agent", name)
    assert [pool.next("agent", ()) for _ in range(5)] == ["a", "b", "c", "d", "a"]
    assert pool.next("agent", ("b",)) == "d"


def test_too_few_objects_need_a_new_one() -> None:
    """A case that needs several objects gets different ones."""
    pool = Pool({"agent": ["a", "b", "c"]})
    assert pool.next("agent", ("a",)) is None
    assert len("abc") == ENOUGH


def test_other_kinds_name_an_object_of_their_own() -> None:
    """The oldest of enough objects is for cases of other kinds, which may overlap."""
    pool = Pool({"agent": ["a", "b", "c", "d"]})
    assert pool.linked == {"agent": "a"}
    assert "a" not in {pool.next("agent", ()) for _ in range(8)}


@pytest.mark.parametrize(
    ("kind", "change"),
    [("agent", "update_agent"), ("lead", "update_lead"), ("webhook", None), ("call", None)],
)
def test_only_what_can_be_changed_and_not_deleted_is_reused(kind: str, change: str | None) -> None:
    """What can be deleted is deleted, and what cannot be changed has no use."""
    found = resetting(real(), kind)
    assert (found and found.id) == change


# --- what a plan says -----------------------------------------------------------------------------


@pytest.mark.long
def test_plan_says_what_is_left(nights: Nights) -> None:
    """Reuse leaves less, more turns leave still less, and a part of the plan leaves less, too."""
    cases = nights.prepared.plan.runnable
    new = expected(cases, reuse=False)
    reused = expected(cases, reuse=True)
    spread = expected(cases, reuse=True, turns=30)
    assert new.objects["agent"] > reused.objects["agent"] > spread.objects["agent"]
    assert new.spent["create_call"] > reused.spent["create_call"] > spread.spent["create_call"]
    chosen = affordable(nights.prepared.plan, nights.prepared.contract, 500)
    few = expected(chosen.runnable, reuse=False)
    assert few.objects.get("agent", 0) < new.objects["agent"]


@pytest.mark.long
def test_stored_numbers_name_cases_of_the_plan(nights: Nights) -> None:
    """No number is that of a case that is no more. `python -m tests.leaves` measures them again."""
    from conformance.plan import leaves

    known = {case.id for case in nights.prepared.plan.cases}
    assert set(leaves._measured()) <= known


def _served(exchange: Exchange) -> tuple[str, ...]:
    return exchange.facts.serves


@pytest.mark.long
def test_one_creation_serves_several_refusals(nights: Nights) -> None:
    """The refusals of a night send no control of their own, and share a later one."""
    second = nights.runs[1]
    serving = [each for each in second.exchanges if _served(each) and each.ok]
    served = {case for each in serving for case in _served(each)}
    assert "missing-parameter[create_agent-name]" in served
    own = [e for e in second.exchanges if e.case.startswith("missing-parameter[create_agent")]
    assert own
    assert not [each for each in own if each.role is Role.CONTROL]


def test_serving_is_read_back_from_the_log() -> None:
    """The label survives being logged."""
    facts = Facts(serves=("a[b]", "c[d]"))
    read: Any = Facts.of(facts.to_json())
    assert read == facts
