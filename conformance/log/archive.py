"""The long bodies in a log, each stored once, compressed, and read on demand."""

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
from conformance.log.chain import CONTAINED, CONTENT
from conformance.model import Body, Json

KINDS = {"text": "text_digest", "base64": "base64_digest"}
"""Members of a stored body, and the members that replace them by a digest."""


LOCK = RLock()
"""Guards the unpacked contents of every archive."""
DICTIONARY = "dictionary"
"""The member of a content line with the digest of the content that compresses it, if any."""
GAIN = 0.75
"""The share to which a dictionary must reduce a content, or the content is compressed alone."""
UNPACKED = 10_000_000
"""Characters of contents that are kept unpacked: more than those of a full run."""


@dataclass(frozen=True)
class Place:
    """The position of a line in the file of a log: its first byte, and its length in bytes."""

    start: int
    length: int


class Archive:
    """The contents in a log, by digest.

    If the log is in a file, its contents stay there: memory holds only their places, and a cache of
    recent ones. ``path`` is None for a log without a file. ``removed`` holds the digests of
    contents that somebody removed from the log afterwards.
    """

    def __init__(self, path: Path | None = None, most: int = sys.maxsize) -> None:
        """At most ``most`` bytes are read from a compressed log."""
        self._path = path
        self._most = most
        self._held: dict[str, Place | dict[str, Json]] = {}
        # digests of the contents that are compressed alone, so that they can be dictionaries
        self._alone: set[str] = set()
        # by operation: the content that was compressed alone last, and its compressed size per byte
        self._latest: dict[str, tuple[str, float]] = {}
        self.removed: set[str] = set()
        self._unpacked = LRUCache[str, str](UNPACKED, getsizeof=len)

    def __contains__(self, digest: object) -> bool:
        return digest in self._held

    def add(self, line: dict[str, Json], place: Place | None, bounds: Bounds) -> str | None:
        """Add the content of a line that was read; returns what is wrong with it, None if nothing.

        Its unpacked size is subtracted from ``bounds``.
        """
        digest = line[CONTENT]
        if CONTAINED not in line:
            self.removed.add(digest)
            return None
        if DICTIONARY in line and line[DICTIONARY] not in self._alone:
            return "dictionary: no earlier line contains that content, compressed alone"
        try:
            content = self._unpacked_from(line)
        except (ValueError, binascii.Error, zlib.error) as error:
            return f"zlib: {error}"
        bounds.unpacked -= len(content)
        if bounds.exceeded:
            return bounds.exceeded
        if digest_of(content) != digest:
            return "content: the digest does not match"
        self.hold(line, place)
        return None

    def missing_in(self, body: dict[str, Json]) -> str | None:
        """The first digest in a body whose content was never added; None if there is none.

        A digest whose content was removed is deleted from the body, which is marked as left out.
        """
        for name in KINDS.values():
            digest = body.get(name)
            if digest in self.removed:
                body["left_out"] = True
                del body[name]
            elif digest and digest not in self:
                return str(digest)
        return None

    def line(self, operation: str, digest: str, content: str) -> dict[str, Json]:
        """A new line for a content, which may be like an earlier one of the same operation.

        Then the earlier one is its dictionary, if that makes it much shorter.
        """
        latest, ratio = self._latest.get(operation, ("", 0.0))
        if latest in self._alone:
            text = packed(content, self.content(latest))
            size_alone = ratio * len(content)  # as estimated from the earlier one
            if len(text) < GAIN * size_alone:
                return {CONTENT: digest, CONTAINED: text, DICTIONARY: latest}
        text = packed(content)
        self._latest[operation] = digest, len(text) / len(content)
        return {CONTENT: digest, CONTAINED: text}

    def hold(self, line: dict[str, Json], place: Place | None) -> None:
        """Remember the place of a line's content; without a place in a file, the line itself."""
        digest = line[CONTENT]
        if self._path is not None and place is not None:
            self._held[digest] = place
        else:
            self._held[digest] = line
        if DICTIONARY not in line:
            self._alone.add(digest)

    def content(self, digest: str) -> str:
        """The content with a digest. Raises KeyError if the log does not have it."""
        with LOCK:
            content = self._unpacked.get(digest)
            if content is None:
                content = self._unpacked_from(self._line_of(digest))
                if len(content) <= UNPACKED:
                    self._unpacked[digest] = content
        return content

    def file(self) -> Path:
        """The file of the log, or a decompressed copy of it.

        Raises UsageError if it cannot be decompressed.
        """
        assert self._path is not None  # without a file, the contents are in memory
        self._path = packing.readable(self._path, self, self._most)
        return self._path

    def _unpacked_from(self, line: dict[str, Json]) -> str:
        """The content of a line. Raises ValueError or zlib.error if it is invalid."""
        dictionary = self.content(line[DICTIONARY]) if DICTIONARY in line else ""
        return unpacked(line[CONTAINED], dictionary)

    def _line_of(self, digest: str) -> dict[str, Json]:
        """The line of the content with a digest, from memory or from the file."""
        held = self._held[digest]
        if not isinstance(held, Place):
            return held
        with stored.opened(self.file()) as file:
            file.seek(held.start)
            line: dict[str, Json] = json.loads(file.read(held.length))
        return line


