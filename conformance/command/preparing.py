"""A run up to its last request: the target, the plan, the question before harm, the run itself."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

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

ROOM = 200
"""Requests, beyond what is planned, of a budget that has room for a first look."""


@contextmanager
def embedded(choice: Choice) -> Iterator[Embedded | None]:
    """The embedded server, starting, if no other target is given. Nothing is sent yet."""
    signals.tell("Stopped. Nothing was sent.")
    if choice.url or choice.target:
        yield None
    elif choice.key or choice.key_file:
        raise UsageError("A key without --url or --target: say which server it belongs to")
    else:
        from conformance.command.embedded import starting

        with starting(choice.spec) as server:
            yield server


def prepared_for(choice: Choice, server: Embedded | None) -> Prepared:
    """The plan for the chosen target, or for the embedded server when it is ready."""
    from conformance.run.planning import prepare, target_of, with_key

    contract = load(choice.spec)  # while the embedded server starts
    if server:
        choice = replace(choice, target=server.target_file())
    target = target_of(contract, with_key(choice))
    for warning in target.warnings:
        say(f"Warning: {warning}", err=True)
    return replace(prepare(contract, target, choice), embedded=server is not None)


def sent(
    prepared: Prepared,
    output: Path,
    console: Console,
    *,
    embedded: bool,
    yes: bool,
    complete: bool = False,
    tries: bool = False,
    look: Look | None = None,
) -> tuple[Run, Path]:
    """Send what was prepared, and judge it; returns the run and its new directory in ``output``.

    A person is asked first, unless ``yes``, or if the server is our own; then what will be sent is
    said. ``look`` is what is looked at before the first case. A run that ``tries`` sends the steps
    of its causes again. Raises UsageError if there is nothing to send, and click.Abort for a no.
    """
    from conformance.command import plan
    from conformance.run import runner

    _check_runnable(prepared)
    if not embedded and not yes:
        confirm(prepared.chosen.requests())
    directory = new_run(
        output, lambda path: runner.begin(prepared, path, require_complete=complete)
    )
    say("\n".join([prepared.announcement, plan.requests(prepared), *plan.bounds(prepared)]))
    nonce = "" if embedded else str(time.time_ns())
    run = runner.run(
        prepared,
        directory,
        console,
        nonce=nonce,
        require_complete=complete,
        cleans=not embedded,
        tries=tries,
        look=look,
    )
    return run, directory


def first_look(prepared: Prepared) -> Look | None:
    """What a run looks at before its first case; None where each request is to serve a case.

    That is so where a person chose some clauses, or where the budget is tight.
    """
    from conformance.examine.examination import first_look as look

    choice, planned = prepared.choice, sum(prepared.chosen.requests().values())
    tight = prepared.target.budget < planned + ROOM
    return None if tight or choice.areas or choice.clauses else look


def _check_runnable(prepared: Prepared) -> None:
    """Raise TargetError without a key, and UsageError if no chosen case can run."""
    from conformance.run.preflight import require_key

    require_key(prepared.target)
    if not prepared.chosen.runnable:
        gaps = dict.fromkeys(f"  {case.gap}" for case in prepared.chosen.cases)
        raise UsageError(
            "\n".join(["Nothing to run: no selected case can run against this target.", *gaps])
        )


def confirm(requests: dict[Effect, int]) -> None:
    """Ask before requests that do more than read.

    Raises click.Abort for a no, and UsageError where there is no terminal to ask on.
    """
    from conformance.model import Effect

    harmful = [
        f"about {count} that {effect}"
        for effect, count in requests.items()
        if count and effect is not Effect.READ
    ]
    if not harmful:
        return
    planned = f"The plan has requests that do more than read: {', '.join(harmful)}."
    if not sys.stdin.isatty():
        raise UsageError(
            f"{planned} Without a terminal nobody can be asked: add --yes, "
            "or allow less under allow: in the target file"
        )
    click.confirm(f"{planned} Go on?", abort=True)
