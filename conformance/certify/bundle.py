"""A bundle: one zip with a signed statement and everything that it is about.

Whoever hands over a bundle may be hostile. Nothing that the zip declares about itself is believed:
sizes are counted while reading, and only members with known names are read at all.
"""

from __future__ import annotations

import hashlib
import re
import stat
import struct
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import SEEK_END
from pathlib import Path
from typing import BinaryIO

from conformance.base import files, stored
from conformance.base.errors import UsageError, reason
from conformance.run import runfile

ENVELOPE, STATEMENT = "certificate.json", "statement.json"
RUN, LOG = runfile.RUN, runfile.PACKED
PAGE, JUNIT, CTRF = "report.html", "junit.xml", "ctrf.json"
REPORTS = (PAGE, JUNIT, CTRF)
ALWAYS = (ENVELOPE, STATEMENT, RUN, LOG, *REPORTS)
"""The members that every bundle has."""
SIGNATURE = re.compile(r"statement\.json\.(?P<keyid>[0-9a-f]{64})\.sig")
"""The names of the detached signatures of the statement."""

MEGABYTE = 1_000_000
SMALL = 100_000
"""Maximum bytes of a signature, a time stamp, a freeze or a challenge."""
BESIDE: Mapping[re.Pattern[str], int] = {
    re.compile(r"stamps\.json"): MEGABYTE,
    re.compile(r"stamps/[0-9]{4}\.tsr"): SMALL,
    re.compile(r"(freeze|challenge)\.json(\.sig)?"): SMALL,
    re.compile(r"spot/run\.json"): stored.LARGEST,
    re.compile(r"spot/exchanges\.jsonl\.gz"): 256 * MEGABYTE,
}
"""The members that a bundle may have besides, with their maximum sizes in bytes."""
SIZES: Mapping[re.Pattern[str], int] = {
    re.compile(r"certificate\.json|statement\.json"): 16 * MEGABYTE,
    SIGNATURE: SMALL,
    re.compile(r"run\.json|report\.html|junit\.xml|ctrf\.json"): stored.LARGEST,
    re.compile(r"exchanges\.jsonl\.gz"): 256 * MEGABYTE,
    **BESIDE,
}
"""The names that members may have, each with the maximum size in bytes."""


@dataclass(frozen=True)
class Kind:
    """A kind of zip: the members that it always has, and the maximum size of each by its name."""

    always: tuple[str, ...]
    sizes: Mapping[re.Pattern[str], int]


OURS = Kind(ALWAYS, SIZES)
"""The kind of zip that a bundle is."""
LARGEST, MOST = 512 * MEGABYTE, 2_000
"""Maximum bytes of all members together, as read and as stored, and maximum number of members."""

