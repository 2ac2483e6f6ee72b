"""The commands that look at a target, and the entry point of all commands."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance import __version__, files
from conformance.command import commands, comparing, directory, signals
from conformance.command.choosing import with_choice, with_details, with_output, with_spec
from conformance.command.commands import load
from conformance.command.saying import hand_out, say, show
from conformance.errors import ConformanceError, Exit, UsageError
from conformance.options import Choice

if TYPE_CHECKING:
    from rich.console import Console

    from conformance.command.embedded import Embedded
    from conformance.model import Effect, Run
    from conformance.run.planning import Prepared


def outcome() -> int:
    """Run the command: every foreseen error is one message. Returns a documented exit code.

    What it writes belongs to the user alone.
    """
    sys.excepthook = _tell_bug
    try:
        with files.private():
            status = group.main(standalone_mode=False)
        return status if isinstance(status, int) else 0
    except click.ClickException as error:
        error.show()
        return Exit.USAGE
    except (click.Abort, KeyboardInterrupt):
        say(signals.last_words(), err=True)
        return Exit.UNJUDGED
    except ConformanceError as error:
        say(str(error), err=True)
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.UNJUDGED
    except OSError as error:
        say(f"{error.filename or 'A file'}: {error.strerror}", err=True)
        return Exit.USAGE


def _tell_bug(_kind: object, error: BaseException, _trace: object) -> None:
    """Print the traceback of a bug of ours. Its message may quote the target."""
    say("".join(traceback.format_exception(error)), err=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="kaicalls-conformance")
def group() -> None:
    """Judge whether a server keeps an API contract, clause by clause.

    Exit codes: 0 conforms, 1 a MUST is broken, 2 wrong usage, spec or target file,
    3 could not judge.
    """


@group.command()
@with_choice
@click.option("--yes", is_flag=True, help="Never ask before requests that write, spend or flood.")
@click.option("--require-complete", is_flag=True, help="Exit 3 if any cell is untested.")
@click.option(
    "--durations", is_flag=True, help="Print requests and seconds by clause, area and scenario."
)
@click.option(
    "--baseline", type=comparing.RUN, help="A stored run: exit 1 only for failures it did not have."
)
@with_details
@with_output
def run(
    choice: Choice,
    yes: bool,
    require_complete: bool,
    durations: bool,
    baseline: Path | None,
    details: bool,
    output: Path,
) -> int:
    """Run the suite: against the embedded server, or against --url and --key, or --target."""
    signals.tell("Stopped. Nothing was sent.")
    if baseline:
        comparing.require_run(baseline)
    with _embedded(choice) as server:
        prepared = _prepared(choice, server)
        _check_runnable(prepared)
        if not server and not yes:
            _confirm(prepared.chosen.requests())
        from conformance.run import runner

        begin = partial(runner.begin, prepared, require_complete=require_complete)
        run_directory = _new_run(output, begin)
        console = _console()
        say(prepared.announcement)
        finished = runner.run(
            prepared,
            run_directory,
            console,
            nonce="" if server else str(time.time_ns()),
            require_complete=require_complete,
        )
    if durations:
        from conformance.report.console import durations as by_duration

        say(by_duration(finished))
    code = _conclude(finished, prepared.selected, run_directory, console, details)
    if baseline:
        return comparing.since(baseline, run_directory, load(choice.spec), finished)
    return code


@group.command()
@click.argument("stored_in", metavar="RUN", type=comparing.RUN)
@with_spec
@with_details
@with_output
def replay(stored_in: Path, spec: Path | None, details: bool, output: Path) -> int:
    """Judge a stored run again, from its evidence log alone; same files and exit code."""
    from conformance.run import runfile

    console = _console()
    stored = runfile.replay(stored_in, load(spec))
    say(f"{stored.run.contract.name}, judged again: {stored.run.target.url}")
    if stored.other_contract:
        say(f"Note: {stored.other_contract}", err=True)
    again = _new_run(output, partial(runfile.copy, stored, stored_in))
    return _conclude(stored.run, stored.selected, again, console, details)


@group.command()
@with_choice
@click.option("--cases", is_flag=True, help="List every case.")
@click.option("--json", "as_json", is_flag=True, help="The cases and counts as JSON.")
def plan(choice: Choice, cases: bool, as_json: bool) -> None:
    """Say what a run would do: tests, cells, requests and effects. Sends nothing to the target."""
    with _embedded(choice) as server:
        from conformance.command import foretold

        prepared = _prepared(choice, server)
        if as_json:
            hand_out(foretold.as_data(prepared.chosen))
        else:
            say(foretold.text(prepared, cases))


for _command in (
    commands.explain_,
    commands.clauses_,
    commands.operations_,
    commands.init,
    commands.serve,
    comparing.compare,
):
    group.add_command(_command)


@contextmanager
def _embedded(choice: Choice) -> Iterator[Embedded | None]:
    """The embedded server, starting, if no other target is given."""
    if choice.url or choice.target:
        yield None
    elif choice.key or choice.key_file:
        raise UsageError("A key without --url or --target: say which server it belongs to")
    else:
        from conformance.command.embedded import starting

        with starting(choice.spec) as server:
            yield server


def _prepared(choice: Choice, server: Embedded | None) -> Prepared:
    """The plan for the chosen target, or for the embedded server when it is ready."""
    from conformance.run.planning import prepare, target_of, with_key

    contract = load(choice.spec)  # while the embedded server starts
    if server:
        choice = replace(choice, target=server.target_file())
    target = target_of(contract, with_key(choice))
    for warning in target.warnings:
        say(f"Warning: {warning}", err=True)
    return prepare(contract, target, choice)


def _check_runnable(prepared: Prepared) -> None:
    """Raise TargetError without a key, and UsageError if no chosen case can run."""
    from conformance.run.preflight import require_key

    require_key(prepared.target)
    if not prepared.chosen.runnable:
        gaps = dict.fromkeys(f"  {case.gap}" for case in prepared.chosen.cases)
        raise UsageError(
            "\n".join(["Nothing to run: no selected case can run against this target.", *gaps])
        )


def _confirm(requests: dict[Effect, int]) -> None:
    """On a terminal, ask before requests that do more than read. Raises click.Abort for a no."""
    from conformance.model import Effect

    harmful = [
        f"about {count} that {effect}"
        for effect, count in requests.items()
        if count and effect is not Effect.READ
    ]
    if harmful and sys.stdin.isatty():
        question = f"The plan has requests that do more than read: {', '.join(harmful)}. Go on?"
        click.confirm(question, abort=True)


def _console() -> Console:
    from rich.console import Console

    return Console(file=sys.stdout, highlight=False, soft_wrap=True)


def _new_run(output: Path, begin: Callable[[Path], None]) -> Path:
    """A new directory of a run. Whatever ends the command from now on, it can be replayed."""
    from conformance.text import clean

    run_directory = directory.new(output, begin)
    again = f"`kaicalls-conformance replay {run_directory}` judges what was logged"
    signals.tell(clean(f"Stopped. The run is not judged, or its reports are not written: {again}."))
    return run_directory


def _conclude(
    finished: Run,
    selected: frozenset[str] | None,
    run_directory: Path,
    console: Console,
    details: bool,
) -> int:
    """Write the files, and print the summary and, last, where they are. Returns the exit code."""
    from conformance.report import SUMMARY, remarks, write_all
    from conformance.run import runfile

    runfile.write(finished, selected, run_directory)
    write_all(finished, run_directory)
    _add_to_job_summary(run_directory / SUMMARY)
    for sentence in remarks.of(finished):
        say(f"Note: {sentence}", err=True)
    if finished.incomplete and not _judged_anything(finished):
        say(finished.incomplete, err=True)
    else:
        _print_summary(finished, console, details)
    say(f"Report: {run_directory / 'report.html'}")
    return finished.exit_code


def _add_to_job_summary(summary: Path) -> None:
    """Add the summary to the page of a job of GitHub Actions, where the run is one."""
    page = os.environ.get("GITHUB_STEP_SUMMARY")
    if not page:
        return
    try:
        with Path(page).open("a", encoding="utf-8") as stream:
            stream.write(summary.read_text(encoding="utf-8"))
    except OSError as error:
        say(f"Note: the job has no summary: {page}: {error.strerror}", err=True)


def _judged_anything(finished: Run) -> bool:
    from conformance.model import PREFLIGHT

    return any(exchange.scenario != PREFLIGHT for exchange in finished.exchanges)


def _print_summary(finished: Run, console: Console, details: bool) -> None:
    from conformance.report.console import summary

    colour = console.is_terminal and not console.no_color
    width = console.width if console.is_terminal else 100
    show(summary(finished, width=width, colour=colour, details=details), colour=colour)
