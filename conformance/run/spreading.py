"""Executes spot checks: waits for the moment of each case, and judges what was collected."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from conformance.base import files
from conformance.base.errors import Unjudgeable
from conformance.model import Run
from conformance.run import runfile, spots
from conformance.run.planning import Prepared
from conformance.run.session import Session
from conformance.transport.http import HttpWire

SAID_EVERY = timedelta(minutes=1)
"""The least time between two lines about the progress."""
STOPPED = "The spot checks were stopped by a signal."

Say = Callable[[str], None]


class Clock:
    """The time, and how to let it pass. Tests have one that does not wait."""

    def now(self) -> datetime:
        """The current time."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Let some time pass."""
        time.sleep(seconds)


def run(prepared: Prepared, directory: Path, say: Say) -> Run:
    """Run the planned cases at their moments and judge them, logging to ``directory``.

    A signal, or a target that is down, ends the run early; what was collected until then is judged.
    Raises Unjudgeable if that is nothing.
    """
    log = directory / runfile.LOG
    with files.open_to_append(log) as stream:
        wire = HttpWire(prepared.target.timeout, prepared.target.trust)
        session = Session(prepared, wire, stream)
        try:
            run_cases(session, prepared, say, Clock())
        except Unjudgeable:
            say(f"Ended early: {session.log.incomplete}")
        except KeyboardInterrupt:
            say("Stopped: judging what was logged so far. Press Ctrl-C again to stop that, too.")
            session.recorder.recall(log)  # the last line may have been written but not recorded
            session.recorder.break_off(STOPPED)
        if session.log.incomplete and not session.log.exchanges:
            raise Unjudgeable(session.log.incomplete)
        return session.finish(cleans=not prepared.embedded)


def run_cases(session: Session, prepared: Prepared, say: Say, clock: Clock) -> None:
    """Run each case at its moment, without what earlier cases learned of the target.

    ``say`` announces the next moment from time to time. Raises Unjudgeable if the target is down.
    """
    assert prepared.spread is not None
    cases = prepared.chosen.cases
    began = clock.now()
    begins = [
        began + timedelta(seconds=offset)
        for offset in spots.moments(prepared.choice.seed, len(cases), prepared.spread.seconds)
    ]
    last_said: datetime | None = None
    for number, (case, begin) in enumerate(zip(cases, begins, strict=True)):
        now = clock.now()
        if last_said is None or now - last_said >= SAID_EVERY:
            last_said = now
            moment = begin.astimezone().strftime("%H:%M")
            say(f"{number}/{len(cases)}  next request at about {moment}")
        clock.sleep(max(0.0, (begin - now).total_seconds()))
        session.forget()
        session.run_case(case, judged=False)
