"""Executes a run for the command: pytest in this process, with only the suite's own tests."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TextIO

import pytest
from rich.console import Console

from conformance import scenarios
from conformance.base import files
from conformance.base.errors import Unjudgeable
from conformance.model import Run
from conformance.run import runfile
from conformance.run.planning import Prepared
from conformance.run.progress import Live
from conformance.run.pytest_items import Items, Look
from conformance.run.session import Session
from conformance.run.stamping import Stamper
from conformance.transport.http import HttpWire

SUITE = Path(next(iter(scenarios.__path__)))


def begin(prepared: Prepared, directory: Path, *, require_complete: bool) -> None:
    """Store what a replay needs, before anything is sent."""
    run = prepared.begun(prepared.clock(), require_complete=require_complete)
    runfile.begin(run, prepared.selected, directory)
    if prepared.shard:
        prepared.shard.store(directory)
    if prepared.challenged:
        prepared.challenged.store(directory)


def run(
    prepared: Prepared,
    directory: Path,
    console: Console,
    *,
    require_complete: bool,
    tries: bool = False,
    look: Look | None = None,
    page: bool = False,
) -> Run:
    """Run the chosen cases and judge them, logging to ``directory`` as they run.

    ``look`` examines the target before the first case. At the end, created objects are removed,
    except from the embedded server. With ``tries``, the steps of each cause are sent again. With
    ``page``, the pytest items are written to a page of their own. A run that breaks off is judged
    by its log so far. Raises Unjudgeable if that is empty.
    """
    wire = HttpWire(prepared.target.timeout, prepared.target.trust)
    with files.open_to_append(directory / runfile.LOG) as stream, _early_log(directory) as spool:
        session = _session(prepared, wire, stream, spool, require_complete=require_complete)
        live = Live(console, session, prepared.workers)
        items = Items(session, prepared.chosen, live.say, look)
        own_page = files.replacing(directory / runfile.PYTEST_PAGE)
        with _stamping(prepared, directory, session, live.say):
            with own_page if page else contextlib.nullcontext() as written:
                ended = _pytest(_arguments(written), [items, live])
            interrupted = ended == pytest.ExitCode.INTERRUPTED
            if interrupted:
                _recover(session, live, directory / runfile.LOG)
            _note_end(session, live, interrupted)
            is_empty = session.log.incomplete and not session.log.exchanges
            run = None if is_empty else session.finish(cleans=not prepared.embedded, tries=tries)
    if run is None:
        raise Unjudgeable(session.log.incomplete or "")
    return replace(run, peer=wire.peer(run.target.url))


@contextlib.contextmanager
def _stamping(
    prepared: Prepared, directory: Path, session: Session, say: Callable[[str], None]
) -> Iterator[None]:
    """Ask for time stamps while the context lasts, if the run is to have some.

    Afterwards, say if any are missing.
    """
    if prepared.stamping is None:
        yield
        return
    stamper = Stamper(prepared.stamping, directory, lambda: session.log.chain)
    stamper.start()
    try:
        yield
    finally:
        stamper.end(last=session.log.ended and not session.log.incomplete)
    if stamper.note:
        say(f"Note: {stamper.note}")


def _session(
    prepared: Prepared, wire: HttpWire, stream: TextIO, spool: TextIO, *, require_complete: bool
) -> Session:
    """The session of a run."""
    return Session(
        prepared,
        wire,
        stream,
        require_complete=require_complete,
        workers=prepared.workers,
        spool=spool,
    )


def _pytest(arguments: list[str], plugins: list[object]) -> int:
    """Let pytest run the chosen cases; returns its exit code."""
    gc.freeze()  # imported objects stay; scanning them would cost a tenth of the run
    with _clean_environment(), contextlib.redirect_stdout(io.StringIO()):
        return pytest.main(arguments, plugins=plugins)


def _recover(session: Session, live: Live, log: Path) -> None:
    """Read back what was logged until a signal interrupted the run, and stop sending."""
    if not session.log.incomplete:  # otherwise the run itself broke off, and reports why
        live.say("Stopped: judging what was logged so far. The next signal stops that, too.")
    session.recorder.recall(log)  # the last line may have been written but not recorded
    session.interrupt()


@contextlib.contextmanager
def _early_log(directory: Path) -> Iterator[TextIO]:
    """A file for what cases log before their turn. Only a killed run leaves it behind."""
    logs = directory / runfile.WORKERS
    logs.mkdir(mode=0o700)
    with files.open_to_append(logs / runfile.EARLY) as stream:
        yield stream
    shutil.rmtree(logs)


def _note_end(session: Session, live: Live, interrupted: bool) -> None:
    """Log why a run broke off, unless a reason is already logged."""
    if live.crashes:
        crashes = "; ".join(live.crashes[:3])
        session.recorder.break_off(session.sender.redact(f"The suite itself crashed: {crashes}"))
    if interrupted:
        session.recorder.break_off("The run was stopped by a signal.")


def _arguments(page: Path | None) -> list[str]:
    """The arguments for pytest, which reports to ``page`` or, for None, nowhere."""
    arguments = [
        str(SUITE),
        "-c",
        str(SUITE / "pytest.ini"),
        "--rootdir",
        str(SUITE),
        "--import-mode=importlib",
        "--capture=no",  # capturing would restore a dead terminal that a signal handler replaced
        "-p",
        "no:terminal",
        "-p",
        "no:unraisableexception",  # it would swallow a dropped KeyboardInterrupt
    ]
    if page is None:
        return arguments
    plugins = ["-p", "pytest_metadata.plugin", "-p", "pytest_html.plugin"]
    return [*arguments, *plugins, f"--html={page}", "--self-contained-html"]


@contextlib.contextmanager
def _clean_environment() -> Iterator[None]:
    """Disable other options and plugins: a run must not depend on what else is installed."""
    before = dict(os.environ)
    os.environ.pop("PYTEST_ADDOPTS", None)
    os.environ.pop("PYTEST_PLUGINS", None)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
