"""The end of a run: its files are written, and what it found is said."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.base.errors import ReportError, UsageError
from conformance.command import directory, signals
from conformance.command.saying import command_runner, say, show

if TYPE_CHECKING:
    from rich.console import Console

    from conformance.model import Run


PIPED = 240
"""Columns where no terminal says how many it has: logs wrap lines by themselves."""


def new_run(output: Path, begin: Callable[[Path], None]) -> Path:
    """A new directory of a run. Whatever ends the command from now on, it can be replayed."""
    from conformance.base.text import clean

    run_directory = directory.new(output, begin)
    again = f"`kaicalls-conformance replay {run_directory}` judges what was logged"
    signals.tell(clean(f"Stopped. The run is not judged, or its reports are not written: {again}."))
    return run_directory


def terminal() -> Console:
    """Where a person sees what a command prints, if it is a terminal."""
    from rich.console import Console

    return Console(file=sys.stdout, highlight=False, soft_wrap=True)


def conclude(
    finished: Run,
    selected: frozenset[str] | None,
    run_directory: Path,
    console: Console,
    details: bool,
) -> int:
    """Write the files, and print the summary and, last, where they are. Returns the exit code.

    That a report could not be written is said last.
    """
    from conformance.report import SUMMARY, remarks
    from conformance.run.storing import store

    finished = placed(finished, run_directory)
    broken: ReportError | None = None
    try:
        store(finished, selected, run_directory)
    except ReportError as error:
        broken = error
    _add_to_job_summary(run_directory / SUMMARY)
    for sentence in remarks.of(finished):
        say(f"Note: {sentence}", err=True)
    if finished.incomplete and not _judged_anything(finished):
        say(finished.incomplete, err=True)
    else:
        _print_summary(finished, console, details)
    _annotate(finished)
    if broken:
        say(str(broken), err=True)
        return finished.exit_code or broken.exit_code
    say(f"Report: {run_directory / 'report.html'}")
    return finished.exit_code


def placed(finished: Run, run_directory: Path) -> Run:
    """A run whose reports name the directory that it is in."""
    from conformance.report import rerun

    return replace(finished, place=rerun.place_of(run_directory))


def remembered(finished: Run, selected: frozenset[str] | None, directory: Path) -> Run:
    """The run with those before it. A history that cannot be read is a note, and no more."""
    from conformance.run import history_file

    try:
        return history_file.remembered(finished, selected, directory)
    except UsageError as error:
        say(f"Note: the report has no history: {error}", err=True)
        return finished


def remember(finished: Run, selected: frozenset[str] | None, directory: Path) -> None:
    """Add a run to the history next to its directory. One that cannot be written is a note."""
    from conformance.run import history_file

    try:
        history_file.add(history_file.line(finished, selected, directory.name), directory.parent)
    except UsageError as error:
        say(f"Note: the history does not have this run: {error}", err=True)


def _add_to_job_summary(summary: Path) -> None:
    """Add the summary to the page of a job of GitHub Actions, where the run is one."""
    page = os.environ.get("GITHUB_STEP_SUMMARY")
    if not page:
        return
    from conformance.base import stored

    try:
        text = stored.text_of(summary)
        with Path(page).open("a", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        say(f"Note: the job has no summary: {page}: {error.strerror}", err=True)


def _annotate(finished: Run) -> None:
    """In a job of GitHub Actions, mark the worst causes on its page."""
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return
    from conformance.report import github

    for line in github.commands(finished):
        command_runner(line)


def _judged_anything(finished: Run) -> bool:
    """Whether a run came beyond the first look at the target."""
    from conformance.model import PREFLIGHT

    return any(exchange.scenario != PREFLIGHT for exchange in finished.exchanges)


def _print_summary(finished: Run, console: Console, details: bool) -> None:
    """Print the summary in the width and the colours of the terminal."""
    from conformance.report.console import summary

    colour = console.is_terminal and not console.no_color
    width = console.width if console.is_terminal else PIPED
    show(summary(finished, width=width, colour=colour, details=details), colour=colour)
