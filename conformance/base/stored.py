"""Files of a stored run, which a stranger may have made: regular ones, read within bounds."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from conformance.base.errors import UsageError
from conformance.base.values import too_deep, weight

REMEDY = "Only the suite writes this file: restore it, or run again."
"""What to do about a stored file that the suite cannot have written."""

LEVELS: Final = 100
"""Levels of nesting that a stored file may have, and so a target file, which it quotes."""

MEMORY: Final = 1_000_000_000
"""Bytes of memory that the values of a file may take, about: ten times those of a deep run."""

LONGEST_LINE: Final = 16 * 1024 * 1024
"""Bytes of a line. The longest lines hold a body, and few servers send one of a megabyte."""

LONGEST_BODY: Final = 16 * 1024 * 1024
"""Bytes of a long body: four times what is kept of a response."""

LARGEST: Final = 64_000_000
"""Bytes of a file that is read as a whole. The run.json of a deep run has 2,000,000."""

MOST_LINES: Final = 250_000
"""Lines of a file, blank ones included. The log of a deep run has 13,000."""

_KINDS = {
    stat.S_IFLNK: "a link",
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@dataclass
class Bounds:
    """What may still be read of some files, all of them together.

    ``memory`` is what the values of their lines take, ``unpacked`` the characters of long bodies.
    """

    size: int = LARGEST
    lines: int = MOST_LINES
    memory: int = MEMORY
    unpacked: int = 0

    def take_line(self, length: int) -> None:
        """Count a line of some bytes."""
        self.size -= length
        self.lines -= 1

    @property
    def exceeded(self) -> str | None:
        """What there is too much of, in words; None if nothing is."""
        left = {
            "bytes": self.size,
            "lines": self.lines,
            "values": self.memory,
            "text in long bodies": self.unpacked,
        }
        for what, amount in left.items():
            if amount < 0:
                return f"it has more {what} than the suite reads"
        return None


def opened(path: Path) -> BinaryIO:
    """Open a file to read it.

    Raises OSError if there is none, and UsageError for what is no regular file. A link is none: it
    could lead to a file that was never part of the run.
    """
    _require_regular(path, path.lstat().st_mode)
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")
    try:
        _require_regular(path, os.fstat(file.fileno()).st_mode)  # it may have been replaced
    except UsageError:
        file.close()
        raise
    return file


def _require_regular(path: Path, mode: int) -> None:
    """Raise UsageError for the mode of what is no regular file."""
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "no file")
        raise UsageError(
            f"{path}: it is {kind}, and of a stored run only regular files are read and written; "
            "put the file itself in its place"
        )


def text_of(path: Path) -> str:
    """A whole file. Raises OSError or UnicodeDecodeError, and UsageError as ``opened`` does."""
    with opened(path) as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise UsageError(f"{path}: it has more than {LARGEST:,} bytes. {REMEDY}")
    return content.decode()


def lines(file: BinaryIO, name: str, bounds: Bounds) -> Iterator[str]:
    """The lines of an open file with their ends. Raises UsageError, with ``name`` and line."""
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        bounds.take_line(len(line))
        fault = bounds.exceeded
        if len(line) > LONGEST_LINE:
            fault = f"the line has more than {LONGEST_LINE:,} bytes"
        if fault:
            raise UsageError(f"{name}:{number}: {fault}. {REMEDY}")
        try:
            yield line.decode()
        except UnicodeDecodeError as error:
            raise UsageError(f"{name}:{number}: this is no UTF-8: {error}. {REMEDY}") from None


def parsed(text: str, bounds: Bounds, levels: int = LEVELS) -> Any:
    """The value of a text of JSON. Raises ValueError, with the reason, for another text."""
    bounds.memory -= weight(text)
    if bounds.exceeded:
        raise ValueError(bounds.exceeded)
    line = too_deep(text, levels)
    if line is not None:
        where = f"line {line}: " if line > 1 else ""
        raise ValueError(f"{where}it is nested more than {levels} levels deep")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"no JSON ({error})") from None
