"""Prepares and executes a run: target, plan, confirmation before harmful requests, and sending."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.base.clock import Clock, now
from conformance.base.errors import UsageError
from conformance.base.options import Choice
from conformance.command import signals
from conformance.command.commands import load
from conformance.command.concluding import new_run
from conformance.command.saying import say

if TYPE_CHECKING:
    from rich.console import Console

    from conformance.command.embedded import Embedded
    from conformance.model import Effect, Run
    from conformance.run.planning import Prepared
    from conformance.run.pytest_items import Look


@contextmanager
def embedded(choice: Choice) -> Iterator[Embedded | None]:
    """Start the embedded server if no target is given, else yield None. Nothing is sent yet.

    Raises UsageError for a key without a target.
    """
    signals.tell("Stopped. Nothing was sent.")
    if choice.url or choice.target:
        yield None
    elif choice.key or choice.key_file:
        raise UsageError("A key requires --url or --target: specify which server it belongs to.")
    else:
        from conformance.command.embedded import starting

        with starting(choice.spec, choice.edition) as server:
            yield server


def prepared_for(
    choice: Choice, server: Embedded | None, *, aloud: bool = False, clock: Clock = now
) -> Prepared:
    """Plan a run of the chosen target, or of the embedded server once it is ready.

    With ``aloud``, the wait for the server is announced. The run takes its times from ``clock``.
    """
    from conformance.command.reusing import reuse_of
    from conformance.reading import new_salt
    from conformance.run.planning import prepare, target_of, with_key

    # meanwhile the embedded server starts
    contract = load(choice.spec, choice.challenges, choice.edition)
    if server and aloud:
        say(f"Starting the embedded server for {contract.name}")
    if server:
        choice = replace(choice, target=server.target_file())
    target = target_of(contract, with_key(choice), clock().date())
    for warning in target.warnings:
        say(f"Warning: {warning}", err=True)
    prepared = replace(prepare(contract, target, choice), reuse=reuse_of(choice), clock=clock)
    if server:  # without a salt, the texts that a run sends are always the same
        return replace(prepared, embedded=True)
    return replace(prepared, salt=new_salt())


def execute(
    prepared: Prepared,
    output: Path,
    console: Console,
    *,
    yes: bool,
    complete: bool = False,
    tries: bool = False,
    look: Look | None = None,
    page: bool = False,
) -> tuple[Run, Path]:
    """Execute a prepared run and judge it; returns the run and its new directory in ``output``.

    Asks for confirmation first unless ``yes`` is set or the server is the embedded one. ``look``
    examines the target before the first case. With ``complete``, an untested cell makes the exit
    code 3. With ``tries``, the steps of each cause are sent at the end. With ``page``, pytest.html
    is written, too. Spot checks take none of these four. Raises UsageError if there is nothing to
    send, StorageError if a file cannot be written, and click.Abort if the user declines.
    """
    from conformance.run import runner, spreading
    from conformance.run.storing import reporting_full_disk

    prepared = _confirmed(prepared, yes)
    directory = _new_directory(prepared, output, complete)
    _announce(prepared, look)
    with reporting_full_disk(directory):
        if prepared.spread is not None:
            return spreading.run(prepared, directory, say), directory
        run = runner.run(
            prepared,
            directory,
            console,
            require_complete=complete,
            tries=tries,
            look=look,
            page=page,
        )
        return run, directory


def _confirmed(prepared: Prepared, yes: bool) -> Prepared:
    """Ask for confirmation; returns the run with the objects of earlier runs that it may use again.

    Asks nothing if ``yes`` is set or the server is the embedded one. Raises UsageError, TargetError
    or click.Abort if the run cannot begin.
    """
    from conformance.command.reusing import with_objects

    check_runnable(prepared)
    if not prepared.embedded and not yes:
        confirm(prepared.chosen.requests())
    return with_objects(prepared)


def _new_directory(prepared: Prepared, output: Path, complete: bool) -> Path:
    """Create the directory of a prepared run, with what a replay needs if the run is killed."""
    from conformance.run import runner

    def begin(path: Path) -> None:
        runner.begin(prepared, path, require_complete=complete)

    return new_run(output, begin, prepared.clock)


def _announce(prepared: Prepared, look: Look | None) -> None:
    """Print the target and what will be sent to it."""
    from conformance.command import plan

    first = "First look at the target, then " if look else ""
    sending = f"{first}{plan.requests(prepared)}"
    say("\n".join([prepared.announcement, sending, *plan.bounds(prepared)]))


def first_look(prepared: Prepared) -> Look | None:
    """The function that examines the target before the first case of a run; None for no look."""
    from conformance.examine import examination
    from conformance.run.planning import selection_of

    selection = selection_of(prepared.choice, prepared.target)
    is_due = examination.begins_with_look(prepared.chosen, selection)
    return examination.first_look if is_due else None


def check_runnable(prepared: Prepared) -> None:
    """Raise TargetError if there is no key, and UsageError if no chosen case can run."""
    from conformance.run.preflight import require_key

    require_key(prepared.target)
    if not prepared.chosen.runnable:
        gaps = dict.fromkeys(f"  {case.gap}" for case in prepared.chosen.cases)
        raise UsageError(
            "\n".join(["Nothing to run: no selected case can run against this target.", *gaps])
        )


def confirm(requests: dict[Effect, int]) -> None:
    """Ask for confirmation of requests that do more than read.

    Raises click.Abort if the user declines, and UsageError if there is no terminal.
    """
    from conformance.model import Effect

    harmful = [
        f"about {count} that {effect}"
        for effect, count in requests.items()
        if count and effect is not Effect.READ
    ]
    if not harmful:
        return
    planned = f"The plan includes requests that do more than read: {', '.join(harmful)}."
    if not sys.stdin.isatty():
        raise UsageError(
            f"{planned} They require confirmation, but there is no terminal. Add --yes, "
            "or allow less in allow: in the target file."
        )
    click.confirm(f"{planned} Continue?", abort=True)
