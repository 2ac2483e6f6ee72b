"""Runs of the suite in this process, without pytest."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.base.errors import Unjudgeable
from conformance.model import Case, Run
from conformance.run.session import Session


def execute(session: Session, cases: Iterable[Case] | None = None) -> Run:
    """Run some cases, or all that can run, and judge what they sent."""
    try:
        for case in session.plan.runnable if cases is None else cases:
            session.run_case(case, judged=False)
    except Unjudgeable:
        pass  # the log says so
    return session.finish()
