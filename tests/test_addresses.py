"""Local addresses: a limit counts what each one has sent, in this run and in earlier ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from conformance.base.options import Choice
from conformance.model import Json, Rate, Run, Verdict
from conformance.run.planning import prepare
from conformance.run.session import Session
from conformance.server.application import Application
from conformance.transport.addresses import Addresses
from tests.faults.harness import target_of
from tests.servers import faulty
from tests.support.inprocess import execute
from tests.support.wsgi import WsgiWire

pytestmark = pytest.mark.long


def pool(count: int) -> tuple[str, ...]:
    """Some local addresses."""
    return tuple(f"127.0.0.{number}" for number in range(2, 2 + count))


def test_a_fresh_address_is_one_that_no_request_came_from() -> None:
    """No request came from it before or after, in any order."""
    addresses = Addresses(pool(16))
    turns = {addresses.current() for _ in range(200)}
    fresh = [addresses.fresh() for _ in range(9)]
    turns |= {addresses.current() for _ in range(200)}
    assert len(set(fresh)) == len(fresh)
    assert turns.isdisjoint(fresh)
    assert fresh[-1] is None


def test_two_addresses_give_one_fresh_one() -> None:
    """The other one is for everything else."""
    addresses = Addresses(pool(2))
    assert [addresses.fresh(), addresses.fresh()] == ["127.0.0.3", None]
    assert {addresses.current() for _ in range(20)} == {"127.0.0.2"}


def judged(
    app: Application,
    given: Sequence[str],
    clock: Json = None,
    wait: Callable[[float], None] = lambda _seconds: None,
) -> Run:
    """A run against a server whose clock only ``wait`` may move."""
    changes = {"addresses": list(given), "clock": clock}
    target = target_of(app.contract, app, "http://127.0.0.1:1", changes)
    choice = Choice(areas=("limits",), clauses=("status-201",))
    prepared = prepare(app.contract, target, choice)
    session = Session(prepared, WsgiWire(app), sleep=wait)
    return execute(session, prepared.chosen.runnable)


def test_a_clock_that_is_not_moved_blames_no_limit() -> None:
    """Where the target refuses to move its clock, what would come after the hour is not judged."""
    elsewhere = {"method": "POST", "path": "/no/such/clock", "member": "seconds"}
    app = faulty()
    for _ in range(2):
        run = judged(app, pool(16), elsewhere)
        assert {cell.verdict for cell in run.cells} == {Verdict.PASSED, Verdict.UNTESTED}
        (hour,) = [cell for cell in run.cells if cell.clause == "signup-hour"]
        assert "(clock: in the target file)" in " ".join(hour.why)


def test_runs_within_an_hour_do_not_blame_the_limit_that_the_first_one_used_up() -> None:
    """What an earlier run sent counts, too, and with few addresses much of a run counts."""
    for count in (2, 16):
        app = faulty()
        for _ in range(3):
            run = judged(app, pool(count))
            failed = [cell.name for cell in run.cells if cell.verdict is Verdict.FAILED]
            assert failed == [], count


class WindowOfSeconds(Application):
    """The window of the limit is a thousandth of what it should be."""

    def rate_seconds(self, rate: Rate) -> int:
        return super().rate_seconds(rate) // 1_000


@pytest.mark.parametrize(
    ("kind", "verdict"), [(WindowOfSeconds, Verdict.FAILED), (Application, Verdict.PASSED)]
)
def test_a_window_of_seconds_is_noticed_without_a_clock(
    kind: type[Application], verdict: Verdict
) -> None:
    """The run waits some seconds. A right server still refuses then."""
    app = faulty(kind)

    def wait(seconds: float) -> None:
        app.clock.forward(seconds)

    run = judged(app, pool(16), wait=wait)
    (limit,) = [cell for cell in run.cells if cell.name == "signup-limit[sign_up]"]
    assert limit.verdict is verdict
    assert {finding.rule for finding in limit.findings} <= {"rate.window"}
