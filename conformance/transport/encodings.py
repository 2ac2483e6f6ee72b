"""Common encodings undone, so that what hides in them can be looked for."""

from __future__ import annotations

import base64
import html
import re
import zlib
from collections.abc import Iterator
from urllib.parse import unquote

_ESCAPED = re.compile(r"[\\%]+u([0-9a-fA-F]{4})|\\+x([0-9a-fA-F]{2})")
_ESCAPED_SIGN = re.compile(r"\\+([\"'/\\])")
_STANDARD = str.maketrans("-_", "+/")
_INFLATED = 1 << 22
"""Bytes of a compressed body that are looked at, once it is undone."""
_STRETCH = 4
"""Readable characters in a row that may be part of a text."""


def undone(text: str) -> Iterator[str]:
    """The text as it reads once percent signs, entities, escapes and zero bytes are undone, where that changes it."""
    if "%" in text:
        yield from _changed(text, unquote(text))
    if "&" in text:
        yield from _changed(text, html.unescape(text))
    if "\0" in text:
        yield text.replace("\0", "")  # UTF-16 read as UTF-8
    if "\\" in text or "%u" in text:
        yield from _changed(text, _ESCAPED_SIGN.sub(r"\1", text))
        yield from _changed(
            text, _ESCAPED.sub(lambda match: chr(int(match[1] or match[2], 16)), text)
        )


def _changed(text: str, view: str) -> Iterator[str]:
    if view != text:
        yield view


def coded_runs(piece: int) -> re.Pattern[str]:
    """The runs of characters that may hold a text of so many characters as base64 or hex."""
    return re.compile(f"[A-Za-z0-9+/_-]{{{-(-piece * 4 // 3)},}}")


def decoded(run: str, piece: int) -> Iterator[str]:
    """What a run reads as, taken as base64 of either alphabet from any place in it, and as hex."""
    for raw in _bytes_of(run, piece):
        text = readable(raw, piece)
        if text:
            yield text


def _bytes_of(run: str, piece: int) -> Iterator[bytes]:
    plain = run.translate(_STANDARD)
    for start in range(4):
        part = plain[start:]
        yield base64.b64decode(part + "A" * (-len(part) % 4))
    for digits in re.findall(f"[0-9a-fA-F]{{{2 * piece},}}", run):
        for start in (0, 1):
            yield bytes.fromhex(digits[start : start + (len(digits) - start) // 2 * 2])


def readable(raw: bytes, piece: int) -> str:
    """The stretches of at least ``piece`` readable characters in some bytes, a line each, also of UTF-16."""
    return b"\n".join(re.findall(b"[\x20-\x7e]{%d,}" % piece, raw.replace(b"\0", b""))).decode()


def readings(raw: bytes) -> Iterator[str]:
    """What can be read in bytes that are no UTF-8: as they are, and taken as a compressed body."""
    yield readable(raw, _STRETCH)
    for box in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):
        try:
            yield readable(zlib.decompressobj(box).decompress(raw, _INFLATED), _STRETCH)
        except zlib.error:
            continue
