"""The chain of a log: each line carries the digest of the line before it.

So a line cannot be changed, dropped, added or moved without changing every later one, and whoever
knows the digest of the last line, the head, knows the whole log. The digest of a line with a long
body covers the digest of that body in its place, so that bodies can be removed from a log.
"""

from __future__ import annotations

import hashlib
import json

from conformance.model import Json

CONTENT, CONTAINED = "content", "zlib"
"""The members of a line with a long body: its digest, and the body itself."""
LINK = "prev"
"""The member of a line that holds the digest of the line before it."""
DIGITS = 32
"""Hexadecimal digits of a digest: 128 bits of SHA-256, which nobody can match."""
START = "0" * DIGITS
"""What the first line carries in place of a digest."""


def digest(line: str) -> str:
    """The digest of a line, without its line end."""
    return hashlib.sha256(line.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]


def covered(line: str, entry: dict[str, Json]) -> str:
    """What the digest of the line of an entry covers: all of it, except a long body."""
    if CONTENT not in entry:
        return line
    return json.dumps({name: entry[name] for name in (CONTENT, LINK) if name in entry})


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
        """Add an entry to the chain; returns its line, which is linked to the line before it."""
        linked = {**entry, LINK: self.head}
        line = json.dumps(linked)
        self._follow(covered(line, linked))
        return line

    def read(self, line: str, entry: dict[str, Json]) -> None:
        """Add a line that was read, and the entry that it is parsed to."""
        fits = entry.get(LINK) == self.head
        self._follow(covered(line, entry))
        if not fits and self.broken_at is None:
            self.broken_at = len(self.heads)

    def _follow(self, line: str) -> None:
        self.heads.append(digest(line))
