"""The commands ``run`` and ``plan``, and the entry point of all commands."""

from __future__ import annotations

import gc
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance import __version__
from conformance.base import files
from conformance.base.clock import Clock, now
from conformance.base.errors import ConformanceError, Exit, UsageError
from conformance.base.options import Choice
from conformance.command import (
    certify,
    challenge,
    cleaning,
    commands,
    comparing,
    doctor,
    drifting,
    explaining,
    fleet,
    freeze,
    history,
    init,
    merge,
    nightly,
    profiles,
    registry,
    replay,
    rerunning,
    signals,
    spotting,
    verify,
    waivers,
)
from conformance.command.binding import Binding, with_binding
from conformance.command.choosing import (
    with_choice,
    with_details,
    with_output,
    with_strict_waivers,
    with_yes,
)
from conformance.command.concluding import (
    add_to_history,
    conclude,
    strict_exit_code,
    terminal,
    with_history,
)
from conformance.command.directory import prune
from conformance.command.preparing import embedded, execute, first_look, prepared_for
from conformance.command.saying import print_json, say

if TYPE_CHECKING:
    from conformance.model import Run

GARBAGE = 50_000
"""New objects after which Python looks for garbage; usually 700.

The evidence of a run is large and stays, so looking often would take a fifth of the time.
"""


def outcome(arguments: Sequence[str] | None = None, clock: Clock = now) -> int:
    """Run the command and return a documented exit code.

    ``arguments`` defaults to those of the process, and ``clock`` gives the moments of a night. Each
    expected error is reported as one message. Files that the command writes are readable by their
    owner only.
    """
    gc.set_threshold(GARBAGE)
    try:
        return _outcome(arguments, clock)
    except Exception as error:
        _report_bug(error)
        return Exit.UNJUDGED


def _outcome(arguments: Sequence[str] | None, clock: Clock) -> int:
    """Run the command and return its exit code. Prints every expected error, and lets others pass.

    If whoever read stdout is gone, what is still to be printed goes nowhere.
    """
    try:
        with files.private():
            status = group.main(args=arguments, standalone_mode=False, obj=clock)
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


def _report_bug(error: Exception) -> None:
    """Print the traceback of a bug in the suite, made safe because it may quote the target."""
    say("".join(traceback.format_exception(error)), err=True)
    say("This is a bug in the suite; please report it. The log so far is kept.", err=True)


