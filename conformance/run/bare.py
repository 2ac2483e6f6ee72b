"""Runs the suite under plain pytest: ``pytest --pyargs conformance.scenarios``.

The session is configured by pytest options. With pytest-xdist, each worker has its own session and
log, and the controller merges the logs. The controller, or the only process, judges the whole log
at the end and writes the reports.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import pytest

from conformance import checks, contract
from conformance.base import files
from conformance.base.errors import ConformanceError, Exit, UsageError
from conformance.base.options import KEY_IS_SEEN, Choice
from conformance.base.text import clean, for_console
from conformance.log import evidence, size_limit
from conformance.model import Run
from conformance.reading import new_salt
from conformance.report import FILES, console, rerun
from conformance.run import runfile
from conformance.run.planning import Prepared, prepare, target_of, with_key
from conformance.run.pytest_items import Items
from conformance.run.session import Session
from conformance.run.storing import store
from conformance.target.keyring import STANDARD_INPUT
from conformance.transport.http import HttpWire

LOGS = "conformance_logs"
"""The name of the value that tells a pytest-xdist worker the directory for its log."""
SALT = "conformance_salt"
"""The name of the value that tells a worker the salt of the run."""


def _say(text: str) -> None:
    sys.stderr.write(f"{for_console(text)}\n")


def start(config: pytest.Config, choice: Choice, output: Path | None) -> None:
    """Register the plugins that run and judge the suite.

    Raises pytest.UsageError if the options, the contract, the target or the key cannot be used.
    """
    register = config.pluginmanager.register
    try:
        choice = _with_key(config, choice)
        if hasattr(config, "workerinput"):  # only in a worker of pytest-xdist
            worker = _worker(choice, config.workerinput)
            register(worker)
            register(WorkerEnd(worker.running))
            return
        items, reporter = _judging_plugins(config, choice, output)
    except ConformanceError as error:
        raise pytest.UsageError(for_console(str(error))) from None
    register(items)
    register(reporter)


def _with_key(config: pytest.Config, choice: Choice) -> Choice:
    """The choice with its key: from the key file, or else from the environment.

    The environment counts only for an address without a key or a target file. Raises UsageError if
    several workers would have to read the key from standard input.
    """
    if choice.key_file == STANDARD_INPUT and config.getoption("numprocesses", None):
        raise UsageError("Workers have no standard input. Pass the key in a file.")
    names_key = choice.target or choice.key or choice.key_file
    if choice.url and not names_key:
        return replace(choice, key=os.environ.get("CONFORMANCE_KEY"))
    return with_key(choice)


def _judging_plugins(
    config: pytest.Config, choice: Choice, output: Path | None
) -> tuple[Items, Reporter]:
    """The plugins of the process that judges the run: the controller, or the only process."""
    prepared = _prepared(choice, new_salt())
    if config.getoption("conformance_key"):
        _say(KEY_IS_SEEN)
    for warning in prepared.target.warnings:
        _say(f"Warning: {warning}")
    stream = None
    if output and not config.option.collectonly:
        stream = _start_log(output, prepared)
    items = _items(prepared, stream)
    return items, Reporter(items.running, prepared, output)


def _start_log(output: Path, prepared: Prepared) -> TextIO:
    """Start the log of a new run in a directory, removing the reports of an earlier run."""
    with files.private():
        output.mkdir(parents=True, exist_ok=True)
        for name in (*FILES, runfile.PYTEST_PAGE):
            (output / name).unlink(missing_ok=True)
        _remove(output / runfile.WORKERS)
        runfile.begin(_begun(prepared), prepared.selected, output)
        return files.open_to_append(output / runfile.LOG)


def _remove(directory: Path) -> None:
    """Remove a directory with its contents; for a link to a directory, only the link."""
    if directory.is_symlink():
        directory.unlink()
    shutil.rmtree(directory, ignore_errors=True)


def _begun(prepared: Prepared) -> Run:
    return prepared.begun(datetime.now(UTC), require_complete=False)


def _stop_message(output: Path | None) -> str:
    """The message for a signal after the last case."""
    if output is None:
        return "Stopped: the run was not judged."
    return f"Stopped. `kaicalls-conformance replay {clean(str(output))}` judges what was logged."


def _worker(choice: Choice, workerinput: dict[str, Any]) -> Items:
    """The plugin that runs the cases of one worker, with its share of addresses and budget."""
    name, count = workerinput["workerid"], int(workerinput["workercount"])
    stream = files.open_to_append(Path(workerinput[LOGS]) / f"{name}.jsonl")
    index = int(name.removeprefix("gw"))
    prepared = _prepared(choice, workerinput[SALT])
    prepared = replace(prepared, target=prepared.target.shared(index, count))
    return _items(prepared, stream, prefix=f"{name}-")


def _prepared(choice: Choice, salt: str) -> Prepared:
    """A planned run. Raises UsageError for reuse, because workers would share the objects."""
    if choice.reuse is not None:
        raise UsageError("Only the command itself uses objects again: kaicalls-conformance run")
    loaded = contract.load(choice.spec, frozenset(checks.RULES), choice.edition)
    loaded = contract.with_challenges(loaded, choice.spec, choice.challenges)
    return replace(prepare(loaded, target_of(loaded, choice), choice), salt=salt)


def _items(prepared: Prepared, stream: TextIO | None, prefix: str = "") -> Items:
    """The plugin that runs the chosen cases in a new session, which logs to ``stream``."""
    wire = HttpWire(prepared.target.timeout, prepared.target.trust)
    running = Session(prepared, wire, stream, prefix=prefix)
    return Items(running, prepared.chosen)


class WorkerEnd:
    """Ends the log of a worker. A log without an end shows that the worker died."""

    def __init__(self, running: Session) -> None:
        self._running = running

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Log the end."""
        self._running.recorder.close()


