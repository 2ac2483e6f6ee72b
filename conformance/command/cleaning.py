"""``clean``: removes what a run has left on its target, and lists what stays."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.command.choosing import with_target, with_yes
from conformance.command.commands import load
from conformance.command.preparing import confirm, prepared_for
from conformance.command.saying import say
from conformance.command.storedruns import latest
from conformance.errors import Exit, UsageError
from conformance.options import Choice

if TYPE_CHECKING:
    from conformance.model import Run
    from conformance.reading import Made


@click.command()
@latest
@with_target
@with_yes
def clean(stored_in: Path, choice: Choice, yes: bool) -> int:
    """Remove what a run has made and left behind, and list what the API has no way to remove.

    Without a target it only lists. Exit codes: 0 nothing is left that can be removed, 3 something.
    """
    from conformance.reading import made_by, removals, worked_on
    from conformance.run import runfile

    run = runfile.replay(stored_in, load(choice.spec)).run
    left = made_by(run.contract, run.exchanges)
    if choice.url or choice.target:
        left = _removed(choice, run, left, yes)
    say("\n".join(listed(left)) or "Nothing is left of that run.")
    older = listed(worked_on(run.contract, run.exchanges))
    if older:
        say("\n".join(["It worked on what was there before:", *older]))
    return Exit.UNJUDGED if removals(run.contract, left, run.target.allow) else Exit.CONFORMS


def _removed(choice: Choice, run: Run, left: list[Made], yes: bool) -> list[Made]:
    """What is left once all that can be removed has been. Raises UsageError for another target."""
    from conformance.reading import made_by, removals
    from conformance.run.session import Session
    from conformance.transport.http import HttpWire

    prepared = prepared_for(choice, None)
    if prepared.target.declaration.url != run.target.url:
        raise UsageError(
            f"That run was of {run.target.url}, not of {prepared.target.declaration.url}: "
            "give the target that it was sent to"
        )
    if not yes:
        found = removals(run.contract, left, prepared.target.declaration.allow)
        confirm(Counter(deletion.effect for _, deletion in found))
    wire = HttpWire(prepared.target.timeout, prepared.target.trust)
    session = Session(prepared, wire, nonce=str(time.time_ns()))
    session.clean(left)
    return made_by(run.contract, [*run.exchanges, *session.log.exchanges])


def note_left(run: Run, directory: Path) -> None:
    """Say what a run has left on its target, by kind, and how to see more."""
    from conformance.reading import made_by, worked_on

    again = f"`kaicalls-conformance clean {directory}` lists it"
    left = _counted(made_by(run.contract, run.exchanges))
    if left:
        say(f"Note: the run has left on the target: {left}; {again}", err=True)
    older = _counted(worked_on(run.contract, run.exchanges))
    if older:
        say(f"Note: the run has worked on what was there before: {older}; {again}", err=True)


def _counted(objects: Iterable[Made]) -> str:
    """How many objects there are of each kind."""
    from conformance.text import amount

    counts = Counter(each.kind for each in objects)
    return ", ".join(amount(count, kind) for kind, count in sorted(counts.items()))


def listed(left: Iterable[Made]) -> list[str]:
    """A line for each kind, with the ids of what is left of it."""
    by_kind: dict[str, list[str]] = {}
    for each in left:
        by_kind.setdefault(each.kind, []).append(str(each.id))
    return [f"{kind} ({len(ids)}): {' '.join(ids)}" for kind, ids in by_kind.items()]
