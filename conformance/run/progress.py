"""Shows the progress of a run: one live line on a terminal, a line for each tenth elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

import pytest
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from conformance.base.text import clean, clock, for_console
from conformance.model import Case
from conformance.report.view import tally
from conformance.run.lanes import Lane, lanes
from conformance.run.pytest_items import CaseItem, cases_of
from conformance.run.seen_causes import SeenCauses
from conformance.run.session import Session

TENTHS = 10
APART = 1.0
"""Seconds between two lines for a tenth, at least. A short run needs fewer lines."""
TITLES = 10
"""Causes that are printed when they are first seen. The summary lists all of them."""
MINUTE = 60
LEAST = 1 / 20
"""The share of the work after which its duration is estimated. The first requests are slow."""


class TimeLeft:
    """Estimates how long the rest of a run takes, from the expected requests of its cases."""

    def __init__(self, cases: Iterable[Case], lane_of: dict[str, Lane], workers: int) -> None:
        self._weights = {
            case.id: case.cost / lane_of[case.id].usual_overlap(workers) for case in cases
        }
        self._total = sum(self._weights.values())
        self._done = 0.0

    def add(self, case: Case) -> None:
        """Count a case that has ended."""
        self._done += self._weights.get(case.id, 0)

    def words(self, seconds: float) -> str:
        """The time left after some seconds, such as ``about 2 min left``; empty at the start.

        Below a minute, it is rounded up to tens of seconds.
        """
        if self._done <= LEAST * self._total:
            return ""
        left = seconds * (self._total - self._done) / self._done
        if left < MINUTE:
            return f"about {10 * (1 + int(left / 10))} s left"
        return f"about {round(left / MINUTE):,} min left"


class Live:
    """A pytest plugin that replaces the terminal reporter.

    ``crashes`` holds a line for each internal error of the suite or of pytest.
    """

    def __init__(self, console: Console, session: Session, workers: int) -> None:
        self.crashes: list[str] = []
        self._console = console
        self._session = session
        self._workers = workers
        self._live = console.is_terminal and not console.is_dumb_terminal
        self._bar = Progress(
            TaskProgressColumn(),
            # the red of the default style would look like an alarm
            BarColumn(bar_width=20, complete_style="cyan", finished_style="cyan"),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            console=console,
        )
        self._task = self._bar.add_task("first look", total=None, left="")
        self._began = self._printed = time.monotonic()
        self._seen = SeenCauses(session.contract)
        self._new_causes = 0  # causes seen so far
        self._cases = self._done = 0  # how many there are, and how many have ended
        self._left = TimeLeft((), {}, workers)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Iterator[None]:
        """Show the bar while items run. Without a terminal it would print a blank line."""
        runnable = [case for case in cases_of(session) if not case.gap]
        self._cases = len(runnable)
        lane_of = lanes(self._session.contract, runnable)
        self._left = TimeLeft(runnable, lane_of, self._workers)
        if self._live:
            self._bar.start()
        try:
            return (yield)
        finally:
            if self._live:
                self._bar.stop()
            if self._seen.causes:
                self.say("")  # the summary follows

    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """Count a case, and record a crash. Results about the target are failures or skips."""
        expected = (pytest.fail.Exception, pytest.skip.Exception)
        if call.excinfo and not isinstance(call.excinfo.value, expected):
            self.crashes.append(clean(f"{item.nodeid}: {call.excinfo.exconly()}"))
        if call.when == "call" and isinstance(item, CaseItem):
            self._count(item)

    def _count(self, item: CaseItem) -> None:
        """Count a case that has ended, and show the progress: the bar, or else a line each tenth.

        Without a terminal, the first few new causes are printed, too.
        """
        tenths_before = TENTHS * self._done // self._cases
        self._done += 1
        self._left.add(item.case)
        new = self._seen.add(item.found, self._session.log.exchanges, item.case.operation)
        if self._live:
            self._move_bar()
        else:
            titles_left = max(TITLES - self._new_causes, 0)
            for cause in new[:titles_left]:
                self.say(f"  {cause.title}")
            self._new_causes += len(new)
            if TENTHS * self._done // self._cases > tenths_before:
                self._say_progress()

    def _move_bar(self) -> None:
        """Show the progress on the live line."""
        left = self._left.words(time.monotonic() - self._began)
        if self._done == self._cases:
            left = "judging"
        self._bar.update(
            self._task,
            total=self._cases,
            completed=self._done,
            description=self._counts(),
            left=left,
        )

    def _say_progress(self) -> None:
        """Print a line such as `` 20%  202/1010  3 causes  0:29, about 2 min left``.

        Prints nothing after the last case, or within APART seconds after the line before.
        """
        now = time.monotonic()
        if self._done == self._cases or now - self._printed < APART:
            return
        self._printed, seconds = now, now - self._began
        share, left = 100 * self._done // self._cases, self._left.words(seconds)
        times = f"{clock(seconds)}, {left}" if left else clock(seconds)
        self.say(f"{share:>3}%  {self._counts()}  {times}")

    def _counts(self) -> str:
        """The cases and causes so far, such as ``202/1010  3 causes``."""
        return f"{self._done}/{self._cases}  {tally(self._seen.causes)}".rstrip()

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        """Explain on the page of pytest that its numbers are not verdicts."""
        prefix.append("<p>These are pytest items. The verdicts are in report.html.</p>")

    def say(self, line: str) -> None:
        """Print a line, escaped for the console."""
        self._console.print(for_console(line), markup=False, highlight=False)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Record a collection error."""
        if report.failed:
            self.crashes.append(clean(str(report.longrepr).splitlines()[-1]))

    def pytest_internalerror(self, excrepr: object) -> bool:
        """Record an internal error of pytest instead of printing its traceback."""
        self.crashes.append(clean(str(excrepr).splitlines()[-1]))
        return True
