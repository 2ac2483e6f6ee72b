"""The first look before a run: what was seen of each part of a target file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """The result of checking a part of the target file."""

    WORKS = "works"
    MEND = "mend"
    OPEN = "open"  # could not be determined


@dataclass(frozen=True)
class Remark:
    """What was checked, what was seen, and how to fix it."""

    state: State
    about: str  # the place in the target file
    seen: str
    mend: str = ""

    @property
    def proven(self) -> bool:
        """Whether that part of the target file was found to be correct."""
        return self.state is State.WORKS


def place_of_key(name: str) -> str:
    """The place of a key in the target file, such as ``keys: full``."""
    if name.startswith("scope:"):
        return f"scoped_keys: {name.removeprefix('scope:')}"
    return f"keys: {name}"
