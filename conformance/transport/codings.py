"""Undoes the content codings of a body, within a bound, and reports a broken one."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping

from conformance.transport.wire import BODY_LIMIT, Loss, WireFailure

GZIP, ZLIB, RAW = zlib.MAX_WBITS | 16, zlib.MAX_WBITS, -zlib.MAX_WBITS
"""The containers of a deflated body, as zlib numbers them."""


def decoded(body: bytes, codings: str) -> tuple[bytes, bool]:
    """A whole body without its codings, and whether more than BODY_LIMIT bytes came out.

    ``codings`` is the value of Content-Encoding. What an unknown coding covers stays as it is.
    Raises WireFailure if a coding is broken, or ends before its time.
    """
    cut = False
    for coding in reversed(names_of(codings)):
        undo = _UNDO.get(coding)
        if undo is None or cut or not body:
            break
        body, cut = undo(body, coding)
    return body, cut


def names_of(codings: str) -> list[str]:
    """The names of the codings, in the order in which they were applied."""
    names = [name.strip().lower() for name in codings.split(",")]
    return [name for name in names if name not in ("", "identity")]


def _ungzipped(body: bytes, coding: str) -> tuple[bytes, bool]:
    """A body of one gzip member or several."""
    text = bytearray()
    while body:
        part, body, cut = _inflated(body, GZIP, coding, BODY_LIMIT - len(text))
        text += part
        if cut:
            return bytes(text), True
        body = body.lstrip(b"\0")  # padding is allowed between members
    return bytes(text), False


def _undeflated(body: bytes, coding: str) -> tuple[bytes, bool]:
    """A body as zlib data, or as plain deflated data, which some servers send by that name."""
    try:
        text, _, cut = _inflated(body, ZLIB, coding, BODY_LIMIT)
    except WireFailure:
        text, _, cut = _inflated(body, RAW, coding, BODY_LIMIT)
    return text, cut


def _inflated(body: bytes, container: int, coding: str, most: int) -> tuple[bytes, bytes, bool]:
    """At most so many bytes of a container, what follows it, and whether more would come."""
    box = zlib.decompressobj(container)
    try:
        text = box.decompress(body, most + 1)
    except zlib.error as error:
        raise _broken(coding, str(error)) from None
    if len(text) > most:
        return text[:most], b"", True
    if not box.eof:
        raise _broken(coding, "it ends before its time")
    return text, box.unused_data, False


def _broken(coding: str, why: str) -> WireFailure:
    return WireFailure(f"the {coding} coding of the body is broken: {why}", Loss.BROKEN)


_UNDO: Mapping[str, Callable[[bytes, str], tuple[bytes, bool]]] = {
    "gzip": _ungzipped,
    "x-gzip": _ungzipped,
    "deflate": _undeflated,
}