class Sections(click.Group):
    """A group whose help lists the commands by what they are for."""

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a section for each purpose, with all descriptions in one column."""
        width = max(len(name) for name in self.commands)
        for purpose, described in COMMANDS.items():
            with formatter.section(purpose):
                rows = [(f"{each.name:<{width}}", text) for each, text in described.items()]
                formatter.write_dl(rows)


@click.group(cls=Sections, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="kaicalls-conformance")
def group() -> None:
    """Check whether a server conforms to an API contract, clause by clause.

    Exit codes: 0 no failure found, 1 a MUST is broken, 2 invalid usage, contract or target file,
    3 could not be judged.
    """


@click.command()
@with_choice
@spotting.with_spread
@with_yes
@click.option(
    "--try-steps",
    is_flag=True,
    help="At the end, resend the requests that reproduce each cause, and report the responses.",
)
@click.option(
    "--require-complete",
    is_flag=True,
    help="Exit 3 if any cell is untested, or if something works that the file declares absent.",
)
@click.option(
    "--durations", is_flag=True, help="Print requests and seconds per clause, area and scenario."
)
@click.option(
    "--baseline",
    type=replay.RUN,
    help="A stored run to compare with: exit 1 only for failures that are new since that run.",
)
@click.option(
    "--keep", type=click.IntRange(1), help="Keep this many runs in --output; remove older ones."
)
@click.option(
    "--pytest-html",
    "page",
    is_flag=True,
    help="Also write pytest.html, for developers of the suite.",
)
@with_strict_waivers
@with_binding
@with_details
@with_output
def run(
    choice: Choice,
    binding: Binding,
    yes: bool,
    try_steps: bool,
    require_complete: bool,
    durations: bool,
    baseline: Path | None,
    keep: int | None,
    page: bool,
    strict_waivers: bool,
    details: bool,
    output: Path,
) -> int:
    """Run the suite against --target, or --url and --key; by default the embedded server."""
    _require_whole_causes(choice, try_steps)
    older = comparing.opened_baseline(baseline, choice) if baseline else None
    with embedded(choice) as server:
        prepared = binding.of(prepared_for(choice, server, aloud=True))
        finished, directory = execute(
            prepared,
            output,
            terminal(),
            yes=yes,
            complete=require_complete,
            tries=try_steps,
            look=first_look(prepared),
            page=page,
        )
    if durations:
        _say_durations(finished)
    finished = with_history(finished, prepared.selected, directory)
    if not server:  # the embedded server is gone, with everything on it
        cleaning.note_left(finished, directory)
    if baseline and older:
        finished, _ = comparing.with_baseline(finished, older, baseline)
    code = conclude(finished, prepared.selected, directory, terminal(), details)
    add_to_history(finished, prepared.selected, directory)
    prune(output, keep, baseline)
    return strict_exit_code(finished, code) if strict_waivers else code


def _require_whole_causes(choice: Choice, try_steps: bool) -> None:
    """Raise UsageError if a shard is to repeat steps."""
    if try_steps and choice.shard:
        raise UsageError(
            "--try-steps cannot be used with --shard: a shard sees only a part of each cause"
        )


def _say_durations(finished: Run) -> None:
    from conformance.report.console import durations

    say(durations(finished))


@click.command()
@with_choice
@click.option("--cases", is_flag=True, help="List every case.")
@click.option("--json", "as_json", is_flag=True, help="Print the cases and counts as JSON.")
def plan(choice: Choice, cases: bool, as_json: bool) -> None:
    """Show what a run would do: cases, cells, requests and effects. Sends no requests."""
    with embedded(choice) as server:
        from conformance.command import plan

        prepared = prepared_for(choice, server)
        if as_json:
            print_json(plan.all_as_data(prepared))
        else:
            say(plan.text(prepared, cases))


COMMANDS: Mapping[str, Mapping[click.Command, str]] = {
    "Judge": {
        init.init: "Write a target file for you to complete.",
        doctor.doctor: "Check a target file: keys, businesses, lists, clock.",
        drifting.drift: "Compare a target's OpenAPI document with the contract.",
        plan: "Show what a run would send, without sending it.",
        run: "Judge a target, or without one the embedded server.",
        merge.merge: "Combine the shards of a run.",
        nightly.nightly: "Judge a target every night: say only what changed.",
        waivers.waivers: "List the waivers that expire soon.",
        cleaning.clean: "Remove what a run created and left behind.",
    },
    "Read": {
        replay.open_: "Open the report of a run in the browser.",
        explaining.explain_: "Explain a clause, or a cause of a run.",
        commands.clauses_: "List the clauses of the contract.",
        commands.operations_: "List the operations of the contract.",
        profiles.profiles_: "List the profiles, or what a run lacks to meet them.",
        comparing.compare: "Show what changed between two runs, and why.",
        history.history: "List all runs in a directory of reports.",
        replay.export: "Export a run in the format of another tool.",
        challenge.challenge: "Pack what a dispute about a finding needs.",
    },
    "Repeat": {
        rerunning.rerun: "Send the requests of a failure again: is it fixed?",
        replay.replay: "Judge a stored run again, as a new run.",
        replay.report: "Judge a stored run again, in place.",
    },
    "Certify": {
        freeze.freeze: "Commit to a build and a target file.",
        freeze.challenge_run: "Draw nonce and seed for a vendor's run.",
        certify.certify: "Sign a run that meets a profile, as a bundle.",
        verify.verify: "Check a bundle without network: what does it certify?",
        registry.registry: "Publish verified bundles as a site.",
    },
    "Many targets": {
        fleet.fleet: "Plan, run and collect the suite for many targets.",
    },
    "Develop": {
        commands.serve: "Start the reference server, a sandbox for clients.",
    },
}
"""The commands by what they are for, each with its line in the help of the whole program."""

for _together in COMMANDS.values():
    for _command in _together:
        group.add_command(_command)
