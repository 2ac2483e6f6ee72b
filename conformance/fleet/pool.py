"""The executor on one machine: a bounded number of processes at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from threading import Event

from conformance.fleet import unit
from conformance.fleet.unit import Result, Unit


def run(units: Iterable[Unit], results: Path, jobs: int) -> Iterator[Result]:
    """Work units on ``jobs`` threads, each of which waits for one process.

    If the caller stops iterating early, running processes are killed, and no others start.
    """
    stop = Event()
    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(unit.work, each, results / each.target, stop) for each in units]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
