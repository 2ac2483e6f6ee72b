"""Undoes common encodings, so that a secret cannot hide in them."""

from __future__ import annotations

import base64
import html
import re
import zlib
from collections.abc import Callable, Iterator
from urllib.parse import unquote

_ESCAPED = re.compile(r"[\\%]+u([0-9a-fA-F]{4})|\\+x([0-9a-fA-F]{2})")
_ESCAPED_SIGN = re.compile(r"\\+([\"'/\\])")
_STANDARD = str.maketrans("-_", "+/")

_INFLATED = 1 << 22
"""How many bytes of a compressed body are looked at once it is inflated."""

_STRETCH = 4
"""How many readable characters in a row may be part of a text."""


def _unescaped(text: str) -> str:
    """The text with escapes such as ``\\u0041``, ``%u0041`` and ``\\x41`` undone."""
    return _ESCAPED.sub(lambda match: chr(int(match[1] or match[2], 16)), text)


_UNDO: tuple[tuple[re.Pattern[str], Callable[[str], str]], ...] = (
    (re.compile("%"), unquote),
    (re.compile("&"), html.unescape),
    (re.compile("\0"), lambda text: text.replace("\0", "")),  # UTF-16 read as UTF-8
    (re.compile(r"\\"), lambda text: _ESCAPED_SIGN.sub(r"\1", text)),
    (re.compile(r"\\|%u"), _unescaped),
)
"""What betrays each encoding, and how it is undone."""


def undone(text: str) -> Iterator[str]:
    """The other readings of a text: percent signs, entities, zero bytes or escapes undone.

    Each encoding is undone by itself, and only readings that differ from the text are given.
    """
    for sign, undo in _UNDO:
        if sign.search(text):
            view = undo(text)
            if view != text:
                yield view


def coded_runs(piece: int) -> re.Pattern[str]:
    """Matches the runs that are long enough to hold ``piece`` characters as base64 or hex."""
    length = -(-piece * 4 // 3)  # base64 makes four characters of three, rounded up
    return re.compile(f"[A-Za-z0-9+/_-]{{{length},}}")


def decoded(run: str, piece: int) -> Iterator[str]:
    """The texts that a run may hold, of at least ``piece`` readable characters.

    It is read as base64 of either alphabet and as hex, each from every place where it may begin.
    """
    for raw in _bytes_of(run, piece):
        text = readable(raw, piece)
        if text:
            yield text


def _bytes_of(run: str, piece: int) -> Iterator[bytes]:
    """The bytes of a run as base64 of four alignments, and of its hex digits in two."""
    plain = run.translate(_STANDARD)
    for start in range(4):
        part = plain[start:]
        yield base64.b64decode(part + "A" * (-len(part) % 4))
    for digits in re.findall(f"[0-9a-fA-F]{{{2 * piece},}}", run):
        for start in (0, 1):
            yield bytes.fromhex(digits[start : start + (len(digits) - start) // 2 * 2])


def readable(raw: bytes, piece: int) -> str:
    """The stretches of at least ``piece`` readable characters in some bytes, a line each.

    Zero bytes are skipped, so that UTF-16 is read as well.
    """
    stretches = re.findall(b"[\x20-\x7e]{%d,}" % piece, raw.replace(b"\0", b""))
    return b"\n".join(stretches).decode()


def readings(raw: bytes) -> Iterator[str]:
    """What can be read in bytes that are no UTF-8: as they are, and inflated."""
    yield readable(raw, _STRETCH)
    for box in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):
        try:
            yield readable(zlib.decompressobj(box).decompress(raw, _INFLATED), _STRETCH)
        except zlib.error:
            continue
