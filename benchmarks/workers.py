"""How much faster several workers are, where each answer takes 50 ms."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.measure import Cost, medians
from benchmarks.servers import cost_of_run, counted, ready, run, serving
from benchmarks.table import Row

DELAY = "0.05"
"""Seconds that each answer takes longer."""
WORKERS = ("1", "4", "16", "32")
OPTION = "--workers"


def rows(tries: int) -> Iterator[Row]:
    """One worker beside several. Without that option of `run`, only what the delay costs."""
    options: list[tuple[str, ...]] = [()]
    if _is_known():
        options = [(OPTION, count) for count in WORKERS]
    measures = [partial(delayed, *option) for option in options]
    direct, one, *others = medians(tries, [partial(cost_of_run, *options[0]), *measures])
    yield Row("one worker", one.seconds, "s", "the same without delay", direct.seconds)
    for count, each in zip(WORKERS[1:], others, strict=False):
        against = f"{count} workers"
        yield Row("one worker", one.seconds, "s", against, each.seconds)
        yield Row("requests of it", one.requests, "requests", against, each.requests)


def delayed(*options: str) -> Cost:
    """What a full run takes on a new server behind the delay."""
    with (
        tempfile.TemporaryDirectory() as name,
        serving(Path(name)) as server,
        ready(["benchmarks.proxy", server.url, DELAY]) as url,
    ):
        return counted(server, run(server.seen_at(url), *options))


def _is_known() -> bool:
    """Whether this version of the suite has workers."""
    command = [sys.executable, "-m", "conformance", "run", "--help"]
    return OPTION in subprocess.run(command, capture_output=True, text=True, check=True).stdout
