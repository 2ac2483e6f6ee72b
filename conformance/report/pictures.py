"""The pictures of causes: whose the ids are, who saw whose object, and how a walk went wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from conformance.model import Cause, Run
from conformance.report import owners
from conformance.report.exhibit import Exhibit
from conformance.report.leak_picture import Link, chain_of
from conformance.report.owners import Origin
from conformance.report.walk_faults import walk_fault
from conformance.report.walk_picture import WalkPicture, picture_of


@dataclass(frozen=True)
class Picture:
    """What explains a cause: sentences on the ids in it, the chain of a leak, and a walk."""

    ids: tuple[str, ...] = ()
    chain: tuple[Link, ...] = ()
    walk: WalkPicture | None = None


NOTHING = Picture()
"""The picture of a cause that needs none."""


def pictures_of(run: Run, shown: Sequence[tuple[Cause, Sequence[Exhibit]]]) -> list[Picture]:
    """A picture for each of some causes, which come with their exhibits. Scans the log once."""
    best: list[tuple[Cause, Exhibit | None]] = []  # each cause with the exhibit that shows it best
    wanted_ids: list[str] = []
    for cause, exhibits in shown:
        marked = [exhibit for exhibit in exhibits if exhibit.places] or exhibits
        first = marked[0] if marked else None
        best.append((cause, first))
        if first is not None:
            wanted_ids += owners.ids_in(run, cause, first.exchange)
    known = owners.origins(run, wanted_ids)
    return [_picture(run, cause, exhibit, known) for cause, exhibit in best]


def _picture(
    run: Run, cause: Cause, exhibit: Exhibit | None, known: Mapping[str, Origin]
) -> Picture:
    """The picture of a cause. ``exhibit`` shows it best; ``known`` has origins of objects by id."""
    if exhibit is None:
        return NOTHING
    ids = owners.explained(run, cause, exhibit.exchange, known)
    chain = chain_of(run, cause.harm, exhibit.exchange, exhibit.places, known)
    found = walk_fault(run, cause.finding)
    return Picture(ids, chain, picture_of(found) if found else None)
