"""A run of the command: pytest in this process, over the suite alone, from any directory."""

from __future__ import annotations

import contextlib
import gc
import io
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

import conformance.suite
from conformance import files
from conformance.errors import Unjudgeable
from conformance.model import Run
from conformance.run import runfile
from conformance.run.items import Items
from conformance.run.planning import Prepared
from conformance.run.progress import Live
from conformance.run.session import Session
from conformance.transport.http import HttpWire

SUITE = Path(next(iter(conformance.suite.__path__)))


def begin(prepared: Prepared, directory: Path, *, require_complete: bool) -> None:
    """Store what a replay needs. Nothing is sent yet."""
    run = prepared.begun(datetime.now(UTC), require_complete=require_complete)
    runfile.begin(run, prepared.selected, directory)


def run(
    prepared: Prepared, directory: Path, console: Console, *, nonce: str, require_complete: bool
) -> Run:
    """Run the chosen cases and judge them. Adds to the log in ``directory`` as they run.

    A run that breaks off is judged by what it has. Raises Unjudgeable if that is nothing.
    """
    wire = HttpWire(prepared.target.timeout, prepared.target.trust)
    log, page = directory / runfile.LOG, directory / runfile.PYTEST_PAGE
    with files.lines(log) as stream:
        session = Session(prepared, wire, stream, nonce=nonce, require_complete=require_complete)
        live = Live(console)
        gc.freeze()  # what is imported stays; collecting over it would cost a tenth of the run
        with (
            files.whole(page) as written,
            _clean_environment(),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            plugins = [Items(session, prepared.chosen), live]
            ended = pytest.main(_arguments(written), plugins=plugins)
        interrupted = ended == pytest.ExitCode.INTERRUPTED
        if interrupted:
            if not session.log.incomplete:  # else the run itself broke off, and says why
                live.say("Stopped: judging what was logged. The next signal leaves that, too.")
            session.recorder.recall(log)  # the last line was written, but maybe not remembered
        _note_end(session, live, interrupted)
        if session.log.incomplete and not session.log.exchanges:
            raise Unjudgeable(session.log.incomplete)
        return session.finish()


def _note_end(session: Session, live: Live, interrupted: bool) -> None:
    """Log why a run broke off. A reason that is already there stands."""
    if live.crashes:
        crashes = "; ".join(live.crashes[:3])
        session.recorder.break_off(session.sender.redact(f"The suite itself broke: {crashes}"))
    if interrupted:
        session.recorder.break_off("The run was stopped by a signal.")


def _arguments(page: Path) -> list[str]:
    return [
        str(SUITE),
        "-c",
        str(SUITE / "pytest.ini"),
        "--rootdir",
        str(SUITE),
        "--import-mode=importlib",
        "--capture=no",  # it would restore a dead terminal that a signal replaced
        "-p",
        "no:terminal",
        "-p",
        "pytest_metadata.plugin",
        "-p",
        "pytest_html.plugin",
        f"--html={page}",
        "--self-contained-html",
    ]


@contextlib.contextmanager
def _clean_environment() -> Iterator[None]:
    """No options and no plugins but ours: a run must not depend on what else is installed."""
    before = dict(os.environ)
    os.environ.pop("PYTEST_ADDOPTS", None)
    os.environ.pop("PYTEST_PLUGINS", None)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
