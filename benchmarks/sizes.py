"""What a quick run takes where a collection has 1,000 to 1,000,000 objects."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.measure import Cost, Process, medians, once
from benchmarks.servers import REFERENCE, cost_of_run
from benchmarks.table import Row

SIZES = (10_000, 1_000, 100_000, 1_000_000)
"""Calls of the main business. The first size is what the others are compared with."""
FLAT = 1.2
"""The most that a cost may grow beyond the first size."""


def rows(tries: int) -> Iterator[Row]:
    """Requests, seconds and memory of each size beside those of the first one."""
    with tempfile.TemporaryDirectory() as name:
        databases = [_filled(Path(name), size) for size in SIZES]
        measures = [partial(_quick_run, database) for database in databases]
        first, *others = medians(tries, measures)
    against = f"{SIZES[0]:,} calls"
    for size, each in zip(SIZES[1:], others, strict=True):
        most = FLAT if size > SIZES[0] else None
        what = f"quick run, {size:,} calls"
        yield Row(what, each.requests, "requests", against, first.requests, most)
        yield Row(what, each.seconds, "s", against, first.seconds, most)
        yield Row(what, each.cpu, "CPU s", against, first.cpu, most)
        yield Row(what, each.memory, "MiB", against, first.memory, most)


def _filled(directory: Path, size: int) -> Path:
    """A database with so many calls, made in a process of its own."""
    path = directory / f"{size}.db"
    once(Process([sys.executable, "-m", "benchmarks.filling", path, str(size)]))
    return path


def _quick_run(database: Path) -> Cost:
    """A quick run on a new server with a copy of a database."""
    copy = database.with_suffix(".copy")
    shutil.copyfile(database, copy)
    try:
        return cost_of_run("--depth", "quick", words=(*REFERENCE, "--database", str(copy)))
    finally:
        copy.unlink()
