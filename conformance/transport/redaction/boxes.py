"""Decompresses gzip, zlib, bzip2, xz, lzma and zip within limits, also if nested.

A box is compressed data that begins with the signature of its format.
"""

from __future__ import annotations

import bz2
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from itertools import islice

from conformance.transport.codings import GZIP, RAW, ZLIB

UNPACKED = 1 << 22
"""Maximum bytes unpacked from one box, and from all boxes in some bytes."""

DEPTH = 3
"""Maximum nesting of boxes that are opened."""

MOST_BOXES = 16
"""Maximum number of boxes that are opened in some bytes."""

_MEMORY = 1 << 26
"""Maximum bytes of memory for xz."""

_BOX = re.compile(
    rb"(?P<gzip>\x1f\x8b\x08)|(?P<bzip2>BZh[1-9]1AY&SY)|(?P<xz>\xfd7zXZ\0|\x5d\0\0)"
    rb"|PK\x03\x04.{4}\x08\0.{16}(?P<pkzip>..)(?P<extra>..)|(?P<zlib>x[\x01\x5e\x9c\xda])",
    re.DOTALL,
)
"""The start of each kind of box."""

_SIGN = re.compile(rb"\x1f\x8b|BZh|7zXZ|\x5d\0\0|PK\x03\x04|x[\x01\x5e\x9c\xda]")
"""A part of every start of a box, which is faster to find than the whole start."""

_Undo = Callable[[bytes, int], bytes]


def _inflated(container: int) -> _Undo:
    return lambda raw, most: zlib.decompressobj(container).decompress(raw, most)


_UNDO: dict[str, _Undo] = {
    "gzip": _inflated(GZIP),
    "zlib": _inflated(ZLIB),
    "pkzip": _inflated(RAW),
    "bzip2": lambda raw, most: bz2.BZ2Decompressor().decompress(raw, most),
    "xz": lambda raw, most: lzma.LZMADecompressor(memlimit=_MEMORY).decompress(raw, most),
}
_BROKEN = (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, MemoryError)


def unpacked(raw: bytes) -> Iterator[bytes]:
    """The contents of the boxes in some bytes, wherever they start, including nested boxes.

    Together, they have at most UNPACKED bytes.
    """
    bytes_left = UNPACKED
    waiting = [(raw, DEPTH)]
    while waiting:
        raw, depth = waiting.pop()
        for kind, start in _starts(raw):
            inside = _opened(kind, raw[start:], bytes_left)
            if inside:
                yield inside
            if depth > 1:
                waiting.append((inside, depth - 1))
            bytes_left -= len(inside)
            if bytes_left <= 0:
                return


def inflated(raw: bytes) -> bytes:
    """The bytes decompressed as raw deflate data; empty if they are something else."""
    return _opened("pkzip", raw, UNPACKED)


def may_hold_box(raw: bytes) -> bool:
    """Whether some bytes may contain a box. This is much faster than looking for boxes."""
    return _SIGN.search(raw) is not None


def _starts(raw: bytes) -> Iterator[tuple[str, int]]:
    """The kind of each box, and where its data start: in a zip, after its name and extra field."""
    if not may_hold_box(raw):
        return
    for match in islice(_BOX.finditer(raw), MOST_BOXES):
        kind = match.lastgroup or ""
        if kind == "extra":  # only the header of a zip has this group
            name_length = int.from_bytes(match["pkzip"], "little")
            extra_length = int.from_bytes(match["extra"], "little")
            yield "pkzip", match.end() + name_length + extra_length
        else:
            yield kind, match.start()


def _opened(kind: str, raw: bytes, most: int) -> bytes:
    """The first ``most`` bytes in a box; empty if the box is corrupt."""
    try:
        return _UNDO[kind](raw, most)
    except _BROKEN:
        return b""
