"""One lock per directory: two nights of one target never overlap."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conformance.base.errors import ConformanceError, Exit, UsageError, reason

NAME = "nightly.lock"


class Busy(ConformanceError):  # noqa: N818 - it says what the directory is
    """Another night runs in the same directory."""

    exit_code = Exit.UNJUDGED


@contextmanager
def held(directory: Path) -> Iterator[None]:
    """Hold the lock of a directory. The system releases it when the process ends, however it does.

    Raises Busy if another process holds it, and UsageError if there can be no lock.
    """
    path = directory / NAME
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise UsageError(f"{path}: cannot be opened: {reason(error)}") from None
    try:
        _take(descriptor, path)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, path: Path) -> None:
    """Take the lock of an open file, without waiting."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno != errno.EWOULDBLOCK:
            raise UsageError(f"{path}: cannot be locked: {reason(error)}") from None
        raise Busy(
            f"{path.parent}: another night is running there, so this one sent nothing."
        ) from None
