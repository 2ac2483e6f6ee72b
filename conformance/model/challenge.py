"""Accepted challenges: clauses that are not judged on some operations, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class Challenge:
    """An accepted challenge of a finding. ``reason`` is a sentence on what was wrong with it."""

    number: int
    clause: str
    accepted: date
    reference: str  # where it was decided
    reason: str
    operations: tuple[str, ...] = ()  # all if empty
    rule: str = ""  # all rules of the clause if empty
    until: Mapping[str, str] = field(default_factory=dict)  # the first versions without it

    def covers(self, clause: str, operation: str) -> bool:
        """Whether it concerns a cell. A challenge without operations concerns all of them."""
        if clause != self.clause:
            return False
        return not self.operations or operation in self.operations

    def excludes(self, rule: str) -> bool:
        """Whether it excludes a rule in the cells that it covers."""
        return self.rule in ("", rule)

    def __str__(self) -> str:
        return f"excluded by challenge {self.number}: {self.reason} ({self.reference})"


@dataclass(frozen=True)
class Challenges:
    """The accepted challenges in force, by number, and the SHA-256 of everything in their files."""

    digest: str = ""
    accepted: tuple[Challenge, ...] = ()

    def on(self, clause: str, operation: str) -> tuple[Challenge, ...]:
        """The challenges that cover a cell."""
        return tuple(each for each in self.accepted if each.covers(clause, operation))

    def exclude(self, clause: str, operation: str, rule: str) -> bool:
        """Whether one of the challenges excludes a rule in a cell."""
        return any(each.excludes(rule) for each in self.on(clause, operation))


@dataclass(frozen=True)
class InForce:
    """What a run records of challenges: the digest of all, and the numbers that took effect."""

    digest: str
    numbers: tuple[int, ...]