DIRECTORY = MEGABYTE
"""Maximum bytes of the list of members at the end of a zip."""
END, END_SIZE = b"PK\x05\x06", 22
"""The record at the end of a zip: its mark, and its size without a comment."""
LOCATOR, LOCATOR_SIZE = b"PK\x06\x07", 20
"""The record before the one at the end, which only a zip too large for a bundle has."""
START, NO_COMMENT = b"PK\x03\x04", b"\0\0"
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every member, so that equal bundles are equal files."""
ENCRYPTED = 0x1
BLOCK = 1 << 16
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OverflowError,
    ValueError,
)
"""What the library raises for a zip that it cannot read."""


class Invalid(Exception):  # noqa: N818 - it says what the file is
    """A file that is not a bundle, or not a safe one; the message says why."""


def write(directory: Path, to: Path) -> None:
    """Write a bundle with the files of a directory. Equal files give equal bundles."""
    with (
        files.replacing(to) as written,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive,
    ):
        for name in names_in(directory):
            member = zipfile.ZipInfo(name, EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(member, (directory / name).read_bytes())


def names_in(directory: Path) -> list[str]:
    """The names of all files in an unpacked bundle."""
    found = (path for path in directory.rglob("*") if path.is_file())
    return sorted(path.relative_to(directory).as_posix() for path in found)


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Yield a temporary directory with the members of a bundle.

    Raises UsageError if there is no such file, and Invalid if it is not a safe bundle.
    """
    try:
        source = stored.opened(path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {reason(error)}") from None
    with source, files.private(), tempfile.TemporaryDirectory(prefix="conformance-") as name:
        directory = Path(name)
        extract(source, directory)
        yield directory


def extract(source: BinaryIO, directory: Path, kind: Kind = OURS) -> None:
    """Write the members of a zip of a kind, by default a bundle, into a directory.

    Raises Invalid if it is not a safe zip of that kind.
    """
    try:
        _require_frame(source)
        with zipfile.ZipFile(source) as archive:
            _extract(archive, directory, kind)
    except BROKEN as error:
        raise Invalid(f"it is not a readable zip ({error})") from None


def digests(directory: Path) -> dict[str, str]:
    """The SHA-256, in hex, of each file that a statement is about, by name."""
    found = {}
    for name in names_in(directory):
        if name in (ENVELOPE, STATEMENT) or SIGNATURE.fullmatch(name):
            continue  # the statement cannot be about itself
        with (directory / name).open("rb") as file:
            found[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def beside(directory: Path) -> dict[str, bytes]:
    """The small files that accompany the run in a bundle, such as freeze and stamps, by name.

    Spot checks are not among them.
    """
    names = [name for name in names_in(directory) if not name.startswith("spot/")]
    return {
        name: (directory / name).read_bytes()
        for name in names
        if any(pattern.fullmatch(name) for pattern in BESIDE)
    }


def signatures(directory: Path) -> dict[str, str]:
    """The detached signatures of the statement, by the id of their key."""
    found = {}
    for name in names_in(directory):
        match = SIGNATURE.fullmatch(name)
        if match:
            found[match["keyid"]] = (directory / name).read_bytes().decode("ascii", "replace")
    return found


# --- reading a zip that somebody hands over -------------------------------------------------------


def _require_frame(source: BinaryIO) -> None:
    """Raise Invalid unless a file is a zip from its first byte to its last, within the limits.

    Only the first bytes and the record at the end are read, because reading the list of members of
    a zip that exceeds the limits could fill the memory.
    """
    start, size = source.read(len(START)), source.seek(0, SEEK_END)
    if size > LARGEST:
        raise Invalid(f"it has more than {LARGEST:,} bytes")
    source.seek(max(0, size - END_SIZE - LOCATOR_SIZE))
    tail = source.read()
    end = tail[-END_SIZE:]
    if start != START or not end.startswith(END) or not end.endswith(NO_COMMENT):
        raise Invalid("it is not a zip, or it was cut off, or something was added around it")
    # places in the record at the end, as the format defines them
    count = int.from_bytes(end[10:12], "little")
    bytes_of_list = int.from_bytes(end[12:16], "little")
    is_zip64 = tail.startswith(LOCATOR)  # only larger zips need that form
    if count > MOST or bytes_of_list > DIRECTORY or is_zip64:
        raise Invalid(f"it has more than {MOST:,} members")


def _extract(archive: zipfile.ZipFile, directory: Path, kind: Kind) -> None:
    """Write the members of an archive into a directory.

    Raises Invalid for a name that is missing, occurs twice or is not allowed in this kind of zip,
    and for members that are too large, each or together.
    """
    members = archive.infolist()
    names = [member.filename for member in members]
    duplicates = sorted(name for name, times in Counter(names).items() if times > 1)
    missing = [name for name in kind.always if name not in names]
    if duplicates:
        raise Invalid(f"it has two members with the name {duplicates[0]}")
    if missing:
        raise Invalid(f"it has no {', '.join(missing)}")
    bytes_left = LARGEST
    for member in members:
        most = min(bytes_left, _limit(member, kind))
        bytes_left -= _copy(archive, member, directory / member.filename, most)


def _limit(member: zipfile.ZipInfo, kind: Kind) -> int:
    """The maximum size of a member in bytes.

    Raises Invalid if it does not belong in this kind of zip, or is not a regular file that is
    stored or deflated.
    """
    name = member.orig_filename
    limits = [limit for pattern, limit in kind.sizes.items() if pattern.fullmatch(name)]
    if member.header_offset < 0:
        raise Invalid(f"{name[:200]!r} lies before the zip")
    if not limits or name != member.filename:  # the library cleans suspicious names
        raise Invalid(f"it has a member that does not belong in a bundle: {name[:200]!r}")
    file_type = stat.S_IFMT(member.external_attr >> 16)
    if file_type not in (0, stat.S_IFREG):  # 0 if the zip does not say
        raise Invalid(f"{name} is not a regular file")
    if member.flag_bits & ENCRYPTED or member.compress_type not in METHODS:
        raise Invalid(f"{name} is encrypted, or compressed by a different method than deflate")
    return limits[0]


def _copy(archive: zipfile.ZipFile, member: zipfile.ZipInfo, to: Path, most: int) -> int:
    """Write a member to a file and return its size. Raises Invalid above ``most`` bytes."""
    to.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with archive.open(member) as source, to.open("xb") as written:
        while block := source.read(BLOCK):
            size += len(block)
            if size > most:
                raise Invalid(f"{member.filename} has more than {most:,} bytes")
            written.write(block)
    return size