class StoredBody(Body):
    """A body whose content is in an archive."""

    def __init__(self, archive: Archive, reference: dict[str, Json]) -> None:
        """``reference`` is the body as in the line of its exchange."""
        self._archive = archive
        self._digests = {kind: reference.get(name) for kind, name in KINDS.items()}
        # a body is frozen
        object.__setattr__(self, "size", reference.get("size", 0))
        for mark in ("cut", "withheld", "left_out"):
            object.__setattr__(self, mark, reference.get(mark, False))

    @property
    def text(self) -> str | None:
        """The body as text; None if it is not text."""
        return self._content("text")

    @property
    def base64(self) -> str | None:
        """The body as base64; None if it is text."""
        return self._content("base64")

    @property
    def key(self) -> Hashable:
        """The identity of a body that is text: its digest."""
        return ("digest", self._digests["text"])

    @property
    def is_whole_text(self) -> bool:
        """Whether the log contains the whole body, as text."""
        return not (self.cut or self.withheld) and self._digests["text"] is not None

    @property
    def digests(self) -> list[str]:
        """The digests of its contents in the log."""
        return [digest for digest in self._digests.values() if digest is not None]

    def _content(self, kind: str) -> str | None:
        digest = self._digests[kind]
        return None if digest is None else self._archive.content(digest)


def digest_of(content: str) -> str:
    """The SHA-256 of a content, in hex."""
    return hashlib.sha256(_encoded(content)).hexdigest()


def _encoded(content: str) -> bytes:
    """A content in UTF-8; half a surrogate pair is kept."""
    return content.encode("utf-8", "surrogatepass")


def packed(content: str, dictionary: str = "") -> str:
    """A content in the compressed form of the log, which may refer to the text of a dictionary."""
    zdict = _encoded(dictionary)
    compressor = zlib.compressobj(zdict=zdict) if zdict else zlib.compressobj()
    raw = compressor.compress(_encoded(content)) + compressor.flush()
    return base64.b64encode(raw).decode()


def unpacked(text: str, dictionary: str = "") -> str:
    """The inverse of ``packed``. Raises ValueError or zlib.error for an invalid text."""
    zdict = _encoded(dictionary)
    decompressor = zlib.decompressobj(zdict=zdict) if zdict else zlib.decompressobj()
    raw = decompressor.decompress(base64.b64decode(text, validate=True), LONGEST_BODY + 1)
    if len(raw) > LONGEST_BODY:
        raise ValueError(f"the content has more than {LONGEST_BODY:,} bytes")
    return raw.decode("utf-8", "surrogatepass")
