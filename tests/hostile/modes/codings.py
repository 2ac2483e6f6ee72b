"""Servers that compress their answers, badly."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from functools import cache

from tests.hostile.base import ALL, BROKEN, ERRORS, LEGAL, TRANSFER, Mode, Right, When, add, every
from tests.hostile.front import Asked, Line
from tests.hostile.modes.framing import SEEN

UNREAD = Right((1, 3), may=TRANSFER)
"""No response can be read, so nothing else is blamed."""


def _raw(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


def _bad_sum(body: bytes) -> bytes:
    packed = gzip.compress(body)
    return packed[:-8] + bytes(byte ^ 0xFF for byte in packed[-8:-4]) + packed[-4:]


@cache
def _bomb(_body: bytes) -> bytes:
    """Some 2 MB that unpack to 2 GB, made by pieces."""
    packer = zlib.compressobj(9, wbits=31)
    piece = b" " * 2**24
    return b"".join([*(packer.compress(piece) for _ in range(128)), packer.flush()])


def bomb(_body: bytes) -> bytes:
    """The same bomb for every body."""
    return _bomb(b"")


def _half(body: bytes) -> bytes:
    packed = gzip.compress(body)
    return packed[: len(packed) // 2]


CODINGS: dict[str, tuple[str, str, Callable[[bytes], bytes]]] = {
    "gzip-right": ("gzip", "The body is compressed, though nobody asked.", gzip.compress),
    "gzip-truncated": ("gzip", "The compressed body ends halfway.", _half),
    "gzip-without-trailer": (
        "gzip",
        "The compressed body lacks its last 8 bytes.",
        lambda body: gzip.compress(body)[:-8],
    ),
    "gzip-bad-checksum": ("gzip", "The checksum of the compressed body is wrong.", _bad_sum),
    "gzip-not-at-all": ("gzip", "The body says that it is compressed, and is not.", bytes),
    "gzip-and-more": (
        "gzip",
        "Garbage follows the compressed body.",
        lambda body: gzip.compress(body) + b"garbage",
    ),
    "gzip-bomb": ("gzip", "Each body of 2 MB unpacks to 2 GB.", bomb),
    "deflate-right": ("deflate", "The body is compressed, with a head of zlib.", zlib.compress),
    "deflate-raw": ("deflate", "The body is compressed, without a head of zlib.", _raw),
    "coding-unknown": (
        "br",
        "The body is garbage, and has a coding that nobody asked for.",
        lambda body: b"\x8b\x02" + body[::-1],
    ),
    "coding-made-up": ("rot13", "The body has a coding that does not exist.", bytes),
    "gzip-twice": (
        "gzip, gzip",
        "The body is compressed twice.",
        lambda body: gzip.compress(gzip.compress(body)),
    ),
}
"""Codings: the header, what is wrong, and how the body is coded."""

BAD = {"gzip-truncated", "gzip-without-trailer", "gzip-bad-checksum", "gzip-not-at-all"}


def _add(name: str, when: When, right: Right) -> None:
    coding, does, code = CODINGS[name.partition("/")[0]]

    def spoil(line: Line, asked: Asked) -> None:
        answer = asked.answer()
        coded = answer.having(code(answer.body), Content_Encoding=coding)
        line.send(answer if asked.method == "HEAD" else coded)

    add(Mode(name.replace("/", "-"), does, when, right, spoil))


for _name in CODINGS:
    if _name in BAD:
        _add(_name, ALL, UNREAD)
        _add(f"{_name}/errors", ERRORS, SEEN)
        _add(f"{_name}/now-and-then", every(10), BROKEN)
for _name in ("gzip-right", "deflate-right"):
    _add(_name, ALL, LEGAL)
for _name in ("gzip-and-more", "deflate-raw", "gzip-twice"):
    _add(_name, ALL, BROKEN)
for _name in ("coding-unknown", "coding-made-up"):
    _add(_name, ALL, Right((0, 1, 3), may=TRANSFER))
_add("gzip-bomb", ALL, Right((1, 3), may=(*TRANSFER, "success-*", "envelope-json")))
_add(
    "gzip-bomb/now-and-then",
    every(10),
    Right((0, 1, 3), may=(*TRANSFER, "success-json", "envelope-json")),
)
