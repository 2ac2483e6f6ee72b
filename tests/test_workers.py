"""Cases that overlap: the same requests, log and verdicts as one case after another."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from io import StringIO
from typing import Any

import pytest

from conformance.base.errors import Unjudgeable
from conformance.base.options import Choice, Depth
from conformance.model import Case, Effect, Exchange
from conformance.run import prefetch
from conformance.run.lanes import Lane, lanes
from conformance.run.planning import prepare
from conformance.run.prefetch import Ahead, Stopped
from conformance.run.progress import TimeLeft
from conformance.run.session import Session
from conformance.server.application import Application, application
from conformance.server.messages import Reply, Request
from conformance.transport.carrier import Arrival
from conformance.transport.http import HttpWire
from conformance.transport.journal import Sent, Sink
from conformance.transport.wire import WireResponse
from tests import golden
from tests.faults.faults import FAULTS
from tests.faults.harness import target_of
from tests.servers import Remembering, faulty, serving
from tests.support import contracts
from tests.support.inprocess import execute
from tests.support.wsgi import WsgiWire
from tests.thirty import THIRTY
from tests.variants.walks import WritesMakeOthers

LOST: dict[str, Any] = {"allow": ["read"]}
"""What a target file says that allows to read alone."""


def log_of(app: Application, workers: int, choice: Choice) -> str:
    """The log of a run against an application of this process."""
    contract = app.contract
    target = target_of(contract, app, "http://127.0.0.1:1", {})
    stream = StringIO()
    wire = WsgiWire(app)
    prepared = prepare(contract, target, choice)
    session = Session(prepared, wire, stream, workers=workers, sleep=lambda _seconds: None)
    execute(session, prepared.chosen.runnable)
    return stream.getvalue()


def told(log: str) -> tuple[list[str], list[str]]:
    """The requests of a log in their order, and its verdicts and findings."""
    verdicts = [line.partition(", on ")[0] for line in golden.judged("real", log.splitlines())]
    return list(golden.sent(log.splitlines())), verdicts


@pytest.mark.long
@pytest.mark.parametrize(("seed", "budget"), [*((seed, 0) for seed in range(5)), (5, 150)])
def test_a_quick_run_logs_the_same_however_many_cases_overlap(seed: int, budget: int) -> None:
    """Requests, labels, order and verdicts are those of a run of one case after another."""
    choice = Choice(seed=seed, depth=Depth.QUICK, budget=budget)
    logs = [log_of(faulty(seed=seed), workers, choice) for workers in (1, 3 if seed else 16)]
    alone, overlapping = [told(log) for log in logs]
    assert alone == overlapping


@pytest.mark.long
def test_a_full_run_with_threads_sends_the_frozen_requests() -> None:
    """The golden requests were sent without threads."""
    log = log_of(faulty(), 16, Choice())
    assert list(golden.sent(log.splitlines())) == golden.frozen("real", "requests.txt")


@pytest.mark.long
def test_a_broken_target_gets_the_same_verdicts_with_threads() -> None:
    """Many faults at once: neither what fails nor what was sent depends on threads."""
    names = set(THIRTY) - {"cursor-of-agents-in-seconds"}  # two items of one second are a chance
    kind = type("Broken", tuple(FAULTS[name].kind for name in THIRTY if name in names), {})
    choice = Choice(depth=Depth.QUICK)
    apps = [application(contracts.real(), kind=kind) for _ in range(2)]
    alone, overlapping = (
        told(log_of(app, workers, choice)) for app, workers in zip(apps, (1, 16), strict=True)
    )
    assert alone == overlapping
    assert any(line.endswith("failed") for line in alone[1])


def test_a_run_that_may_only_read_sends_no_write_with_threads() -> None:
    """The log of the server shows it: nothing but reads, and at most twenty dead keys."""
    app = faulty(Remembering)
    assert isinstance(app, Remembering)
    with serving(app) as origin:
        target = target_of(app.contract, app, origin, LOST)
        prepared = prepare(app.contract, target, Choice(depth=Depth.QUICK))
        execute(Session(prepared, HttpWire(15.0), workers=16), prepared.chosen.runnable)
    assert len(app.asked) > 150
    assert {request.method for request in app.asked} == {"GET"}


@pytest.mark.long
def test_a_write_that_makes_objects_of_other_kinds_is_blamed_for_nothing() -> None:
    """They appear while other cases write and look: a run of calls places calls."""
    app = faulty(WritesMakeOthers)
    target = target_of(app.contract, app, "http://127.0.0.1:1", {})
    prepared = prepare(app.contract, target, Choice(areas=("writes", "walks")))
    session = Session(prepared, WsgiWire(app), workers=8, sleep=lambda _seconds: None)
    run = execute(session, prepared.chosen.runnable)
    assert [cell.name for cell in run.cells if cell.findings] == []


class Counting(Application):
    """Counts the requests that are under way when each begins."""

    now = 0

    @cached_property
    def under_way(self) -> list[int]:
        """How many were under way with each request, that one counted."""
        return []

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        """The answer, a moment later."""
        with self.store.lock:
            self.now += 1
            self.under_way.append(self.now)
        time.sleep(0.005)
        try:
            return self.late(request)
        finally:
            with self.store.lock:
                self.now -= 1

    def late(self, request: Request) -> tuple[Reply, bytes]:
        """The answer itself."""
        return super().answer(request)


class Overloaded(Counting):
    """Answers 503 to everything after a while."""

    def late(self, request: Request) -> tuple[Reply, bytes]:
        """The answer, or that nobody has time."""
        if len(self.under_way) > 200:
            return Reply(503, {"error": {"code": "x", "message": "Later."}}), b"{}"
        return super().late(request)


def test_cases_overlap() -> None:
    """Several requests are under way at the same time."""
    app = faulty(Counting)
    log_of(app, 8, Choice(depth=Depth.QUICK))
    assert isinstance(app, Counting)
    assert max(app.under_way) > 3


def test_a_target_in_trouble_is_asked_one_request_at_a_time() -> None:
    """What is under way when it begins may end; then one request follows the other."""
    app = faulty(Overloaded)
    log_of(app, 8, Choice(areas=("walks",)))
    assert isinstance(app, Overloaded)
    assert len(app.under_way) > 230
    assert max(app.under_way[230:]) <= 2  # one, and a look whether the target is out


# --- which cases overlap --------------------------------------------------------------------------


def test_what_writes_objects_of_one_kind_never_overlaps() -> None:
    """Nor does anything overlap a rate limit, or a write a read."""
    contract = contracts.real()
    plan = prepare(contract, contracts.embedded(), Choice()).plan
    of = lanes(contract, plan.cases)
    for case in plan.cases:
        if case.effect in (Effect.WRITE, Effect.SPEND):
            assert not of[case.id].may_overlap(of[case.id]), case.id
            assert not of[case.id].may_overlap(of["walk[list_calls]"]), case.id
        if case.scenario == "rate-limit":
            assert not of[case.id].may_overlap(of["refused-key[list_calls]"]), case.id
    assert of["walk[list_calls]"].may_overlap(of["walk[list_leads]"])
    assert of["update[update_agent]"].may_overlap(of["update[update_webhook]"])
    assert not of["creation[create_agent]"].may_overlap(of["creation[assign_phone_number]"])
    assert of["creation[create_lead]"].may_overlap(of["creation[assign_phone_number]"])
    assert not of["walk[list_calls]"].may_overlap(of["refused-key[list_calls]"])


# --- ends -----------------------------------------------------------------------------------------


def cases(count: int) -> list[Case]:
    """Some cases that read."""
    return [Case(f"case[{n}]", "case", "list_calls", "", (), Effect.READ) for n in range(count)]


def early(attempt: Any, count: int = 6, workers: int = 3) -> Ahead:
    """Threads for cases that only read."""
    free = Lane("reads")
    return Ahead(cases(count), {case.id: free for case in cases(count)}, attempt, workers)


def sent(case: Case) -> Sent:
    """Something that a case has sent."""
    exchange = replace(_some_exchange(), case=case.id)
    arrival = Arrival(WireResponse(200, (), b"{}"), 1.0)
    return Sent(None, exchange, arrival, 0, lambda: exchange)  # type: ignore[arg-type]  # not looked at


def _some_exchange() -> Exchange:
    log = golden.run("toy").splitlines()
    from conformance.log import evidence

    return evidence.parse(log, "toy").exchanges[0]


@pytest.mark.long
def test_a_thread_that_dies_is_told_and_loses_nothing_else() -> None:
    """Its case has no result; those before it and after it have theirs."""

    def attempt(case: Case, sink: Sink) -> str:
        sink.log(sent(case))
        if case.id == "case[2]":
            raise SystemExit
        return "done"

    logged: list[Sent] = []
    running = early(attempt)
    for case in cases(6):
        if case.id == "case[2]":
            with pytest.raises(RuntimeError, match="a worker thread of the run died"):
                running.result(case, logged.append)
        else:
            assert running.result(case, logged.append) == "done"
    assert [each.exchange.case for each in logged] == [case.id for case in cases(6)]


def test_what_ends_a_case_is_raised_in_its_turn() -> None:
    """A target that is gone ends the run where the plan is, not before."""

    def attempt(case: Case, sink: Sink) -> str:
        if case.id == "case[1]":
            raise Unjudgeable("it is gone")
        return "done"

    running = early(attempt)
    assert running.result(cases(1)[0], lambda _sent: None) == "done"
    with pytest.raises(Unjudgeable):
        running.result(cases(2)[1], lambda _sent: None)


def test_a_run_that_was_stopped_sends_nothing_more_and_keeps_what_it_has() -> None:
    """What cases have sent before their turn is logged."""
    sent_so_far = threading.Event()

    def attempt(case: Case, sink: Sink) -> str:
        sink.log(sent(case))
        sent_so_far.set()
        time.sleep(0.05)
        sink.admit()
        return "not stopped"

    logged: list[Sent] = []
    running = early(attempt, count=1, workers=1)
    sent_so_far.wait()
    running.stop()
    running.log_rest(logged.append)
    assert len(logged) == 1


def test_no_more_is_held_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cases wait for their turn once the early ones hold as much as they may."""
    monkeypatch.setattr(prefetch, "HELD", 1)
    begun: list[str] = []

    def attempt(case: Case, sink: Sink) -> str:
        sink.admit()
        begun.append(case.id)
        sink.log(sent(case))
        return "done"

    running = early(attempt)
    time.sleep(0.1)
    assert len(begun) <= 3
    assert _results(running, cases(6)) == ["done"] * 6


def _results(running: Ahead, planned: Iterable[Case]) -> list[str]:
    return [running.result(case, lambda _sent: None) for case in planned]


def test_stopped_is_no_exception_that_a_scenario_catches() -> None:
    """Scenarios catch exceptions of every kind."""
    assert not issubclass(Stopped, Exception)


def test_the_time_left_counts_what_overlaps() -> None:
    """Reads overlap as often as there are workers, writes less, and some cases run alone.

    Too little work has an end that nobody knows.
    """
    reads, writes, alone = (
        Case(name, "walk", "list_calls", "", (), Effect.READ, cost=cost)
        for name, cost in (("reads", 400), ("writes", 100), ("alone", 50))
    )
    lane_of = {
        reads.id: Lane("phase 1", harmless=True),
        writes.id: Lane("writes", "call"),
        alone.id: Lane(None),
    }
    first = replace(reads, id="first", cost=20)
    lane_of[first.id] = lane_of[reads.id]
    left = TimeLeft((first, reads, writes, alone), lane_of, 4)
    left.add(first)
    assert left.words(60) == ""
    left.add(reads)
    assert left.words(120) == "about 2 min left"
    left.add(writes)
    assert left.words(60) == "about 20 s left"
