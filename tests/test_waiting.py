"""How long the suite waits after a 429: as Retry-After says, in either form."""

from __future__ import annotations

import math
import time

import pytest

from conformance.base.errors import Unjudgeable
from conformance.log.evidence import Recorder
from conformance.model import Case, Effect, Role
from conformance.transport.carrier import Label
from conformance.transport.message import Message
from conformance.transport.patience import Allowance, retry_after_seconds
from conformance.transport.sender import Sender
from conformance.transport.wire import WireRequest, WireResponse
from tests.support.contracts import embedded, real

NOW = ("Date", "Wed, 25 Nov 2026 10:00:00 GMT")
TOLD = {
    "a number": ([("retry-after", "3")], 3.0),
    "a date": ([NOW, ("Retry-After", "Wed, 25 Nov 2026 10:00:04 GMT")], 4.0),
    "a date in an older form": ([NOW, ("Retry-After", "Wed Nov 25 10:00:04 2026")], 4.0),
    "a date that is over": ([NOW, ("Retry-After", "Wed, 25 Nov 2026 09:00:00 GMT")], 0.0),
    "a date of a target without a clock": ([("Retry-After", "Wed, 25 Nov 2009 10:00:04 GMT")], 0.0),
    "a number without end": ([("Retry-After", "9" * 5000)], math.inf),
    "a text": ([NOW, ("Retry-After", "soon")], 1.0),
    "a date that is none": ([NOW, ("Retry-After", "Wed, 99 Nov 99999 10:00:04 GMT")], 1.0),
    "nothing": ([NOW], 1.0),
}


@pytest.mark.parametrize(("headers", "seconds"), TOLD.values(), ids=TOLD)
def test_a_limit_is_waited_for_as_it_asks(headers: list[tuple[str, str]], seconds: float) -> None:
    """A number of seconds, or the time since Date; one second if neither can be read."""
    assert retry_after_seconds(headers) == seconds


def test_a_run_that_must_end_sends_nothing_later() -> None:
    """Whoever stops a run gets its reports soon, even if the target takes its time."""
    allowance = Allowance(embedded(), 7200, lambda _seconds: None)
    allowance.take()
    allowance.end_within(0)
    with pytest.raises(Unjudgeable):
        allowance.take()


@pytest.mark.parametrize(("planned", "most"), [(400, 60), (7_000, 700)])
def test_a_whole_run_waits_for_a_bounded_time(planned: int, most: float) -> None:
    """A target that serves a request now and then cannot make it wait for ever."""
    slept: list[float] = []
    allowance = Allowance(embedded(), 7200, slept.append, planned)
    for _ in range(1_000):
        if allowance.wait_left >= 20:
            allowance.wait_for_target(20)
        allowance.waited = 0.0  # a request was served
    assert sum(slept) == most


CASE = Case("one[api]", "one", "list_calls", "", (), Effect.READ, 1)


class Answering:
    """A wire that gives one answer, after some seconds of a clock that it moves."""

    def __init__(self, answer: WireResponse, now: list[float], seconds: float = 0) -> None:
        self.sent = 0
        self._answer = answer
        self._now = now
        self._seconds = seconds

    def send(self, _request: WireRequest) -> WireResponse:
        """The answer."""
        self.sent += 1
        self._now[0] += self._seconds
        return self._answer


def ask(sender: Sender) -> None:
    """Send one read."""
    sender.send(Message("GET", "/calls"), Label(CASE, 1, "list_calls", Role.PROBE, "full"))


def test_a_run_has_a_limit_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends with what it has, and says which option raises the limit."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    wire = Answering(WireResponse(200, (), b"{}"), now, seconds=14)
    sender = Sender(real(), embedded(), wire, Recorder(None), seed=0, max_seconds=100)

    def go_on() -> None:
        for _ in range(1000):
            ask(sender)

    with pytest.raises(Unjudgeable, match=r"limit of 100 seconds.*--max-seconds"):
        go_on()
    assert wire.sent == 8


@pytest.mark.parametrize(
    ("told", "waits"), [("7", [7, 7]), ("61", []), ("999999999", []), ("soon", [1, 1])]
)
def test_a_limit_is_never_met_before_its_time(told: str, waits: list[float]) -> None:
    """A 429 is waited for as long as it says, or it is final."""
    waited: list[float] = []
    wire = Answering(WireResponse(429, (("Retry-After", told),), b"{}"), [0.0])
    ask(Sender(real(), embedded(), wire, Recorder(None), seed=0, sleep=waited.append))
    assert waited == waits


@pytest.mark.parametrize(
    ("headers", "waits"),
    [((), [0.2]), ((("Retry-After", "20"),), [20]), ((("Retry-After", "900"),), [])],
)
def test_a_proxy_is_asked_again_when_it_says(
    headers: tuple[tuple[str, str], ...], waits: list[float]
) -> None:
    """A moment later, or as long as Retry-After says; a very long time is not waited for."""
    waited: list[float] = []
    wire = Answering(WireResponse(503, headers, b""), [0.0])
    ask(Sender(real(), embedded(), wire, Recorder(None), seed=0, sleep=waited.append))
    assert waited == waits


def test_limits_in_a_row_are_not_waited_for_without_end() -> None:
    """After a minute, each 429 is final."""
    waited: list[float] = []
    wire = Answering(WireResponse(429, (("Retry-After", "40"),), b"{}"), [0.0])
    sender = Sender(real(), embedded(), wire, Recorder(None), seed=0, sleep=waited.append)
    for _ in range(5):
        ask(sender)
    assert waited == [40]
