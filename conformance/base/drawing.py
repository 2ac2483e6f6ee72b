"""Draws by a seed: the same text always gives the same choice, in any process and version."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

Thing = TypeVar("Thing")


def lot(text: str) -> int:
    """A large number that follows from a text. Sorting by it shuffles."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


def one_of(things: Sequence[Thing], text: str) -> Thing:
    """One of some things, which follows from a text."""
    return things[lot(text) % len(things)]
