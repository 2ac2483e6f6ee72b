"""Runs the suite against null servers, in this process."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from conformance.base.options import Choice
from conformance.model import Run, Verdict
from conformance.run.planning import prepare
from conformance.run.session import Session
from conformance.server import application
from tests.faults.harness import target_of
from tests.nulls.servers import reached
from tests.support.contracts import real
from tests.support.inprocess import execute


@dataclass(frozen=True)
class Result:
    """What the suite makes of a null server: exit code, cells by verdict, passed cells by clause.

    ``ended`` says why the run broke off; empty if it did not.
    """

    name: str
    exit_code: int
    ended: str
    counts: dict[str, int]
    passed: dict[str, int]


def run(name: str) -> Run:
    """The run against a null server, whose target file promises everything."""
    loaded = real()
    with reached(name) as (origin, wire):
        aimed_at = target_of(loaded, application(loaded), origin, {"clock": None})
        session = Session(prepare(loaded, aimed_at, Choice()), wire, sleep=lambda _seconds: None)
        return execute(session)


def result(name: str) -> Result:
    """What the suite makes of a null server."""
    finished = run(name)
    passed = Counter(cell.clause for cell in finished.cells if cell.verdict is Verdict.PASSED)
    ended = "the server cannot be reached" if finished.incomplete else ""
    return Result(name, finished.exit_code, ended, finished.counts, dict(passed))
