"""What the site of a fleet takes to build, and how heavy its pages are, by number of targets."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.measure import Process, medians, once
from benchmarks.table import Row
from tests import browser

SIZES = (200, 10, 1_000, 10_000)
"""Targets of a fleet. The first size is what the others are compared with."""
FLAT = 2
"""The most that memory, first page and a page of the grid may grow beyond the first size."""
NAMES = "list of names"
PAGES = {"first page": "index.html", "page of the grid": "grid/001.html", NAMES: "targets.html"}
BUILD = "import sys, pathlib, conformance.fleet_site as site; site.build(pathlib.Path(sys.argv[1]))"


@dataclass(frozen=True)
class Weight:
    """How heavy a page is: its KB, its elements, and the seconds that a browser needs for it.

    Most of the seconds are those that the browser needs to start and to end.
    """

    size: float
    elements: int
    seconds: float


def rows(tries: int) -> Iterator[Row]:
    """Seconds, memory and pages of each size compared with those of the first one."""
    with tempfile.TemporaryDirectory() as name:
        directories = [_filled(Path(name), size) for size in SIZES]
        first, *others = medians(tries, [partial(once, _build(each)) for each in directories])
        light, *weights = [_weights(each) for each in directories]
    against = f"{SIZES[0]} targets"
    for size, cost, weight in zip(SIZES[1:], others, weights, strict=True):
        grows = FLAT if size > SIZES[0] else None
        yield Row(f"build, {size:,} targets", cost.cpu, "CPU s", against, first.cpu)
        yield Row(f"build, {size:,} targets", cost.memory, "MiB", against, first.memory, grows)
        for page, each in weight.items():
            what, other = f"{page}, {size:,} targets", light[page]
            most = None if page == NAMES else grows
            yield Row(what, each.size, "KB", against, other.size, most, tries=1)
            yield Row(what, each.elements, "elements", against, other.elements, most, tries=1)
            yield Row(what, each.seconds, "s", against, other.seconds, tries=1)


def _filled(directory: Path, size: int) -> Path:
    """A directory with the collected results of so many targets, by a process of its own.

    What this process holds would be charged to those that it measures.
    """
    path = directory / str(size)
    once(Process([sys.executable, "-m", "tests.fleet_example", path, str(size)]))
    return path


def _build(directory: Path) -> Process:
    return Process([sys.executable, "-c", BUILD, directory])


def _weights(directory: Path) -> Mapping[str, Weight]:
    """The weight of each page that a site of this size has."""
    paths = {page: directory / name for page, name in PAGES.items()}
    return {page: _weight(path) for page, path in paths.items() if path.is_file()}


def _weight(page: Path) -> Weight:
    began = time.monotonic()
    browser.dump_dom(page)
    seconds = time.monotonic() - began
    elements = browser.measured(page, 1280)["elements"]
    return Weight(page.stat().st_size / 1000, elements, seconds)
