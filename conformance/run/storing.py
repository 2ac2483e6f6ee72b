"""Stores a finished run in its directory: data, reports, and the compressed evidence log."""

from __future__ import annotations

from pathlib import Path

from conformance.base.errors import ReportError
from conformance.log import packing
from conformance.model import Run
from conformance.report import write_all
from conformance.run import runfile


def store(run: Run, selected: frozenset[str] | None, directory: Path) -> None:
    """Write all files of a run. ``selected`` holds the ids of the cases that were to run.

    The log is compressed last; until then a replay reads it uncompressed. Raises ReportError if
    everything except some reports was stored.
    """
    runfile.write(run, selected, directory)
    try:
        write_all(run, directory)
    except ReportError:
        packing.pack(directory / runfile.LOG)
        raise
    packing.pack(directory / runfile.LOG)
