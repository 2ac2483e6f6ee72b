"""Reuse: a run works on objects that earlier runs left, in place of new ones."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reused:
    """An object that an earlier run created and that the target still shows with its mark.

    ``identity`` is the key it was created with, and ``at`` the time when the creating request was
    sent (ISO 8601).
    """

    kind: str
    id: str | int
    identity: str | None
    at: str


@dataclass(frozen=True)
class Reuse:
    """The objects that a run may use again, oldest first. There may be none yet.

    Additional creations are spread over ``turns`` runs, of which this is number ``turn``, from 0.
    """

    objects: tuple[Reused, ...] = ()
    turn: int = 0
    turns: int = 1
