"""The chain of a log: each line carries the digest of the line before it.

So a line cannot be changed, dropped, added or moved without changing every later one, and whoever
knows the digest of the last line, the head, knows the whole log.
"""

from __future__ import annotations

import hashlib
import json

from conformance.model import Json

LINK = "prev"
"""The member of a line that holds the digest of the line before it."""
DIGITS = 32
"""Hexadecimal digits of a digest: 128 bits of SHA-256, which nobody can match."""
START = "0" * DIGITS
"""What the first line carries."""


def digest(line: str) -> str:
    """The digest of a line, without its line end."""
    return hashlib.sha256(line.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]


class Chain:
    """The chain of the lines so far. ``heads`` are their digests; ``head`` is the last one.

    ``broken_at`` is the number of the first line that does not fit, from 1; None if all do.
    """

    def __init__(self) -> None:
        self.heads: list[str] = []
        self.broken_at: int | None = None

    @property
    def head(self) -> str:
        """The digest of the last line."""
        return self.heads[-1] if self.heads else START

    def link(self, entry: dict[str, Json]) -> str:
        """The line of an entry, linked to the line before it."""
        line = json.dumps({**entry, LINK: self.head})
        self._follow(line)
        return line

    def read(self, line: str, link: Json) -> None:
        """Add a line that was read, with the digest that it carries, or None if it has none."""
        fits = link == self.head
        self._follow(line)
        if not fits and self.broken_at is None:
            self.broken_at = len(self.heads)

    def _follow(self, line: str) -> None:
        self.heads.append(digest(line))
