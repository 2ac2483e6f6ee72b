"""Reports on a finished run: one file per format, each a function of the run alone.

To add a format, add a module and a row in FORMATS. A writer opens only the file that it writes,
uses no clock and no network, and takes every number from ``run.counts`` and ``run.cells``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from conformance.base import files
from conformance.base.errors import ReportError
from conformance.model import Run
from conformance.report import badge, ctrf, html, junit, markdown

SUMMARY = "summary.md"

FORMATS: tuple[tuple[str, Callable[[Run, Path], None]], ...] = (
    (SUMMARY, markdown.write),
    ("badge.svg", badge.write),
    ("junit.xml", junit.write),
    ("results.ctrf.json", ctrf.write),
    ("report.html", html.write),  # last, because it lists the others
)
"""The file name and the writer of each format."""

FILES = tuple(name for name, _ in FORMATS)
"""The names of the files that ``write_all`` writes."""


def write_all(run: Run, directory: Path) -> None:
    """Write every report into an existing directory; each file is written completely or not at all.

    Raises ReportError if a writer fails, after all others have been written, and OSError at once.
    """
    broken: dict[str, Exception] = {}
    for name, write in FORMATS:
        try:
            with files.replacing(directory / name) as written:
                write(run, written)
        except OSError:
            raise
        except Exception as error:  # a bug in one report must not prevent the others
            broken[name] = error
    if broken:
        raise ReportError(broken) from next(iter(broken.values()))
