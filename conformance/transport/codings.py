"""Decodes the content codings of a body within a size limit, and reports broken ones."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping

from conformance.transport.wire import Loss, WireFailure

GZIP, ZLIB, RAW = zlib.MAX_WBITS | 16, zlib.MAX_WBITS, -zlib.MAX_WBITS
"""The containers of deflated data, as zlib window sizes."""


def decoded(body: bytes, codings: str, most: int) -> tuple[bytes, bool]:
    """A complete body with its codings decoded, and whether it was cut at ``most`` bytes.

    ``codings`` is the value of Content-Encoding. Decoding stops at an unknown coding, and once the
    body is cut or empty. Raises WireFailure if the data of a coding is corrupt or incomplete.
    """
    cut = False
    for coding in reversed(names_of(codings)):
        undo = _UNDO.get(coding)
        if undo is None or cut or not body:
            break
        body, cut = undo(body, coding, most)
    return body, cut


def names_of(codings: str) -> list[str]:
    """The names of the codings, in the order in which they were applied."""
    names = [name.strip().lower() for name in codings.split(",")]
    return [name for name in names if name not in ("", "identity")]


def _ungzipped(body: bytes, coding: str, most: int) -> tuple[bytes, bool]:
    """A body of one or more gzip members, and whether it was cut at ``most`` bytes."""
    text = bytearray()
    while body:
        part, body, cut = _inflated(body, GZIP, coding, most - len(text))
        text += part
        if cut:
            return bytes(text), True
        body = body.lstrip(b"\0")  # padding is allowed between members
    return bytes(text), False


def _undeflated(body: bytes, coding: str, most: int) -> tuple[bytes, bool]:
    """A body of zlib data, or of raw deflate data, which some servers send under that name.

    Also returns whether it was cut at ``most`` bytes.
    """
    try:
        text, _, cut = _inflated(body, ZLIB, coding, most)
    except WireFailure:
        text, _, cut = _inflated(body, RAW, coding, most)
    return text, cut


def _inflated(body: bytes, container: int, coding: str, most: int) -> tuple[bytes, bytes, bool]:
    """At most ``most`` bytes of a container, the data after it, and whether it contains more."""
    box = zlib.decompressobj(container)
    try:
        text = box.decompress(body, most + 1)
    except zlib.error as error:
        raise _broken(coding, str(error)) from None
    if len(text) > most:
        return text[:most], b"", True
    if not box.eof:
        raise _broken(coding, "it is incomplete")
    return text, box.unused_data, False


def _broken(coding: str, why: str) -> WireFailure:
    return WireFailure(f"the {coding} coding of the body is broken: {why}", Loss.BROKEN)


_UNDO: Mapping[str, Callable[[bytes, str, int], tuple[bytes, bool]]] = {
    "gzip": _ungzipped,
    "x-gzip": _ungzipped,
    "deflate": _undeflated,
}
