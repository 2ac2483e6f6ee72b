"""What was looked at before a run: each part of a target file, and what was seen of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """What came of a look."""

    WORKS = "works"
    MEND = "mend"
    OPEN = "open"  # nothing tells


@dataclass(frozen=True)
class Remark:
    """What was looked at, what was seen, and what to do about it."""

    state: State
    about: str  # the place in the target file
    seen: str
    mend: str = ""

    @property
    def proven(self) -> bool:
        """Whether that part of the target file is right."""
        return self.state is State.WORKS


def place_of_key(name: str) -> str:
    """Where a key stands in the target file."""
    if name.startswith("scope:"):
        return f"scoped_keys: {name.removeprefix('scope:')}"
    return f"keys: {name}"
