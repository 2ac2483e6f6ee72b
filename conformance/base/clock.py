"""The clock of a run, which whoever starts the run passes in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the current moment, with a time zone."""


def now() -> datetime:
    """The current moment in UTC, by the clock of this machine."""
    return datetime.now(UTC)
