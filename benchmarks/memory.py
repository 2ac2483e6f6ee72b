"""The most memory that a full run holds, and what it sends, beside a quick run."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from benchmarks.measure import Cost, Process, medians, once
from benchmarks.servers import cost_of_run, counted, run, serving
from benchmarks.table import Row

FULL, QUICK = 4_500, 400
"""The goals: the most requests of a full run, and of a quick one."""


def rows(tries: int) -> Iterator[Row]:
    """A full run compared with a quick run, a bare interpreter, and the first run of a user.

    On that one, Hypothesis makes its tables of characters.
    """
    empty = partial(once, Process([sys.executable, "-c", "pass"]))
    quick, later = partial(cost_of_run, "--depth", "quick"), cost_of_run
    later()  # the first one of this user
    nothing, least, whole, first = medians(tries, [empty, quick, later, _first_run])
    yield Row("full run", whole.memory, "MiB", "quick run", least.memory)
    yield Row("requests sent", whole.requests, "requests", "quick run", least.requests)
    yield Row("requests of a full run", whole.requests, "requests", "the goal", FULL, most=1)
    yield Row("requests of a quick run", least.requests, "requests", "the goal", QUICK, most=1)
    yield Row("full run", whole.memory, "MiB", "python -c pass", nothing.memory)
    yield Row("first full run of a user", first.memory, "MiB", "later one", whole.memory)


def _first_run() -> Cost:
    """A full run of a user whose cache is empty, against a new server."""
    with tempfile.TemporaryDirectory() as name, serving(Path(name)) as server:
        return counted(server, replace(run(server), variables={"XDG_CACHE_HOME": name}))
