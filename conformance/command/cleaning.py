"""``clean``: removes what a run has left on its target, and lists what stays."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.base.errors import Exit
from conformance.base.options import Choice
from conformance.command.choosing import with_target, with_yes
from conformance.command.commands import load
from conformance.command.preparing import confirm, prepared_for
from conformance.command.replay import latest
from conformance.command.sametarget import require_same
from conformance.command.saying import say

if TYPE_CHECKING:
    from conformance.model import Run
    from conformance.reading import Made

LONGEST_ID = 100
"""Characters of an id that are shown."""
UNSEEN = "can be removed, if the target shows that they are this run's (give --target)"
"""What a list without a target says of objects that the API has a way to remove."""


@click.command()
@latest
@with_target
@with_yes
def clean(stored_in: Path, choice: Choice, yes: bool) -> int:
    """Remove what a run has made and left behind, and list what stays.

    Only what the target itself shows to be of that run is removed. Without a target it only lists.
    Exit codes: 0 nothing is left that can be removed, 3 something.
    """
    from conformance.reading import made_by, worked_on
    from conformance.run import runfile

    run = runfile.replay(stored_in, load(choice.spec)).run
    left = made_by(run.contract, run.exchanges)
    named = bool(choice.url or choice.target)
    kept = _removed(choice, run, left, yes) if named else _listed(run, left)
    if not left:
        say("Nothing is left of that run.")
    _say_group("It worked on what was there before", worked_on(run.contract, run.exchanges))
    return Exit.UNJUDGED if kept else Exit.CONFORMS


def _listed(run: Run, left: list[Made]) -> list[Made]:
    """List what a run has left, and return what the API has a way to remove."""
    from conformance.run.leftovers import Standing, removable

    ways = removable(run, left)
    _say_group(UNSEEN, ways)
    _say_group(Standing.STUCK, [each for each in left if each not in ways])
    return ways


def _removed(choice: Choice, run: Run, left: list[Made], yes: bool) -> list[Made]:
    """Remove what the target shows to be of a run. Returns what the API could remove, and stays.

    Raises UsageError for another target than that of the run.
    """
    from conformance.reading import removals
    from conformance.run.leftovers import Standing, standing_of
    from conformance.run.session import Session
    from conformance.transport.http import HttpWire

    prepared = prepared_for(choice, None)
    declaration = prepared.target.declaration
    require_same(run, declaration.url)
    wire = HttpWire(prepared.target.timeout, prepared.target.trust)
    session = Session(prepared, wire, nonce=str(time.time_ns()))
    found = standing_of(session, run, left)
    groups = {one: [each for each in left if found[each] is one] for one in Standing}
    for standing, objects in groups.items():
        _say_group(standing, objects)
    own = groups[Standing.OWN]
    if not yes:
        confirm(Counter(way.effect for _, way in removals(run.contract, own, declaration.allow)))
    gone = session.clean(own)
    kept = [each for each in own if each not in gone]
    _say_group("removed", gone)
    _say_group("not removed: the target kept it", kept)
    return [*kept, *groups[Standing.UNPROVEN], *groups[Standing.BARRED]]


def _say_group(title: str, objects: Iterable[Made]) -> None:
    """Say what some objects have in common, and their ids by kind; nothing where there is none."""
    lines = listed(objects)
    if lines:
        say("\n".join([f"{title[0].upper()}{title[1:]}:", *lines]))


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
    from conformance.base.text import amount

    counts = Counter(each.kind for each in objects)
    return ", ".join(amount(count, kind) for kind, count in sorted(counts.items()))


def listed(left: Iterable[Made]) -> list[str]:
    """A line for each kind, with the ids of what is left of it."""
    from conformance.report import view

    by_kind: dict[str, list[str]] = {}
    for each in left:
        by_kind.setdefault(each.kind, []).append(view.shown(str(each.id), LONGEST_ID))
    return [f"{kind} ({len(ids)}): {' '.join(ids)}" for kind, ids in by_kind.items()]
