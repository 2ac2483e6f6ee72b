"""Spot checks: few requests, spread over hours, that accompany a full run."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.model.exchange import Exchange

WATCHED = "Behaves differently when watched"
"""The title of all differences between a full run and its spot checks."""


@dataclass(frozen=True)
class Spread:
    """How spot checks are spread: over how many seconds, and which full run they accompany.

    ``of`` is the digest of the last line of the log of that run.
    """

    seconds: float
    of: str


@dataclass(frozen=True)
class Difference:
    """A request that a target handled differently in a full run and in its spot checks.

    ``watched`` is the exchange of the full run, ``unwatched`` that of the spot checks. ``cells``
    are the names of the cells that passed in the full run but that ``unwatched`` breaks. There may
    be none. ``expected`` and ``actual`` say what differs at the place ``where``.
    """

    operation: str
    cells: tuple[str, ...]
    where: str
    expected: str
    actual: str
    watched: Exchange
    unwatched: Exchange

    @property
    def code(self) -> str:
        """The code of every such difference, for machines."""
        return "WATCHED"

    @property
    def text(self) -> str:
        """The difference as a sentence for people."""
        broken = ", ".join(self.cells) or self.operation
        return (
            f"{broken}: right in exchange {self.watched.id} of the full run, but not in "
            f"{self.unwatched.id} of the spot checks: expected {self.expected}, got {self.actual}"
        )
