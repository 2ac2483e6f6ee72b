"""A row of a wrong list: one thing in which a server of a hurried vendor breaks the contract."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

EVERY = ("every",)
"""The operations of a row that breaks something in all operations at once."""


@dataclass(frozen=True)
class Wrong:
    """What a server does, where, the clauses of which one must be blamed, and what else may be.

    ``survives`` says why the suite does not see it; it is empty for a row that must be seen.
    """

    name: str
    does: str
    at: tuple[str, ...]
    blames: tuple[str, ...]
    also: tuple[str, ...] = ()
    survives: str = ""

    def explains(self, clause: str, operation: str) -> bool:
        """Whether a finding may come from this row."""
        return (self.at == EVERY or operation in self.at) and clause in self.blames + self.also

    def unseen(self, found: Iterable[tuple[str, str]]) -> list[str]:
        """The operations of the row that no finding blames for it."""
        seen = {operation for clause, operation in found if clause in self.blames}
        if self.at == EVERY:
            return [] if seen else ["every"]
        return [operation for operation in self.at if operation not in seen]


def rows_of(file: Path, part: str) -> tuple[Wrong, ...]:
    """The rows of a part of a wrong list."""
    rows: list[dict[str, Any]] = yaml.safe_load(file.read_text(encoding="utf-8")).get(part, [])
    return tuple(_row(**row) for row in rows)


def _row(at: list[str], blames: list[str], also: Iterable[str] = (), **texts: str) -> Wrong:
    return Wrong(at=tuple(at), blames=tuple(blames), also=tuple(also), **texts)
