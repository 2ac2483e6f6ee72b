"""A target that is down: the run ends early, names the one cause, and blames no clause for it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from itertools import count, islice

import pytest

from conformance.base.options import Choice
from conformance.model import Request, Run, Verdict
from conformance.run.planning import Prepared
from conformance.run.session import Session
from conformance.server.application import Application, application
from conformance.transport.wire import Loss, Wire, WireFailure, WireRequest, WireResponse
from tests.faults import harness
from tests.support.contracts import embedded, real
from tests.support.inprocess import execute
from tests.support.wsgi import WsgiWire

AFTER = 60
"""Requests that are answered rightly before the target is out."""
CASES = 80
"""Cases that are run; they send some hundred requests."""

Spoil = Callable[[WireRequest, WireResponse], WireResponse]


def _limited(_request: WireRequest, _answer: WireResponse) -> WireResponse:
    body = b'{"error": {"code": "rate_limit_exceeded", "message": "Later."}}'
    headers = (("Content-Type", "application/json"), ("Retry-After", "999999999"))
    return WireResponse(429, headers, body)


def _page(_request: WireRequest, _answer: WireResponse) -> WireResponse:
    return WireResponse(200, (("Content-Type", "text/html"),), b"<h1>Back soon</h1>")


def _gateway(_request: WireRequest, _answer: WireResponse) -> WireResponse:
    return WireResponse(502, (("Content-Type", "text/html"),), b"<h1>Bad gateway</h1>")


def _dead_key(request: WireRequest, answer: WireResponse) -> WireResponse:
    if dict(request.headers).get("Authorization") != f"Bearer {embedded().keys['full']}":
        return answer
    body = b'{"error": {"code": "unauthorized", "message": "Invalid or expired API key"}}'
    return WireResponse(401, (("Content-Type", "application/json"),), body)


def _lost(loss: Loss) -> Spoil:
    def spoil(_request: WireRequest, _answer: WireResponse) -> WireResponse:
        raise WireFailure("it is lost", loss)

    return spoil


OUT: dict[str, tuple[Spoil, str]] = {
    "429 for everything": (_limited, "returns 429 for every request"),
    "a page for everything": (_page, "returns an HTML page for every request"),
    "a gateway without a server": (_gateway, "a proxy in front of it responds"),
    "a key that died": (_dead_key, "refuses the main key"),
    "silence": (_lost(Loss.SILENT), "no longer responds"),
    "closed connections": (_lost(Loss.CLOSED), "closes every connection"),
    "no HTTP": (_lost(Loss.FOREIGN), "responds with something that is not HTTP"),
    "no server": (_lost(Loss.UNREACHABLE), "The target is gone: no server has answered at"),
}


class Failing:
    """A wire to a right server that is out from a request on, for ``long`` requests."""

    def __init__(self, wire: Wire, spoil: Spoil, long: int = 1_000_000, after: int = AFTER) -> None:
        self._wire = wire
        self._spoil = spoil
        self._after = after
        self._until = after + long
        self.sent = 0

    def send(self, request: WireRequest) -> WireResponse:
        """The right answer, or the spoilt one."""
        self.sent += 1
        answer = self._wire.send(request)
        return self._spoil(request, answer) if self._after < self.sent <= self._until else answer


def prepared() -> tuple[Prepared, Application]:
    """The plan for a right server of this process."""
    app = application(real())
    target = harness.target_of(real(), app, "http://127.0.0.1:1", {})
    return harness.prepared(real(), target, Choice()), app


def ran(
    spoil: Spoil, long: int = 1_000_000, after: int = AFTER, scenarios: Collection[str] = ()
) -> tuple[Run, int]:
    """A run of some cases, all or those of some scenarios, and how many requests it sent."""
    plan, app = prepared()
    wire = Failing(WsgiWire(app), spoil, long, after)
    session = Session(plan, wire, sleep=lambda _seconds: None)
    wanted = (case for case in plan.plan.runnable if not scenarios or case.scenario in scenarios)
    cases = list(islice(wanted, CASES))
    session.selected = frozenset(case.id for case in cases)
    run = execute(session, cases)
    app.store.close()
    return run, wire.sent


def test_silence_is_noticed_within_one_case() -> None:
    """Each request without an answer takes its whole time, so a few of one list are enough."""
    run, sent = ran(_lost(Loss.SILENT), after=150, scenarios=("plain-read", "walk"))
    assert run.incomplete is not None
    silent = {each.case for each in run.exchanges if each.response is None}
    assert silent == {"walk[list_agents]", "look[api]"}
    assert sent <= 150 + 6


def test_one_silent_operation_is_no_outage() -> None:
    """However often it gives no answer: another operation still answers."""

    def spoil(request: WireRequest, answer: WireResponse) -> WireResponse:
        if "/calls" in request.url:
            raise WireFailure("no response within 2 s", Loss.SILENT)
        return answer

    run, _ = ran(spoil)
    assert run.incomplete is None


def test_a_few_operations_with_broken_responses_are_no_outage() -> None:
    """Whatever else the target serves is judged to the end."""

    def spoil(request: WireRequest, answer: WireResponse) -> WireResponse:
        if "/analytics/" in request.url:
            raise WireFailure("IncompleteRead: IncompleteRead(0 bytes read)", Loss.BROKEN)
        return answer

    run, _ = ran(spoil, after=0, scenarios=("plain-read",))
    assert run.incomplete is None
    broken = [cell for cell in run.cells if cell.findings]
    assert {finding.rule for cell in broken for finding in cell.findings} == {"transfer.whole"}


@pytest.mark.parametrize("name", OUT)
def test_a_run_ends_when_the_target_is_out(name: str) -> None:
    """Within a few requests, with the cause as the reason, and without a finding."""
    spoil, cause = OUT[name]
    with_main_key = ("plain-read", "walk") if spoil is _dead_key else ()
    run, sent = ran(spoil, scenarios=with_main_key)
    assert run.incomplete is not None
    assert cause in run.incomplete
    assert sent < AFTER + 40
    assert not [cell for cell in run.cells if cell.findings]
    assert run.exit_code == 3


@pytest.mark.parametrize("name", OUT)
@pytest.mark.parametrize("after", [20, 90])
def test_an_outage_among_reads_blames_no_clause(name: str, after: int) -> None:
    """Not even those requests that were sent twice count, the first time or the second."""
    run, _ = ran(OUT[name][0], after=after, scenarios=("plain-read", "walk"))
    assert run.incomplete is not None
    assert not [cell.name for cell in run.cells if cell.findings]


def test_the_rest_is_untested_for_the_cause() -> None:
    """A person reads at each cell why nothing was asked."""
    run, _ = ran(_limited)
    untested = [cell for cell in run.cells if cell.verdict is Verdict.UNTESTED]
    reasons = {reason.text for cell in untested for reason in cell.reasons}
    assert any("returns 429 for every request" in text for text in reasons)


@pytest.mark.parametrize("name", sorted(OUT.keys() - {"no server", "a gateway without a server"}))
def test_a_target_that_comes_back_is_judged_to_the_end(name: str) -> None:
    """A momentary failure is not an outage: the next look finds the target well."""
    run, _ = ran(OUT[name][0], long=1)
    assert run.incomplete is None


def test_a_restart_of_some_seconds_is_waited_for() -> None:
    """Requests that did not arrive are sent again, and nothing is missed."""
    run, _ = ran(_lost(Loss.UNREACHABLE), long=5)
    assert run.incomplete is None
    assert not [cell for cell in run.cells if cell.verdict in (Verdict.FAILED, Verdict.ERROR)]


NAMED = "repeated-creation[create_communication_run]"
"""The case that sends several requests under one name at the same time."""
WRITING = (
    "change-of-each-member",
    "deletion",
    "refused-creation",
    "refused-write",
    "repeated-creation",
    "update",
    "work-on-object",
)
"""Scenarios that send some writes more than once."""


@pytest.mark.parametrize("first", [0, 1, 2])
def test_a_write_whose_answer_was_lost_is_not_repeated(first: int) -> None:
    """Not even where a scenario sends a write twice: the first may have been carried out.

    Those that one case sends under one name at the same time are one: the target knows the name.
    """
    turns = count(first)

    def spoil(request: WireRequest, answer: WireResponse) -> WireResponse:
        if request.method != "GET" and answer.status < 300 and next(turns) % 3 == 0:
            raise WireFailure("it is lost", Loss.CLOSED)
        return answer

    run, _ = ran(spoil, after=0, scenarios=WRITING)
    assert run.incomplete is None
    lost: list[Request] = []
    for each in run.exchanges:
        is_one_of_several = each.case == NAMED and each.facts.step is None
        assert is_one_of_several or each.request not in lost
        if each.response is None:
            lost.append(each.request)
    assert len(lost) > 20


@pytest.mark.parametrize("last", [0, 1])
def test_a_key_that_dies_at_the_end_is_noticed(last: int) -> None:
    """The last requests, of this or another operation, were refused for it. It is not a finding."""
    plan, app = prepared()
    wire = Failing(WsgiWire(app), _dead_key)
    session = Session(plan, wire, sleep=lambda _seconds: None)
    cases = [case for case in plan.plan.runnable if case.scenario == "plain-read"][:2]
    session.selected = frozenset(case.id for case in cases)
    session.run_case(cases[0], judged=False)
    wire.sent = AFTER
    session.run_case(cases[last], judged=False)
    run = session.finish()
    assert run.incomplete is not None
    assert "refuses the main key" in run.incomplete
    assert not [cell for cell in run.cells if cell.findings]
