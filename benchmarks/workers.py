"""How much faster several workers are, where each answer takes 50 ms."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.measure import Cost, medians
from benchmarks.servers import cost_of_run, counted, ready, run, serving
from benchmarks.table import Row

DELAY = "0.05"
"""Seconds that each answer takes longer."""
WORKERS = ("4", "16", "32")
LEAST = {"16": 8.0}
"""The goal, by the number of workers: how many times as fast as one worker they are."""


def rows(tries: int) -> Iterator[Row]:
    """One worker without the delay and with it, and several workers."""
    measures = [partial(delayed, "--workers", count) for count in ("1", *WORKERS)]
    direct, one, *others = medians(tries, [partial(cost_of_run, "--workers", "1"), *measures])
    yield Row("one worker", one.seconds, "s", "the same without delay", direct.seconds)
    for count, each in zip(WORKERS, others, strict=True):
        against, least = f"{count} workers", LEAST.get(count)
        yield Row("one worker", one.seconds, "s", against, each.seconds, least=least)
        yield Row("requests sent", one.requests, "requests", against, each.requests)


def delayed(*options: str) -> Cost:
    """What a full run takes on a new server behind the delay."""
    with (
        tempfile.TemporaryDirectory() as name,
        serving(Path(name)) as server,
        ready(["benchmarks.proxy", server.url, DELAY]) as url,
    ):
        return counted(server, run(server.seen_at(url), *options))
