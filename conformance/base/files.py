"""Writes files so that only their owner can read them, and completely or not at all."""

from __future__ import annotations

import errno
import io
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TextIO

from conformance.base.errors import UsageError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""The numbers of errors that say that there is no room for a file."""
OTHERS = stat.S_IRWXG | stat.S_IRWXO
"""The permissions of group and others."""


@contextmanager
def private() -> Iterator[None]:
    """Make everything created inside private to its owner: files 0600, directories 0700.

    This includes files created by libraries and child processes.
    """
    before = os.umask(OTHERS)
    try:
        yield
    finally:
        os.umask(before)


HIDDEN = "."
"""The first character of the names of temporary directories."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path of the same name; the file written there then replaces ``path``.

    ``path`` is left unchanged if an error occurs or no file was written.
    """
    with tempfile.TemporaryDirectory(prefix=HIDDEN, dir=path.parent) as directory:
        written = Path(directory, path.name)
        yield written
        if written.exists():
            _replace(path, written)


def _replace(path: Path, written: Path) -> None:
    """Move a file over another file or a link. Raises OSError if a directory is there."""
    if path.is_dir() and not path.is_symlink():
        why = f"there is a directory in place of {path.name}; remove it"
        raise IsADirectoryError(errno.EISDIR, why, str(path))
    written.replace(path)


def final_directory(path: Path) -> Path:
    """The directory in which a file will end up, even while ``replacing`` writes it elsewhere."""
    directory = path.parent
    return directory.parent if directory.name.startswith(HIDDEN) else directory


def open_private(path: Path, mode: Literal["w", "a"]) -> TextIO:
    """Open a file to write text, and make it private to its owner even if it already exists."""
    return open(path, mode, encoding="utf-8", opener=_open_private)


@contextmanager
def replacing_text(path: Path) -> Iterator[TextIO]:
    """Yield a stream for a text file, private to its owner, which then replaces ``path``."""
    with replacing(path) as written, open_private(written, "w") as stream:
        yield stream


def open_to_append(path: Path) -> TextIO:
    """Open a file to append lines. Each ``write`` is one system call.

    So a signal cannot truncate a line, and nothing waits in a buffer. Only a full disk can truncate
    one, and then the call raises OSError. Raises UsageError if ``path`` is not a regular file,
    because a link in another user's directory could lead anywhere.
    """
    if os.path.lexists(path) and not stat.S_ISREG(path.lstat().st_mode):
        raise UsageError(f"{path}: not a regular file, so nothing is appended to it. Remove it.")
    raw = _Unbuffered(path, "ab", opener=_open_private_unless_link)  # the wrapper closes it
    return io.TextIOWrapper(raw, encoding="utf-8", newline="\n", write_through=True)


class _Unbuffered(io.FileIO):
    """A file whose writes are complete; otherwise they raise OSError."""

    def write(self, data: Any, /) -> int:
        """Write everything. If the system writes only a part, the next call raises the reason."""
        content = memoryview(data)
        count = super().write(content)
        while count < len(content):
            count += super().write(content[count:])
        return count


def open_to_others(path: Path) -> bool:
    """Whether group or others may read a file; False for devices and pipes."""
    mode = path.stat().st_mode
    return stat.S_ISREG(mode) and bool(mode & (stat.S_IRGRP | stat.S_IROTH))


def _open_private_unless_link(path: str, flags: int) -> int:
    """Open a file as ``_open_private`` does. Raises OSError if the path is a link."""
    return _open_private(path, flags | os.O_NOFOLLOW)


def _open_private(path: str, flags: int) -> int:
    """Open a file, new or already ours, so that only its owner has access to it."""
    descriptor = os.open(path, flags, 0o666 & ~OTHERS)
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode) and status.st_mode & OTHERS and status.st_uid == os.geteuid():
        os.fchmod(descriptor, stat.S_IMODE(status.st_mode) & ~OTHERS)
    return descriptor
