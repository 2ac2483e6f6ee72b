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
    """What explains a cause: sentences on the ids in it, the chain of a leak, a walk."""

    ids: tuple[str, ...] = ()
    chain: tuple[Link, ...] = ()
    walk: WalkPicture | None = None


NOTHING = Picture()
"""The picture of a cause that needs none."""


def pictures_of(run: Run, shown: Sequence[tuple[Cause, Sequence[Exhibit]]]) -> list[Picture]:
    """The pictures of some causes with their exhibits, in that order. Reads the log once."""
    telling: list[tuple[Cause, Exhibit | None]] = []  # with the exhibit that shows the cause best
    wanted: list[str] = []  # ids
    for cause, exhibits in shown:
        marked = [exhibit for exhibit in exhibits if exhibit.places] or exhibits
        first = marked[0] if marked else None
        telling.append((cause, first))
        if first is not None:
            wanted += owners.ids_in(run, cause, first.exchange)
    known = owners.origins(run, wanted)
    return [_picture(run, cause, exhibit, known) for cause, exhibit in telling]


def _picture(
    run: Run, cause: Cause, exhibit: Exhibit | None, known: Mapping[str, Origin]
) -> Picture:
    """The picture of a cause, given the exhibit that shows it best, and origins by id."""
    if exhibit is None:
        return NOTHING
    ids = owners.explained(run, cause, exhibit.exchange, known)
    chain = chain_of(run, cause.harm, exhibit.exchange, exhibit.places, known)
    found = walk_fault(run, cause.finding)
    return Picture(ids, chain, picture_of(found) if found else None)
