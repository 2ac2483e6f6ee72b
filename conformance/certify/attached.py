"""The files that a run keeps besides its evidence: freeze, challenge, signatures, time stamps."""

from __future__ import annotations

import hashlib
from pathlib import Path

from conformance.base import stored
from conformance.base.errors import UsageError, reason
from conformance.certify import commitment
from conformance.run import stamping

LARGEST = 1 << 20
"""Maximum bytes of such a file. A stamp has at most 64 KiB, and the others less than 1 KiB."""


def files_of(directory: Path) -> dict[str, bytes]:
    """The attached files of a stored run, by name, as in ``stamps/0001.tsr``.

    Raises UsageError for a file that cannot be read, is too large, or is not a regular file.
    """
    names = [*commitment.NAMES, stamping.INDEX]
    folder = directory / stamping.FOLDER
    if folder.is_dir() and not folder.is_symlink():
        stamps = sorted(path.name for path in folder.glob("*.tsr"))
        # a run has at most MOST stamps and the one of its end
        names += [f"{stamping.FOLDER}/{name}" for name in stamps[: stamping.MOST + 1]]
    return {name: content_of(directory / name) for name in names if (directory / name).exists()}


def content_of(path: Path) -> bytes:
    """The content of a file. Raises UsageError in the same cases as ``files_of``."""
    try:
        with stored.opened(path) as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {reason(error)}") from None
    if len(content) > LARGEST:
        raise UsageError(f"{path}: the file has more than {LARGEST:,} bytes")
    return content


def signed_file(path: Path) -> tuple[bytes, bytes]:
    """The content of a file, and of the file with its detached signature.

    Raises UsageError in the same cases as ``files_of``.
    """
    signature = path.with_name(path.name + commitment.SIGNATURE)
    return content_of(path), content_of(signature)


def digest_of_file(path: Path) -> str:
    """The SHA-256 of a file of any size, in hex. Raises OSError if it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
