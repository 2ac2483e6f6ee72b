"""Files that the suite writes: for their owner alone, and whole or not at all."""

from __future__ import annotations

import errno
import io
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TextIO

from conformance.base.errors import UsageError

OTHERS = stat.S_IRWXG | stat.S_IRWXO
"""What the group and all others may do."""


@contextmanager
def private() -> Iterator[None]:
    """Whatever is created inside belongs to its owner alone: files 0600, directories 0700.

    It holds for files that libraries and child processes create, too.
    """
    before = os.umask(OTHERS)
    try:
        yield
    finally:
        os.umask(before)


HIDDEN = "."
"""How the name of a directory begins that is gone soon."""


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A place to write a file at, of the same name. The file replaces ``path`` in the end.

    Whatever happens before leaves ``path`` as it was. If nothing was written, nothing is replaced.
    """
    with tempfile.TemporaryDirectory(prefix=HIDDEN, dir=path.parent) as directory:
        written = Path(directory, path.name)
        yield written
        if written.exists():
            _replace(path, written)


def _replace(path: Path, written: Path) -> None:
    """Put a file in the place of another one, or of a link. Raises OSError for a directory."""
    if path.is_dir() and not path.is_symlink():
        why = "a directory is in the place of this file; remove it"
        raise IsADirectoryError(errno.EISDIR, why, str(path))
    written.replace(path)


def home(path: Path) -> Path:
    """The directory that a file is for, also while it is written at the place of ``whole``."""
    directory = path.parent
    return directory.parent if directory.name.startswith(HIDDEN) else directory


def own(path: Path, mode: Literal["w", "a"]) -> TextIO:
    """Open a file to write text. One that is there already becomes its owner's alone, too."""
    return open(path, mode, encoding="utf-8", opener=_opened)


def lines(path: Path) -> TextIO:
    """Open a file to append lines to. Each ``write`` is one system call.

    So a signal leaves a line whole or out, and nothing waits in a buffer. Raises UsageError for
    what is no regular file: a link in a directory of somebody else could lead anywhere.
    """
    if os.path.lexists(path) and not stat.S_ISREG(path.lstat().st_mode):
        raise UsageError(f"{path}: it is no regular file, so nothing is added to it; remove it")
    raw = open(path, "ab", buffering=0, opener=_opened_here)  # noqa: SIM115 - the wrapper closes it
    return io.TextIOWrapper(raw, encoding="utf-8", newline="\n", write_through=True)


def open_to_others(path: Path) -> bool:
    """Whether group or others may read a file. Devices and pipes are not asked."""
    mode = path.stat().st_mode
    return stat.S_ISREG(mode) and bool(mode & (stat.S_IRGRP | stat.S_IROTH))


def _opened_here(path: str, flags: int) -> int:
    return _opened(path, flags | os.O_NOFOLLOW)


def _opened(path: str, flags: int) -> int:
    descriptor = os.open(path, flags, 0o666 & ~OTHERS)
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode) and status.st_mode & OTHERS and status.st_uid == os.geteuid():
        os.fchmod(descriptor, stat.S_IMODE(status.st_mode) & ~OTHERS)
    return descriptor
