"""The suite under pytest without the command: ``pytest --pyargs conformance.suite``.

The options of pytest make the session. With pytest-xdist each worker has a session and a log of its
own, and the process that started them merges the logs. That process, or the only one, judges the
whole log in the end and writes the reports.
"""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from typing import Any, TextIO

import pytest

from conformance import checks, contract, evidence
from conformance.errors import ConformanceError
from conformance.model import Run
from conformance.options import Choice
from conformance.report import console, write_all
from conformance.run import runfile
from conformance.run.items import Items
from conformance.run.planning import prepare, target_of
from conformance.run.session import Session
from conformance.text import for_console
from conformance.transport.http import HttpWire

LOGS = "conformance_logs"
"""The name under which a worker of pytest-xdist learns the directory for its log."""


def start(config: pytest.Config, choice: Choice, output: Path | None) -> None:
    """Register what runs and judges the suite. Raises pytest.UsageError for a wrong choice."""
    if choice.url and not choice.target and not choice.key:
        choice = replace(choice, key=os.environ.get("CONFORMANCE_KEY"))
    try:
        if hasattr(config, "workerinput"):
            worker = _worker(choice, config.workerinput)
            config.pluginmanager.register(worker)
            config.pluginmanager.register(WorkerEnd(worker.running))
            return
        stream = _log_in(output) if output else None
        items = _items(choice, stream)
    except ConformanceError as error:
        raise pytest.UsageError(for_console(str(error))) from None
    config.pluginmanager.register(items)
    config.pluginmanager.register(Reporter(items.running, output))


def _log_in(output: Path) -> TextIO:
    output.mkdir(parents=True, exist_ok=True)
    return (output / runfile.LOG).open("w", encoding="utf-8")


def _worker(choice: Choice, given: dict[str, Any]) -> Items:
    """The items of one worker, with its share of the addresses and of the budget."""
    name, count = given["workerid"], int(given["workercount"])
    stream = (Path(given[LOGS]) / f"{name}.jsonl").open("w", encoding="utf-8")
    index = int(name.removeprefix("gw"))
    return _items(choice, stream, prefix=f"{name}-", share=(index, count))


def _items(
    choice: Choice, stream: TextIO | None, prefix: str = "", share: tuple[int, int] = (0, 1)
) -> Items:
    loaded = contract.load(choice.spec, frozenset(checks.RULES))
    prepared = prepare(loaded, target_of(loaded, choice), choice)
    wire = HttpWire(prepared.target.timeout, prepared.target.trust)
    prepared = replace(prepared, target=prepared.target.shared(*share))
    running = Session(prepared, wire, stream, prefix=prefix, nonce=str(time.time_ns()))
    return Items(running, prepared.chosen)


class WorkerEnd:
    """Ends the log of a worker; a log without that end shows that the worker died."""

    def __init__(self, running: Session) -> None:
        self._running = running

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Log the end."""
        self._running.recorder.close()


class Reporter:
    """Judges the whole log when all items have run, and writes the reports."""

    def __init__(self, running: Session, output: Path | None) -> None:
        self._running = running
        self._output = output
        self._run: Run | None = None
        self._logs = tempfile.TemporaryDirectory(prefix="conformance-")

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker of pytest-xdist where its log goes."""
        node.workerinput[LOGS] = self._logs.name

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """The cases that the workers are to run, by the names of their items."""
        names = {name.rpartition("::test_")[2] for name in ids}
        cases = list(map(attrgetter("id"), self._running.plan.cases))
        self._running.selected = frozenset(case for case in cases if _item_name(case) in names)

    def pytest_report_header(self) -> str:
        """By which contract and against which server the suite asks, before the first item."""
        return for_console(self._running.announcement)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Merge the logs of the workers, judge, and write the reports."""
        if session.config.option.collectonly:
            return
        for path in sorted(Path(self._logs.name).glob("*.jsonl")):
            self._running.recorder.merge(evidence.read(path))
        self._run = self._running.finish()
        if self._output:
            write_all(self._run, self._output)
            runfile.write(self._run, self._running.selected, self._output)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the counts of cells after those of items."""
        if self._run is not None:
            terminalreporter.section("conformance")
            told = console.summary(self._run, width=100, colour=False)
            terminalreporter.write_line(for_console(f"{self._run.contract.name}\n\n{told}"))


def _item_name(case: str) -> str:
    """The name of the item of a case, without what each begins with."""
    scenario, bracket, variant = case.partition("[")
    return f"{scenario.replace('-', '_')}{bracket}{variant}"
