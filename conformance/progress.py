"""What a person sees while the suite runs: one live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from conformance.report.text import clean
from conformance.run.items import CaseItem


class Live:
    """A plugin of pytest in the place of its terminal reporter."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = console.is_terminal and not console.is_dumb_terminal
        self._progress = Progress(
            TextColumn("{task.description:<24}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task("", total=None)
        self._current = ""
        self._done = self._broken = 0
        self.troubles: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Iterator[None]:
        """Show the bar while items run."""
        self._progress.update(
            self._task,
            total=sum(isinstance(item, CaseItem) and not item.case.gap for item in session.items),
        )
        if self._live:
            self._progress.start()
        try:
            return (yield)
        finally:
            if self._live:
                self._progress.stop()  # elsewhere it would print an empty line
            self._line()

    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """Keep what crashed: what an item has to say of the target it says by failing or skipping."""
        if call.excinfo and not isinstance(
            call.excinfo.value, pytest.fail.Exception | pytest.skip.Exception
        ):
            self.troubles.append(clean(f"{item.nodeid}: {call.excinfo.exconly()}"))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count an item; in plain mode say a line when a scenario is through."""
        if report.when != "call":
            return
        name = (
            report.nodeid.split("::")[-1].partition("[")[0].removeprefix("test_").replace("_", " ")
        )
        if name != self._current:
            self._line()
            self._current, self._done, self._broken = name, 0, 0
        self._done += 1
        self._broken += report.failed
        self._progress.update(self._task, advance=1, description=name)

    def _line(self) -> None:
        if not self._live and self._done:
            broken = f", {self._broken} with findings" if self._broken else ""
            self._console.print(
                f"{self._current}: {self._done} {'cases' if self._done > 1 else 'case'}{broken}",
                markup=False,
                highlight=False,
            )
            self._done = 0

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep what went wrong in collecting."""
        if report.failed:
            self.troubles.append(clean(str(report.longrepr).splitlines()[-1]))

    def pytest_internalerror(self, excrepr: object) -> bool:
        """Keep what went wrong inside pytest, in the place of the traceback that it would print."""
        self.troubles.append(clean(str(excrepr).splitlines()[-1]))
        return True
