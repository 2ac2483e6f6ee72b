"""The end of a run: writes its files and prints its findings."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.base.clock import Clock, now
from conformance.base.errors import Exit, ReportError, StorageError, UsageError
from conformance.command import directory, signals
from conformance.command.saying import command_runner, say, show

if TYPE_CHECKING:
    from rich.console import Console

    from conformance.model import Run


PIPED = 240
"""Columns used if stdout is not a terminal: log viewers wrap lines themselves."""


def new_run(output: Path, begin: Callable[[Path], None], clock: Clock = now) -> Path:
    """Create the directory of a run. It can be replayed however the command ends from now on."""
    from conformance.base.text import clean

    run_directory = directory.new(output, begin, clock)
    hint = f"Run `kaicalls-conformance replay {run_directory}` to judge what was logged."
    signals.tell(clean(f"Stopped before the run was judged and all reports were written. {hint}"))
    return run_directory


def terminal() -> Console:
    """The console on stdout."""
    from rich.console import Console

    return Console(file=sys.stdout, highlight=False, soft_wrap=True)


def conclude(
    finished: Run,
    selected: frozenset[str] | None,
    run_directory: Path,
    console: Console,
    details: bool,
) -> int:
    """Write the files, print the summary and, last, the path of the report; returns the exit code.

    ``selected`` has the ids of the chosen cases, None for all. If a file could not be written, that
    error is printed in place of the path. For a run that stopped at its first look at the target,
    the reason is printed in place of the summary.
    """
    from conformance.report import SUMMARY
    from conformance.run.storing import store

    finished = placed(finished, run_directory)
    not_written: ReportError | StorageError | None = None
    try:
        store(finished, selected, run_directory)
    except (ReportError, StorageError) as error:
        not_written = error
    _add_to_job_summary(run_directory / SUMMARY)
    if finished.incomplete and not _went_beyond_first_look(finished):
        _print_failure(finished, finished.incomplete)
    else:
        _print_summary(finished, console, details)
    _annotate(finished)
    if not_written:
        say(str(not_written), err=True)
        return finished.exit_code or not_written.exit_code
    say(f"  {Path(finished.place) / 'report.html'}")
    return finished.exit_code


def strict_exit_code(finished: Run, code: int) -> int:
    """The exit code of a run under --strict-waivers; ``code`` is the one without this option.

    If a waiver has to be changed or removed, prints which, and returns 2.
    """
    from conformance.base.text import amount
    from conformance.report import waivers

    wrong = [each for each in waivers.idle(finished) if each.is_wrong]
    if not wrong:
        return code
    number = amount(len({each.waiver for each in wrong}), "waiver")
    lines = [f"--strict-waivers: {number} without effect. Change the target file:"]
    say("\n".join([*lines, *(f"  {each.text}" for each in wrong)]), err=True)
    return Exit.USAGE


def placed(finished: Run, run_directory: Path) -> Run:
    """The run with its ``place``: the path of its directory, as reports name it."""
    from conformance.report import rerun

    return replace(finished, place=rerun.place_of(run_directory))


def with_history(finished: Run, selected: frozenset[str] | None, directory: Path) -> Run:
    """The run with the earlier runs, for its report, from the history next to its directory.

    If the history cannot be read, prints a note, and returns the run unchanged.
    """
    from conformance.run import history_file

    try:
        return history_file.with_history(finished, selected, directory)
    except UsageError as error:
        say(f"Note: the report has no history: {error}", err=True)
        return finished


def add_to_history(finished: Run, selected: frozenset[str] | None, directory: Path) -> None:
    """Add a run to the history next to its directory. A failure to write only causes a note."""
    from conformance.run import history_file

    try:
        entry = history_file.entry_of(finished, selected, directory.name)
        history_file.add(entry, directory.parent)
    except UsageError as error:
        say(f"Note: this run was not added to the history: {error}", err=True)


def _add_to_job_summary(summary: Path) -> None:
    """Append the summary file of a run to the page of the GitHub Actions job, if this is one.

    A failure only causes a note.
    """
    page = os.environ.get("GITHUB_STEP_SUMMARY")
    if not page:
        return
    from conformance.base import stored

    try:
        text = stored.text_of(summary)
        with Path(page).open("a", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        say(f"Note: the summary was not added to the job: {page}: {error.strerror}", err=True)


def _annotate(finished: Run) -> None:
    """In a job of GitHub Actions, annotate its page with the most severe causes."""
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return
    from conformance.report import github

    for line in github.commands(finished):
        command_runner(line)


def _went_beyond_first_look(finished: Run) -> bool:
    """Whether a run sent anything beyond its first look at the target."""
    from conformance.model import PREFLIGHT

    return any(exchange.scenario != PREFLIGHT for exchange in finished.exchanges)


def _print_failure(finished: Run, why: str) -> None:
    """Print why the target could not be judged at all."""
    from conformance.report import remarks

    for sentence in remarks.of(finished):
        say(f"Note: {sentence}", err=True)
    say(why, err=True)


def _print_summary(finished: Run, console: Console, details: bool) -> None:
    """Print the summary, fitted to the width and colours of the terminal."""
    from conformance.report.console import summary

    colour = console.is_terminal and not console.no_color
    width = console.width if console.is_terminal else PIPED
    show(summary(finished, width=width, colour=colour, details=details), colour=colour)
