"""How fast a stored run is judged: judging alone, and with all reports."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.measure import Process, measured, once
from benchmarks.servers import counted, run, serving, stored
from benchmarks.table import Row

JUDGED, REPORTED = 3_000, 2_000
"""The goals: exchanges a second, judged alone and with all reports."""


def rows(tries: int) -> Iterator[Row]:
    """Exchanges a second of each, beside the run that logged them."""
    taken = [_tried() for _ in range(tries)]
    ran, alone, reports = (median(rates) for rates in zip(*taken, strict=True))
    unit, against = "exchanges a second", "the run itself"
    for what, rate, goal in (
        ("judging alone", alone, JUDGED),
        ("replay, with all reports", reports, REPORTED),
    ):
        yield Row(what, rate, unit, against, ran)
        yield Row(what, rate, unit, "the goal", goal, least=1)


def _tried() -> tuple[float, float, float]:
    """Exchanges a second: of a full run, of its judgement, and of its replay as a command."""
    with tempfile.TemporaryDirectory() as name, serving(Path(name)) as server:
        ran = counted(server, run(server))
        directory = stored(server).parent
        judging = Process([sys.executable, "-m", "benchmarks.judging", directory])
        replay = [sys.executable, "-m", "conformance", "replay", directory]
        again = once(Process([*replay, "--output", Path(name) / "again"], codes=(0, 1)))
        alone = float(measured(judging)[1])
        return ran.requests / ran.seconds, ran.requests / alone, ran.requests / again.seconds
