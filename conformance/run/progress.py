"""Shows the progress of a run: one live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from conformance.base.text import amount, clean, for_console
from conformance.run.pytest_items import cases_of

SAID = {"failed": "with findings", "skipped": "over budget"}
"""The meaning of outcomes of items other than passed."""


class Live:
    """A pytest plugin that replaces the terminal reporter.

    ``crashes`` holds a line for each internal error of the suite or of pytest.
    """

    def __init__(self, console: Console) -> None:
        self.crashes: list[str] = []
        self._console = console
        self._live = console.is_terminal and not console.is_dumb_terminal
        self._progress = Progress(
            TextColumn("{task.description:<24}"),
            BarColumn(complete_style="cyan", finished_style="cyan"),  # red would suggest failure
            MofNCompleteColumn(),
            TextColumn("{task.fields[findings]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task("", total=None, findings="")
        self._findings = 0
        self._scenario = ""
        self._counts = Counter[str]()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Iterator[None]:
        """Show the bar while items run. Without a terminal it would print a blank line."""
        runnable = [case for case in cases_of(session) if not case.gap]
        self._progress.update(self._task, total=len(runnable))
        if self._live:
            self._progress.start()
        try:
            return (yield)
        finally:
            if self._live:
                self._progress.stop()
            self._end_scenario()

    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """Record a crash. Results about the target are failures or skips instead."""
        expected = (pytest.fail.Exception, pytest.skip.Exception)
        if call.excinfo and not isinstance(call.excinfo.value, expected):
            self.crashes.append(clean(f"{item.nodeid}: {call.excinfo.exconly()}"))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count an item. Without a terminal, print a line at the end of each scenario."""
        if report.when != "call":
            return
        function = report.nodeid.split("::")[-1].partition("[")[0]
        scenario = function.removeprefix("test_").replace("_", "-")
        if scenario != self._scenario:
            self._end_scenario()
            self._scenario = scenario
        self._counts[report.outcome] += 1
        self._findings += report.failed
        found = f"{self._findings} with findings" if self._findings else ""
        self._progress.update(self._task, advance=1, description=scenario, findings=found)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        """Explain on the page of pytest that its numbers are not verdicts."""
        prefix.append("<p>These are pytest items. The verdicts are in report.html.</p>")

    def say(self, line: str) -> None:
        """Print a line, escaped for the console."""
        self._console.print(for_console(line), markup=False, highlight=False)

    def _end_scenario(self) -> None:
        counts, self._counts = self._counts, Counter()
        if not counts or self._live:
            return
        parts = [f"{self._scenario}: {amount(counts.total(), 'case')}"]
        parts += [f"{counts[outcome]} {said}" for outcome, said in SAID.items() if counts[outcome]]
        self.say(", ".join(parts))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Record a collection error."""
        if report.failed:
            self.crashes.append(clean(str(report.longrepr).splitlines()[-1]))

    def pytest_internalerror(self, excrepr: object) -> bool:
        """Record an internal error of pytest instead of printing its traceback."""
        self.crashes.append(clean(str(excrepr).splitlines()[-1]))
        return True
