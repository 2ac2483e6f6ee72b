"""Compresses the log of a finished run, to a sixth of its size."""

from __future__ import annotations

import gzip
import os
import shutil
import tempfile
import weakref
import zlib
from pathlib import Path
from typing import BinaryIO

from conformance.base import files, stored
from conformance.base.errors import UsageError, reason

BLOCK = 1 << 20
"""Bytes that are decompressed at a time."""
GZIP = zlib.MAX_WBITS | 16
"""The window size of zlib that stands for the format of gzip."""


def packed(path: Path) -> Path:
    """The path of the compressed form of a log."""
    return path.with_name(f"{path.name}.gz")


def pack(path: Path) -> None:
    """Replace a log by its compressed form. If interrupted, one of the two files is complete.

    Equal logs have equal compressed forms. Does nothing if there is no log.
    """
    if not os.path.lexists(path):
        return
    with (
        files.replacing(packed(path)) as written,
        stored.opened(path) as log,
        written.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=raw, mtime=0) as stream,
    ):
        shutil.copyfileobj(log, stream)
    path.unlink()


def readable(path: Path, owner: object, most: int) -> Path:
    """The path of a log for reading: its own, or that of a decompressed temporary copy.

    A copy is removed when ``owner`` is garbage-collected or the process ends. Raises UsageError for
    a compressed file that is invalid, or that decompresses to more than ``most`` bytes.
    """
    if os.path.lexists(path) or not os.path.lexists(packed(path)):
        return path
    descriptor, name = tempfile.mkstemp(prefix="conformance-", suffix=".jsonl")
    copy = Path(name)
    weakref.finalize(owner, copy.unlink, missing_ok=True)
    try:
        with (
            os.fdopen(descriptor, "wb") as plain,
            stored.opened(packed(path)) as raw,
        ):
            _unpack(raw, plain, most)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise UsageError(f"{packed(path)}: cannot be read: {reason(error)}") from None
    return copy


def _unpack(raw: BinaryIO, plain: BinaryIO, most: int) -> None:
    """Decompress a gzip file of one member, which is all that ``pack`` writes.

    Millions of empty members would take minutes. Raises EOFError, ValueError or zlib.error for any
    other content, and ValueError if it is too long.
    """
    unpacker = zlib.decompressobj(wbits=GZIP)
    while not unpacker.eof:
        block = unpacker.unconsumed_tail or raw.read(BLOCK)
        content = unpacker.decompress(block, BLOCK)
        if not block and not content:
            if raw.tell() == 0:
                return  # an empty file is a log without lines
            raise EOFError("the file ends within the log")
        plain.write(content)
        if plain.tell() > most:
            raise ValueError(f"the log has more than {most:,} bytes. {stored.REMEDY}")
    if unpacker.unused_data or raw.read(1):
        raise ValueError("more follows after the compressed log")
