"""Stores a finished run in its directory: data, reports, and the compressed evidence log."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conformance.base.errors import ReportError, StorageError, reason
from conformance.log import packing
from conformance.model import Run
from conformance.report import write_all
from conformance.run import runfile


def store(run: Run, selected: frozenset[str] | None, directory: Path) -> None:
    """Write all files of a run. ``selected`` holds the ids of the cases that were to run.

    The log is compressed last; until then a replay reads it uncompressed. Raises ReportError if
    everything except some reports was stored, and StorageError if there was no room for a file.
    """
    with reporting_full_disk(directory):
        runfile.write(run, selected, directory)
        try:
            write_all(run, directory)
        except ReportError:
            packing.pack(directory / runfile.LOG)
            raise
        packing.pack(directory / runfile.LOG)


@contextmanager
def reporting_full_disk(directory: Path) -> Iterator[None]:
    """Raise StorageError, which tells how to replay the log, if a file cannot be written."""
    try:
        yield
    except BrokenPipeError:  # that is stdout
        raise
    except OSError as error:
        raise StorageError(
            f"{directory}: not everything could be written: {reason(error)}. What was logged is "
            "kept. Judge it again in a directory that has room:\n"
            f"  kaicalls-conformance replay {shlex.quote(str(directory))} --output DIR"
        ) from None
