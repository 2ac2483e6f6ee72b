"""The state between two nights: what was said already, and what still has to be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from conformance.nightly.notices import Message

FORMAT = 1
RECENT = 10
"""Number of nights over which a cause may prove unstable."""


@dataclass(frozen=True)
class Place:
    """Where a part of a cause is: its method and path, and the cell that shows it there."""

    route: str
    cell: str


@dataclass(frozen=True)
class Open:
    """A cause that was reported as new, and is not fixed yet. See ``facts.Seen``."""

    words: str
    cell: str
    parts: tuple[str, ...] = ()
    title: str = ""
    places: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True)
class Good:
    """The last good night: the name of its run directory, and the number of judged cells."""

    run: str
    judged: int


@dataclass(frozen=True)
class State:
    """What the nights of one target remember. Moments are ISO 8601.

    ``target`` is the address, ``name`` the name of the target, and ``scope`` the depth and the
    selection. ``began`` is when the last night began, and ``ended`` when the last night that
    arrived had ended. ``judged`` is the number of cells that the last complete night judged, and
    ``stopped`` the number of nights since then that could not be judged to the end. ``recent`` has
    the ids of the open parts after each of the last nights, see ``following``, and ``unstable`` the
    words of unstable parts by id. ``lost`` are the clauses that were reported as untested, and
    ``said`` the dates that were announced. ``unsent`` are messages that some channel has not
    received. ``drift`` has the ids of the last drift, None before one was seen.
    """

    target: str
    scope: str
    format: int = FORMAT
    began: str = ""
    ended: str = ""
    judged: int = 0
    stopped: int = 0
    good: Good | None = None
    open: Mapping[str, Open] = field(default_factory=dict)
    recent: tuple[tuple[str, ...], ...] = ()
    unstable: Mapping[str, str] = field(default_factory=dict)
    lost: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    unsent: tuple[Message, ...] = ()
    drift: tuple[str, ...] | None = None
    name: str = ""
