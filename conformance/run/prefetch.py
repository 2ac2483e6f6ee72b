"""Runs cases before their turn, on threads, so that their requests overlap but their logs do not.

Cases that change nothing may overlap with each other. Cases that write objects of one kind run one
after another, but may overlap with those of other kinds. All other cases run alone. Exchanges of an
early case are held until its turn in the plan, so the log is the same as without threads.
"""

from __future__ import annotations

import ctypes
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

from conformance.log.evidence import Recorder
from conformance.model import Case, Exchange
from conformance.run.lanes import Lane
from conformance.transport.journal import Sent, Sink
from conformance.transport.patience import UNSERVED
from conformance.transport.wire import WireResponse

WINDOW = 200
"""Maximum number of cases that may have begun before their turn."""

HELD = 16 * 1024 * 1024
"""Maximum bytes of responses held for all early cases; beyond it, they wait for their turn."""

M_ARENA_MAX = -8
"""The mallopt option for the number of arenas, from malloc.h of glibc."""
LARGE = 256 * 1024
"""Bytes of a response beyond which the target gets only one request at a time."""


class Stopped(BaseException):
    """Raised when the run is over. Scenarios must not catch it."""


class Part:
    """Exchanges sent once for several cases, and logged by the first whose turn comes."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self.held: deque[Sent | Part] = deque()
        self._count = 0

    def admit(self) -> None:
        """Never wait, because others wait for this part. Raises Stopped when the run is over."""
        self._gate.check()

    def log(self, sent: Sent) -> Exchange:
        """Hold an exchange, with a temporary id until it is logged."""
        self._count += 1
        exchange = replace(sent.exchange, id=f"{sent.exchange.case}~{self._count}")
        self._gate.hold(self, replace(sent, exchange=exchange))
        return exchange

    def part(self) -> Sink:
        """A separate part, which may serve other cases, too."""
        return Part(self._gate)

    def uses(self, part: Sink) -> None:
        """Log another part before what follows here.

        A sink of another class has logged its exchanges already, before the first case.
        """
        if isinstance(part, Part):
            self._gate.hold(self, part)


class EarlyCase(Part):
    """A case that may run before its turn, with the exchanges that are held until then."""

    def __init__(self, case: Case, lane: Lane, gate: Gate) -> None:
        super().__init__(gate)
        self.case = case
        self.lane = lane
        self.outcome: str | None = None
        self.error: Exception | None = None

    @property
    def ended(self) -> bool:
        """Whether its scenario has ended."""
        return self.outcome is not None or self.error is not None

    def admit(self) -> None:
        """Wait for the turn of the case while the target is overloaded or too much is held."""
        self._gate.admit(self)

    def log(self, sent: Sent) -> Exchange:
        """Hold an exchange. If it may have changed the target, save it to a file at once."""
        exchange = super().log(sent)
        if not self.lane.harmless:
            self._gate.keep(exchange)
        return exchange


class Gate:
    """The state that the threads of a run share, with its lock: it decides which cases may send."""

    def __init__(self, spool: Recorder | None = None, *, large: bool = False) -> None:
        lock = threading.RLock()
        self.changed = threading.Condition(lock)  # notified when another request may be sent
        self.arrived = threading.Condition(lock)  # notified when the case whose turn it is goes on
        self.free = threading.Condition(lock)  # notified when another case may begin
        self._spool = spool
        self.turn: EarlyCase | None = None  # the case whose turn it is
        self.stopped = False
        self._overloaded = False  # whether the target could not serve the last request
        self._large = large  # whether any response was LARGE
        self._bytes = 0

    def check(self) -> None:
        """Raise Stopped when the run is over."""
        if self.stopped:
            raise Stopped

    def admit(self, early: EarlyCase) -> None:
        """Wait until a case may send. Raises Stopped when the run is over."""
        with self.changed:
            self.changed.wait_for(lambda: self._admits(early))
            self.check()

    def _admits(self, early: EarlyCase) -> bool:
        """Whether a case need not wait: it is its turn, or the run is over.

        Before its turn, a case waits if the target is overloaded or has sent a LARGE response, and
        if too much is held.
        """
        if self.stopped or early is self.turn:
            return True
        return not (self._overloaded or self._large) and self._bytes < HELD

    def hold(self, part: Part, what: Sent | Part) -> None:
        """Hold an exchange or a part until the turn of its case."""
        with self.changed:
            if isinstance(what, Sent):
                size = _size(what)
                self._bytes += size
                self._overloaded = what.exchange.status in UNSERVED
                self._large = self._large or size > LARGE
            part.held.append(what)
            self.changed.notify_all()
            if part is self.turn:
                self.arrived.notify()

    def keep(self, exchange: Exchange) -> None:
        """Write an exchange to the log of early writes, which is kept even if the run is killed."""
        if self._spool is not None:
            with self.changed:
                self._spool.record(exchange)

    def release(self, part: Part) -> Iterator[Sent | Part]:
        """Remove and yield what is held for a case or a part."""
        while part.held:
            with self.changed:
                what = part.held.popleft()
                if isinstance(what, Sent):
                    self._bytes -= _size(what)
                self.changed.notify_all()
            yield what


def _size(sent: Sent) -> int:
    """The approximate size of a response in bytes."""
    response = sent.arrival.answer
    if not isinstance(response, WireResponse):
        return 0
    return len(response.body) + sum(len(name) + len(value) for name, value in response.headers)


def _use_one_arena() -> None:
    """Make all threads share one malloc arena; otherwise glibc keeps the peak usage of each.

    Only one thread runs at a time, so none has to wait. Does nothing without glibc.
    """
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


class Ahead:
    """Runs cases on threads, ahead of their turn if possible.

    ``attempt`` runs a case to its end and returns how it ended. ``spool`` logs what cases write
    before their turn. ``large`` says that an earlier response was LARGE.
    """

    def __init__(
        self,
        cases: Iterable[Case],
        lanes: Mapping[str, Lane],
        attempt: Callable[[Case, Sink], str],
        workers: int,
        spool: Recorder | None = None,
        *,
        large: bool = False,
    ) -> None:
        self._gate = Gate(spool, large=large)
        self._attempt = attempt
        self._early_cases = [EarlyCase(case, lanes[case.id], self._gate) for case in cases]
        self._places = {early.case.id: place for place, early in enumerate(self._early_cases)}
        self._begun: set[int] = set()
        self._first = 0  # the place of the case whose turn it is
        _use_one_arena()
        for _ in range(workers):
            threading.Thread(target=self._work, daemon=True).start()

    def result(self, case: Case, log: Callable[[Sent], object]) -> str:
        """Wait for the case whose turn it is; returns how it ended.

        Its exchanges are passed to ``log`` meanwhile. Raises the exception of its scenario, if any.
        """
        gate, place = self._gate, self._places[case.id]
        early = self._early_cases[place]
        with gate.changed:
            self._first, gate.turn = place, early
            gate.changed.notify_all()
            gate.free.notify()
        while True:
            with gate.arrived:
                gate.arrived.wait_for(lambda: early.held or early.ended)
                drained = early.ended and not early.held
            if drained:
                break
            self._log(early.case, early, log)
        if early.error is not None:
            raise early.error
        assert early.outcome is not None
        return early.outcome

    def _log(self, case: Case, part: Part, log: Callable[[Sent], object]) -> None:
        """Log what a part holds, attributed to ``case``, whose turn it is."""
        for what in self._gate.release(part):
            if isinstance(what, Part):
                self._log(case, what, log)
            else:
                log(_as_of(case, what))

    def stop(self) -> None:
        """Prevent all cases from starting or sending anything more."""
        with self._gate.changed:
            self._gate.stopped = True
            self._gate.changed.notify_all()
            self._gate.free.notify_all()

    def log_rest(self, log: Callable[[Sent], object]) -> None:
        """Pass to ``log`` what is still held, starting with the case whose turn it is."""
        for early in self._early_cases[self._first :]:
            self._log(early.case, early, log)

    def _work(self) -> None:
        """Run one case after another, as soon as each may begin."""
        while (early := self._next()) is not None:
            try:
                outcome = self._attempt(early.case, early)
            except Stopped:
                return
            except Exception as error:
                self._end(early, error=error)
            except BaseException as error:  # the thread ends, and the run must not wait for it
                self._end(early, error=RuntimeError(f"a worker thread of the run died: {error!r}"))
                return
            else:
                self._end(early, outcome=outcome)

    def _end(
        self, early: EarlyCase, *, outcome: str | None = None, error: Exception | None = None
    ) -> None:
        """Record how a case ended, and wake the threads that wait for that."""
        with self._gate.changed:
            early.outcome, early.error = outcome, error
            if early is self._gate.turn:
                self._gate.arrived.notify()
            self._gate.free.notify()

    def _next(self) -> EarlyCase | None:
        """Wait for a case that may begin; None if none is left or the run is over.

        Whoever finds one lets the next thread look for another.
        """
        with self._gate.changed:
            while not self._gate.stopped and len(self._begun) < len(self._early_cases):
                place = self._place_to_begin()
                if place is not None:
                    self._begun.add(place)
                    self._gate.free.notify()
                    return self._early_cases[place]
                self._gate.free.wait()
            self._gate.free.notify()  # the next thread is to end, too
        return None

    def _place_to_begin(self) -> int | None:
        """The position of the first case that may begin; None if none may.

        Each earlier case that has not ended must be one that it may overlap, and at most WINDOW
        cases from the one whose turn it is are considered.
        """
        lanes_before: set[Lane] = set()
        within = range(self._first, min(self._first + WINDOW, len(self._early_cases)))
        for place in within:
            early = self._early_cases[place]
            if early.ended:
                continue
            has_begun = place in self._begun
            if not has_begun and all(early.lane.may_overlap(lane) for lane in lanes_before):
                return place
            lanes_before.add(early.lane)
        return None


def _as_of(case: Case, sent: Sent) -> Sent:
    """An exchange attributed to a case, to its first attempt if another case sent it."""
    if sent.exchange.case == case.id:
        return sent
    exchange = replace(sent.exchange, case=case.id, scenario=case.scenario, attempt=1)
    return replace(sent, exchange=exchange)
