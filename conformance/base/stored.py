"""Reads the files of a stored run, which may be hostile: only regular files, within bounds."""

from __future__ import annotations

import json
import os
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from conformance.base.errors import UsageError
from conformance.base.signs import weight_and_depth

REMEDY = "Only the suite writes this file: restore it, or run again."
"""How to fix a stored file that the suite cannot have written."""

LEVELS: Final = 100
"""Maximum nesting of a stored file, and so of a target file, which it quotes."""

MEMORY: Final = 1_000_000_000
"""Approximate maximum memory in bytes for the values of a file: ten times a deep run."""

LONGEST_LINE: Final = 16 * 1024 * 1024
"""Maximum bytes of a line. The longest lines hold a body, which is rarely over a megabyte."""

LONGEST_BODY: Final = 16 * 1024 * 1024
"""Maximum bytes of a long body: four times what is kept of a response."""

LARGEST: Final = 64_000_000
"""Maximum bytes of a file that is read at once. The run.json of a deep run has 2,000,000."""

LONGEST_NAME: Final = 40
"""Characters of the name of a member that a message quotes."""

MOST_LINES: Final = 250_000
"""Maximum lines of a file, including blank ones. The log of a deep run has 13,000."""

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
    """What may still be read from some files in total.

    ``memory`` is in bytes, for the values of their lines; ``unpacked`` is in characters of long
    bodies.
    """

    size: int = LARGEST
    lines: int = MOST_LINES
    memory: int = MEMORY
    unpacked: int = 0

    def take_line(self, length: int) -> None:
        """Count a line of ``length`` bytes."""
        self.size -= length
        self.lines -= 1

    @property
    def exceeded(self) -> str | None:
        """Which bound is exceeded, as a message; None if none is."""
        left = {
            "bytes": self.size,
            "lines": self.lines,
            "values": self.memory,
            "text in long bodies": self.unpacked,
        }
        for what, amount in left.items():
            if amount < 0:
                return f"the file has more {what} than the suite reads"
        return None


def opened(path: Path) -> BinaryIO:
    """Open a file to read it.

    Raises OSError if it does not exist, and UsageError if it is not a regular file. Links are
    rejected because they could lead to files that were never part of the run.
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
    """Raise UsageError if a mode is not that of a regular file."""
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "not a file")
        raise UsageError(
            f"{path}: this is {kind}, but the files of a stored run must be regular files. "
            "Put the file itself in its place."
        )


def text_of(path: Path) -> str:
    """The text of a file.

    Raises OSError, UnicodeDecodeError, and UsageError if it is too large or not a regular file.
    """
    with opened(path) as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise UsageError(f"{path}: the file has more than {LARGEST:,} bytes. {REMEDY}")
    return content.decode()


def lines(file: BinaryIO, name: str, bounds: Bounds) -> Iterator[str]:
    """The lines of an open file, with line ends.

    Raises UsageError, with ``name`` and line number, for a line beyond the bounds or not in UTF-8.
    """
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
            raise UsageError(f"{name}:{number}: not UTF-8: {error}. {REMEDY}") from None


def parsed(text: str, bounds: Bounds, levels: int = LEVELS) -> Any:
    """The value of a JSON text. Raises ValueError, with the reason, for any other text.

    A text in which an object names a member twice is rejected, too, because parsers would differ.
    """
    weight, too_deep_at = weight_and_depth(text, levels)
    bounds.memory -= weight
    if bounds.exceeded:
        raise ValueError(bounds.exceeded)
    if too_deep_at is not None:
        where = f"line {too_deep_at}: " if too_deep_at > 1 else ""
        raise ValueError(f"{where}nested more than {levels} levels deep")
    try:
        return _READER.decode(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON ({error})") from None


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The members of an object. Raises ValueError if two have the same name."""
    members = dict(pairs)
    if len(members) < len(pairs):
        twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise ValueError(f"an object has two members {twice[:LONGEST_NAME]!r}")
    return members


_READER = json.JSONDecoder(object_pairs_hook=_members)
"""Reads JSON; made once, because making it takes as long as reading a short text."""
