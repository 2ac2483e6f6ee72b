"""Finds the objects of earlier runs that a run may use again, and puts them in order at its end.

A stored run may be forged, so an object is used only if the target itself shows that one of the
runs created it, as ``clean`` requires before it removes one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from conformance.base.errors import ConformanceError
from conformance.model import Contract, Reuse, Reused, Role, Run
from conformance.reading import (
    Made,
    bodies_sent,
    is_own,
    keys_of,
    made_by,
    members_of,
    sought_in,
)
from conformance.run import runfile
from conformance.run.session import Session
from conformance.scenarios.client.pool import resetting

RUNS = 3
"""Number of latest runs that are read. Each also names the objects that it took over."""
OF_A_KIND = 8
"""Maximum number of objects of a kind that a run uses again: the latest, which lists show first."""


LOOKS = 3 * OF_A_KIND
"""Maximum number of objects of a kind that are looked for, because a stored run may be forged."""


def reusable(session: Session, contract: Contract, directory: Path, turns: int) -> Reuse:
    """The objects of stored runs that the target still shows. Sends only reads.

    ``directory`` is a stored run or holds several; ``contract`` is as loaded. Additional creations
    are spread over ``turns`` runs.
    """
    runs = list(_latest_runs(directory, contract, session.target.declaration.url))
    earlier_turns = [run.reuse.turn for run in runs if run.reuse is not None]  # latest first
    turn = (earlier_turns[0] + 1) % turns if earlier_turns else 0
    return Reuse(still_there(session, runs), turn, turns)


def still_there(session: Session, runs: Collection[Run]) -> tuple[Reused, ...]:
    """The latest objects that the target shows with a mark of one of some runs, oldest first.

    Sends only reads. Objects that no change can put into the state of new ones are left out.
    """
    found: dict[tuple[str, str | int], Reused] = {}  # by kind and id
    looks, counts = Counter[str](), Counter[str]()
    for each in sorted(_left_by(runs), key=lambda made: made.at, reverse=True):
        kind, key = each.kind, (each.kind, each.id)
        if key in found or looks[kind] == LOOKS or counts[kind] == OF_A_KIND:
            continue
        if resetting(session.contract, kind) is None:
            continue
        looks[kind] += 1
        if _is_shown(session, runs, each):
            found[key] = Reused(kind, each.id, each.identity, each.at)
            counts[kind] += 1
    return tuple(reversed(found.values()))


def _latest_runs(directory: Path, contract: Contract, url: str) -> Iterator[Run]:
    """The latest stored runs of the target at a URL, newest first and without verdicts.

    Spot checks and runs that cannot be read are left out.
    """
    if (directory / runfile.RUN).is_file():
        paths = [directory]
    else:
        stored = (path.parent for path in directory.glob(f"*/{runfile.RUN}"))
        paths = sorted((path for path in stored if not path.is_symlink()), reverse=True)
    count = 0
    for path in paths:
        try:
            opened = runfile.open_run(path, contract)
        except ConformanceError:
            continue
        if opened.began.target.url == url and opened.began.spread is None:
            count += 1
            yield runfile.unjudged(opened)
        if count == RUNS:
            return


def _left_by(runs: Iterable[Run]) -> Iterator[Made]:
    """The objects that some runs created and did not remove, or took over from earlier ones."""
    for run in runs:
        yield from made_by(run.contract, run.exchanges)
        for each in run.reuse.objects if run.reuse else ():
            yield Made(each.kind, each.id, each.identity, each.at)


def _is_shown(session: Session, runs: Iterable[Run], made: Made) -> bool:
    """Whether the main key sees an object with the mark of one of the runs. Sends a read."""
    contract, declared = session.contract, session.target.declaration
    look = session.cleaner().look(made.kind, made.id, role=Role.BYSTANDER)
    found, _ = sought_in(contract, look)
    shown = members_of(found)
    return any(
        is_own(contract, declared.inputs, keys_of(run), bodies_sent(run.exchanges), made, shown)
        for run in runs
    )
