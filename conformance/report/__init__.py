"""Reports of a finished run: one file per format, each a function of the run only.

A new format is one module and one row in FORMATS. A writer opens only the file that it writes. It
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
    ("report.html", html.write),  # last, for it names the others
)
"""File name and writer of each format."""

FILES = tuple(name for name, _ in FORMATS)
"""The names of the files that ``write_all`` writes."""


def write_all(run: Run, directory: Path) -> None:
    """Write every report into a directory that exists; each is there whole or not at all.

    Raises ReportError once the others are written, if a writer breaks.
    """
    broken: dict[str, Exception] = {}
    for name, write in FORMATS:
        try:
            with files.whole(directory / name) as written:
                write(run, written)
        except OSError:
            raise
        except Exception as error:  # a bug in one report must not take the others along
            broken[name] = error
    if broken:
        raise ReportError(broken) from next(iter(broken.values()))
