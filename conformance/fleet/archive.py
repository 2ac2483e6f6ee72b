"""The folder of a target as one zip, for workers that share no files with whoever collects.

Only the evidence travels, not the reports, because they are made again from it.
"""

from __future__ import annotations

import io
import re
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from conformance.base import files, stored
from conformance.certify import bundle
from conformance.certify.bundle import Kind
from conformance.fleet import unit
from conformance.run import runfile

LARGEST = 64_000_000
"""Maximum bytes of an archive. The archive of a full run has about 2,000,000."""
SIZES: Mapping[re.Pattern[str], int] = {
    re.compile(r"result\.json|output\.txt"): 1_000_000,
    re.compile(r"run/run\.json"): stored.LARGEST,
    re.compile(r"run/exchanges\.jsonl(\.gz)?|run/workers/[0-9A-Za-z._-]{1,80}\.jsonl"): LARGEST * 4,
    re.compile(r"bundle\.zip"): LARGEST,
}
"""The members that an archive may have, each with its maximum size in bytes."""
ARCHIVE = Kind((unit.RESULT,), SIZES)
RUN = Kind(
    (runfile.RUN, runfile.PACKED),
    {
        re.compile(r"run\.json|[A-Za-z0-9._-]{1,80}\.(html|svg|xml|json|md|txt)"): stored.LARGEST,
        re.compile(r"exchanges\.jsonl\.gz"): LARGEST * 4,
    },
)
"""The zip of a stored run, as an owner publishes it, with its reports or without."""


class TooLarge(Exception):  # noqa: N818 - it says what the folder is
    """A folder whose archive would be larger than an archive may be."""


def packed(folder: Path) -> bytes:
    """The folder of a target as a zip, with only the files that SIZES names. Raises TooLarge."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in bundle.names_in(folder):
            if any(pattern.fullmatch(name) for pattern in SIZES):
                archive.write(folder / name, name)
                if buffer.tell() > LARGEST:
                    raise TooLarge(f"The results have more than {LARGEST:,} bytes.")
    return buffer.getvalue()


def unpack(content: bytes, folder: Path) -> None:
    """Unpack an archive that ``packed`` made into a folder.

    An earlier folder is replaced once all files are written. Raises bundle.Invalid for any other
    content.
    """
    if len(content) > LARGEST:
        raise bundle.Invalid(f"it has more than {LARGEST:,} bytes")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=files.HIDDEN, dir=folder.parent) as scratch:
        made = Path(scratch, folder.name)
        made.mkdir()
        bundle.extract(io.BytesIO(content), made, ARCHIVE)
        if folder.exists():
            shutil.rmtree(folder)
        made.rename(folder)
