"""The log of a run that has ended, compressed: a tenth of its size."""

from __future__ import annotations

import gzip
import os
import shutil
import tempfile
import weakref
import zlib
from pathlib import Path
from typing import BinaryIO, Final

from conformance import files
from conformance.errors import UsageError, reason

LONGEST: Final = 1 << 30
"""Bytes of a log that are read back. A run takes far fewer, unless its file allows more."""


def packed(path: Path) -> Path:
    """Where the compressed form of a log stands."""
    return path.with_name(f"{path.name}.gz")


def pack(path: Path) -> None:
    """Replace a log by its compressed form. Whatever ends this before, one of both is whole.

    Equal logs have equal forms. Does nothing where there is no log.
    """
    if not path.exists():
        return
    with (
        files.whole(packed(path)) as written,
        path.open("rb") as log,
        written.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=raw, mtime=0) as stream,
    ):
        shutil.copyfileobj(log, stream)
    path.unlink()


def readable(path: Path, owner: object) -> Path:
    """A log to read from: itself, or a copy of its compressed form, in a place for such files.

    A copy is removed when ``owner`` is gone, or when the process ends. Raises UsageError for a
    compressed form that is none.
    """
    if path.exists() or not packed(path).exists():
        return path
    descriptor, name = tempfile.mkstemp(prefix="conformance-", suffix=".jsonl")
    copy = Path(name)
    weakref.finalize(owner, copy.unlink, missing_ok=True)
    try:
        with os.fdopen(descriptor, "wb") as plain, gzip.open(packed(path)) as stream:
            _copy(stream, plain)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise UsageError(f"{packed(path)}: cannot be read: {reason(error)}") from None
    return copy


def _copy(stream: gzip.GzipFile, plain: BinaryIO) -> None:
    """Copy a stream to a file. Raises ValueError for one that is too long."""
    while block := stream.read(1 << 20):
        plain.write(block)
        if plain.tell() > LONGEST:
            raise ValueError(f"it is longer than {LONGEST:,} bytes")
