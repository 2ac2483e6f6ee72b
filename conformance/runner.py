"""A run of the command: pytest in this process, over the suite alone, whatever directory it starts in."""

from __future__ import annotations

import contextlib
import gc
import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

import conformance.suite
from conformance import runfile
from conformance.errors import Unjudgeable
from conformance.model import Contract, Run
from conformance.plan import Plan
from conformance.progress import Live
from conformance.run.items import Judge
from conformance.session import Options, Session
from conformance.target import Target
from conformance.transport.http import HttpWire

SUITE = Path(next(iter(conformance.suite.__path__)))


def run(
    contract: Contract,
    target: Target,
    plan: Plan,
    options: Options,
    directory: Path,
    selected: frozenset[str] | None,
    console: Console,
) -> Run:
    """Run the selected cases of a plan and judge; the log is written as they run.

    What is collected when the run breaks off is judged all the same. Raises Unjudgeable where that is nothing.
    """
    with (directory / runfile.LOG).open("w", encoding="utf-8") as stream:
        session = Session(contract, target, plan, options, HttpWire(target.timeout), stream)
        live = Live(console)
        chosen = Plan(tuple(c for c in plan.cases if selected is None or c.id in selected))
        gc.freeze()  # what is imported stays; collecting over it would cost a tenth of the run
        with _clean_environment(), contextlib.redirect_stdout(io.StringIO()):
            ended = pytest.main(_arguments(directory), plugins=[Judge(session, chosen), live])
        if live.troubles:
            session.recorder.break_off(
                session.sender.redact("The suite itself broke: " + "; ".join(live.troubles[:3]))
            )
        if (
            ended == pytest.ExitCode.INTERRUPTED
        ):  # also where the target was given up, and then that is the reason
            session.recorder.break_off("The run was stopped by a signal.")
        if session.log.incomplete and not session.log.exchanges:
            raise Unjudgeable(session.log.incomplete)
        return session.finish()


def _arguments(directory: Path) -> list[str]:
    return [
        str(SUITE),
        "-c",
        str(SUITE / "pytest.ini"),
        "--rootdir",
        str(SUITE),
        "--import-mode=importlib",
        "-p",
        "no:terminal",
        "-p",
        "pytest_metadata.plugin",
        "-p",
        "pytest_html.plugin",
        f"--html={directory / runfile.PYTEST_PAGE}",
        "--self-contained-html",
    ]


@contextlib.contextmanager
def _clean_environment() -> Iterator[None]:
    """No options and no plugins but ours: a run must not depend on what else is installed."""
    kept = dict(os.environ)
    os.environ.pop("PYTEST_ADDOPTS", None)
    os.environ.pop("PYTEST_PLUGINS", None)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)
