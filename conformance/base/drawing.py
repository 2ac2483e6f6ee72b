"""Draws by a seed: the same text always gives the same choice, in any process and version."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

Thing = TypeVar("Thing")


def stable_hash(text: str) -> int:
    """A 64-bit number computed from a text, the same in any process. Sorting by it shuffles."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


def one_of(things: Sequence[Thing], text: str) -> Thing:
    """A choice among things that looks random, but is always the same for the same text."""
    return things[stable_hash(text) % len(things)]