class Reporter:
    """Judges the whole log after all items have run, and writes the reports."""

    def __init__(self, running: Session, prepared: Prepared, output: Path | None) -> None:
        self._running = running
        self._prepared = prepared
        self._output = output
        self._run: Run | None = None
        self._logs: Path | None = None

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a pytest-xdist worker where to log; a replay finds the log there, too."""
        if self._logs is None and self._output:
            self._logs = self._output / runfile.WORKERS
            self._logs.mkdir(mode=0o700)
        self._logs = self._logs or Path(tempfile.mkdtemp(prefix="conformance-"))
        node.workerinput[LOGS] = str(self._logs)
        node.workerinput[SALT] = self._prepared.salt

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """Record the cases that the workers will run, by the names of their items."""
        names = {name.rpartition("::test_")[2] for name in ids}
        self._running.selected = frozenset(
            case.id for case in self._running.plan.cases if _item_name(case.id) in names
        )
        self._store_selection()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Store which cases will run, now that pytest knows."""
        if not session.config.option.collectonly:
            self._store_selection()

    def _store_selection(self) -> None:
        """Store the selected cases, if the run has a directory."""
        if self._output:
            with files.private():
                run = _begun(self._prepared)
                runfile.write_unfinished(run, self._running.selected, self._output)

    def pytest_report_header(self) -> str:
        """The contract and the server, in the header of the pytest output."""
        return for_console(self._running.announcement)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Merge the logs of the workers, judge them, and write the reports."""
        if session.config.option.collectonly:
            return
        try:
            with files.private():
                self._conclude()
        except KeyboardInterrupt:
            pytest.exit(_stop_message(self._output), returncode=int(Exit.UNJUDGED))

    def _conclude(self) -> None:
        """Merge and remove the logs of workers, judge the run, and store it in its directory."""
        if self._logs:
            disk = self._prepared.target.declaration.disk
            for path in sorted(self._logs.glob("*.jsonl")):
                self._running.recorder.merge(evidence.read(path, size_limit.bounds(disk)))
        self._run = self._running.finish()
        chosen = frozenset(case.id for case in self._prepared.chosen.cases)
        if self._running.selected not in (None, chosen):
            # pytest has chosen among the cases, so no options describe which of them ran
            self._run = replace(self._run, selection=None)
        if self._output:
            self._run = replace(self._run, place=rerun.place_of(self._output))
        if self._logs:
            shutil.rmtree(self._logs)
        if self._output:
            store(self._run, self._running.selected, self._output)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the summary of cells after that of items."""
        if self._run is not None:
            terminalreporter.section("conformance")
            summary = console.summary(self._run, width=100, colour=False)
            terminalreporter.write_line(for_console(f"{self._run.contract.name}\n\n{summary}"))


def _item_name(case: str) -> str:
    """The name of the item of a case, without the prefix ``test_``."""
    scenario, bracket, variant = case.partition("[")
    return f"{scenario.replace('-', '_')}{bracket}{variant}"
