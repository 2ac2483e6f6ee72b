"""The long bodies that a log stores: each of them once, compressed, and read when needed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import sys
import zlib
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from threading import RLock

from cachetools import LRUCache

from conformance.base import stored
from conformance.base.stored import LONGEST_BODY, Bounds
from conformance.log import packing
from conformance.model import Body, Json

KINDS = {"text": "text_digest", "base64": "base64_digest"}
"""Members of a stored body, and the members that name its content in their place."""


UNPACKED = 4_000_000
"""Characters of contents that are kept unpacked."""


@dataclass(frozen=True)
class Place:
    """The place of a line of a log in its file: its first byte, and how many it has."""

    start: int
    length: int


class Archive:
    """The contents that a log holds, by digest.

    Those of a log in a file stay there, whatever they take: memory holds their places, and the
    latest ones. ``path`` is None for a log that is in no file.
    """

    def __init__(self, path: Path | None = None, most: int = sys.maxsize) -> None:
        """``most`` bytes are read of a compressed log."""
        self._path = path
        self._most = most
        self._held: dict[str, Place | str] = {}
        self._unpacked = LRUCache[str, str](UNPACKED, getsizeof=len)
        self._lock = RLock()

    def __contains__(self, digest: object) -> bool:
        return digest in self._held

    def add(self, line: dict[str, Json], place: Place | None, bounds: Bounds) -> str | None:
        """Take the content of a line; returns what is wrong with one that cannot be read back."""
        digest = line["content"]
        try:
            content = unpacked(line["zlib"])
        except (ValueError, binascii.Error, zlib.error) as error:
            return f"zlib: {error}"
        bounds.unpacked -= len(content)
        if bounds.exceeded:
            return bounds.exceeded
        if digest_of(content) != digest:
            return "content: it does not have this digest"
        self.hold(line, place)
        return None

    def hold(self, line: dict[str, Json], place: Place | None) -> None:
        """Take the content of a line that was just written."""
        in_file = place if self._path else None
        self._held[line["content"]] = in_file or line["zlib"]

    def content(self, digest: str) -> str:
        """A content. Raises KeyError for a digest that the log does not hold."""
        with self._lock:
            content = self._unpacked.get(digest)
            if content is None:
                content = unpacked(self._packed(digest))
                if len(content) <= UNPACKED:
                    self._unpacked[digest] = content
        return content

    def file(self) -> Path:
        """The file of the log, or a copy to read from if it is compressed. Raises UsageError."""
        assert self._path is not None  # else the log holds the contents itself
        self._path = packing.readable(self._path, self, self._most)
        return self._path

    def _packed(self, digest: str) -> str:
        held = self._held[digest]
        if isinstance(held, str):
            return held
        with stored.opened(self.file()) as file:
            file.seek(held.start)
            return str(json.loads(file.read(held.length))["zlib"])


class StoredBody(Body):
    """A body whose content is in an archive."""

    def __init__(self, archive: Archive, reference: dict[str, Json]) -> None:
        """``reference`` is the body as the line of its exchange has it."""
        self._archive = archive
        self._digests = {kind: reference.get(name) for kind, name in KINDS.items()}
        object.__setattr__(self, "size", reference.get("size", 0))
        for mark in ("cut", "withheld", "left_out"):
            object.__setattr__(self, mark, reference.get(mark, False))

    @property
    def text(self) -> str | None:
        """The body as text; None for one that is not."""
        return self._content("text")

    @property
    def base64(self) -> str | None:
        """The body as base64; None for one that is text."""
        return self._content("base64")

    @property
    def key(self) -> Hashable:
        """What identifies a body that is text: its digest."""
        return ("digest", self._digests["text"])

    @property
    def is_whole_text(self) -> bool:
        """Whether the log holds all of it, as text."""
        return not (self.cut or self.withheld) and self._digests["text"] is not None

    def _content(self, kind: str) -> str | None:
        digest = self._digests[kind]
        return None if digest is None else self._archive.content(digest)


def digest_of(content: str) -> str:
    """What identifies a content: its SHA-256, in hex."""
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


def packed(content: str) -> str:
    """A content as a log holds it."""
    raw = zlib.compress(content.encode("utf-8", "surrogatepass"), 1)
    return base64.b64encode(raw).decode()


def unpacked(text: str) -> str:
    """The inverse of ``packed``. Raises ValueError or zlib.error for another text."""
    raw = zlib.decompressobj().decompress(base64.b64decode(text, validate=True), LONGEST_BODY + 1)
    if len(raw) > LONGEST_BODY:
        raise ValueError(f"it has more than {LONGEST_BODY:,} bytes")
    return raw.decode("utf-8", "surrogatepass")
