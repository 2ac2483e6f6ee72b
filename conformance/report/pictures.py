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
    telling = [_telling(exhibits) for _, exhibits in shown]
    wanted: list[str] = []
    for (cause, _), exhibit in zip(shown, telling, strict=True):
        if exhibit is not None:
            wanted += owners.ids_in(run, cause, exhibit.exchange)
    known = owners.origins(run, wanted)
    return [
        NOTHING if exhibit is None else _picture(run, cause, exhibit, known)
        for (cause, _), exhibit in zip(shown, telling, strict=True)
    ]


def _telling(exhibits: Sequence[Exhibit]) -> Exhibit | None:
    """The first exhibit with a mark, or else the first; None without any."""
    marked = [exhibit for exhibit in exhibits if exhibit.places]
    return next(iter([*marked, *exhibits]), None)


def _picture(run: Run, cause: Cause, exhibit: Exhibit, known: Mapping[str, Origin]) -> Picture:
    """The picture of a cause, given the exhibit that shows it and the origins of ids."""
    ids = owners.explained(run, cause, exhibit.exchange, known)
    chain = chain_of(run, cause.harm, exhibit.exchange, exhibit.places, known)
    found = walk_fault(run, cause.finding)
    return Picture(ids, chain, picture_of(found) if found else None)
