"""``clean``: removes what a run left behind on its target, and lists what remains."""

from __future__ import annotations

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
"""Maximum number of characters shown of an id."""
UNSEEN = "can be removed if the target confirms that this run created them (pass --target)"
"""The heading, in a list without a target, of objects that the API can remove."""


@click.command()
@latest
@with_target
@with_yes
def clean(stored_in: Path, choice: Choice, yes: bool) -> int:
    """Remove the objects that a run created and left behind, and list those that remain.

    An object is removed only if the target itself shows that this run created it. Without a target
    the command only lists them. Exit codes: 0 nothing is left, 3 something is, even if the API
    cannot remove it.
    """
    from conformance.reading import made_by
    from conformance.run import runfile

    run = runfile.replay(stored_in, load(choice.spec)).run
    left = made_by(run.contract, run.exchanges)
    has_target = bool(choice.url or choice.target)
    remaining = _remove(choice, run, left, yes) if has_target else _list(run, left)
    if not left:
        say("That run left nothing behind.")
    _say_group("changed or acted on pre-existing objects", _preexisting(run))
    return Exit.UNJUDGED if remaining else Exit.CONFORMS


def _list(run: Run, left: list[Made]) -> list[Made]:
    """Print what a run left behind, by whether the API can remove it; returns all of it."""
    from conformance.run.leftovers import Standing, removable

    can_go = removable(run, left)
    stuck = [each for each in left if each not in can_go]
    _say_group(UNSEEN, can_go)
    _say_group(Standing.STUCK, stuck)
    _say_stuck(stuck)
    return left


def _remove(choice: Choice, run: Run, left: list[Made], yes: bool) -> list[Made]:
    """Remove those of the ``left`` objects of which the target shows that this run created them.

    Prints all objects, grouped by what became of them, and returns those that may still be there.
    Raises UsageError if the target is not the one of the run.
    """
    from conformance.reading import removals
    from conformance.run.leftovers import Standing, standing_of
    from conformance.run.session import Session
    from conformance.transport.http import HttpWire

    prepared = prepared_for(choice, None)
    declaration = prepared.target.declaration
    require_same(run, declaration.url)
    wire = HttpWire(prepared.target.timeout, prepared.target.trust)
    session = Session(prepared, wire)
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
    _say_group("not removed: the target kept them", kept)
    _say_stuck(groups[Standing.STUCK])
    barred, stuck = groups[Standing.BARRED], groups[Standing.STUCK]
    return [*kept, *groups[Standing.UNPROVEN], *barred, *stuck]


def _say_stuck(objects: Iterable[Made]) -> None:
    """Print how many objects the API cannot remove, by kind; nothing if there are none."""
    counted = _counted(objects)
    if counted:
        say(f"This API cannot remove {counted}.")


def _say_group(title: str, objects: Iterable[Made]) -> None:
    """Print a heading and the ids of some objects by kind; nothing if there are none."""
    lines = listed(objects)
    if lines:
        say("\n".join([f"{title[0].upper()}{title[1:]}:", *lines]))


def note_left(run: Run, directory: Path) -> None:
    """Print how many objects a run left on its target, and how many older ones it worked on.

    They are counted by kind. Each note names the command that lists them.
    """
    from conformance.reading import made_by

    hint = f"`kaicalls-conformance clean {directory}` lists them"
    left = _counted(made_by(run.contract, run.exchanges))
    if left:
        say(f"Note: the run left objects on the target: {left}; {hint}", err=True)
    older = _counted(_preexisting(run))
    if older:
        say(f"Note: the run changed or acted on pre-existing objects: {older}; {hint}", err=True)


def _preexisting(run: Run) -> list[Made]:
    """The objects that a run worked on and that neither it nor an earlier run had created."""
    from conformance.reading import worked_on

    reused = {(each.kind, each.id) for each in run.reuse.objects} if run.reuse else set()
    found = worked_on(run.contract, run.exchanges)
    return [each for each in found if (each.kind, each.id) not in reused]


def _counted(objects: Iterable[Made]) -> str:
    """The number of objects of each kind, as text; empty without objects."""
    from conformance.base.text import amount

    counts = Counter(each.kind for each in objects)
    return ", ".join(amount(count, kind) for kind, count in sorted(counts.items()))


def listed(left: Iterable[Made]) -> list[str]:
    """One line per kind, with the ids of its remaining objects."""
    from conformance.report import view

    by_kind: dict[str, list[str]] = {}
    for each in left:
        by_kind.setdefault(each.kind, []).append(view.shown(str(each.id), LONGEST_ID))
    return [f"{kind} ({len(ids)}): {' '.join(ids)}" for kind, ids in by_kind.items()]
