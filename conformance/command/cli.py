"""The commands that look at a target, and the entry point of all commands."""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path

import click

from conformance import __version__, files
from conformance.command import (
    beginning,
    commands,
    comparing,
    doctor,
    past,
    rerunning,
    signals,
    storedruns,
)
from conformance.command.choosing import with_choice, with_details, with_output, with_yes
from conformance.command.commands import load
from conformance.command.concluding import conclude, remember, remembered, terminal
from conformance.command.directory import prune
from conformance.command.preparing import embedded, prepared_for, sent
from conformance.command.saying import hand_out, say
from conformance.errors import ConformanceError, Exit
from conformance.options import Choice


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
@with_yes
@click.option("--require-complete", is_flag=True, help="Exit 3 if any cell is untested.")
@click.option(
    "--durations", is_flag=True, help="Print requests and seconds by clause, area and scenario."
)
@click.option(
    "--baseline",
    type=storedruns.RUN,
    help="A stored run: exit 1 only for failures it did not have.",
)
@click.option(
    "--keep", type=click.IntRange(1), help="Remove older runs from --output: keep only so many."
)
@with_details
@with_output
def run(
    choice: Choice,
    yes: bool,
    require_complete: bool,
    durations: bool,
    baseline: Path | None,
    keep: int | None,
    details: bool,
    output: Path,
) -> int:
    """Run the suite: against the embedded server, or against --url and --key, or --target."""
    if baseline:
        comparing.require_run(baseline)
    console = terminal()
    with embedded(choice) as server:
        prepared = prepared_for(choice, server)
        finished, directory = sent(
            prepared, output, console, embedded=bool(server), yes=yes, complete=require_complete
        )
    if durations:
        from conformance.report.console import durations as by_duration

        say(by_duration(finished))
    finished = remembered(finished, prepared.selected, directory)
    code = conclude(finished, prepared.selected, directory, console, details)
    remember(finished, prepared.selected, directory)
    if keep:
        prune(output, keep, baseline)
    if baseline:
        return comparing.since(baseline, directory, load(choice.spec), finished)
    return code


@group.command()
@with_choice
@click.option("--cases", is_flag=True, help="List every case.")
@click.option("--json", "as_json", is_flag=True, help="The cases and counts as JSON.")
def plan(choice: Choice, cases: bool, as_json: bool) -> None:
    """Say what a run would do: tests, cells, requests and effects. Sends nothing to the target."""
    with embedded(choice) as server:
        from conformance.command import foretold

        prepared = prepared_for(choice, server)
        if as_json:
            hand_out(foretold.as_data(prepared.chosen))
        else:
            say(foretold.text(prepared, cases))


for _command in (
    commands.explain_,
    commands.clauses_,
    commands.operations_,
    beginning.init,
    commands.serve,
    doctor.doctor,
    comparing.compare,
    storedruns.replay,
    storedruns.report,
    storedruns.open_,
    storedruns.export,
    rerunning.rerun,
    past.history,
):
    group.add_command(_command)
