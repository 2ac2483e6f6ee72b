"""What the site of a fleet takes to build, and how heavy its pages are, for 10 to 10,000 targets."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Cost, Process, costs
from benchmarks.table import Row
from conformance.fleet_site.pages import FIRST, NAMES, PARTS
from tests import browser, fleet_example

SIZES = (200, 10, 1_000, 10_000)
"""Targets of a fleet. The first size is what the others are compared with."""
FLAT = 1.5
"""The most that the first page, or a page of the grid, may grow beyond the first size."""
PAGES = {"first page": FIRST, "page of the grid": f"{PARTS}/001.html", "list of names": NAMES}
BUILD = "import sys, pathlib, conformance.fleet_site as site; site.build(pathlib.Path(sys.argv[1]))"


@dataclass(frozen=True)
class Weight:
    """How heavy a page is: its KB, and the elements that a browser makes of it."""

    size: float
    elements: int


def rows(tries: int) -> Iterator[Row]:
    """Seconds, memory and pages of each size compared with those of the first one."""
    with tempfile.TemporaryDirectory() as name:
        directories = [_filled(Path(name), size) for size in SIZES]
        first, *others = costs([_build(each) for each in directories], tries)
        light, *weights = [_weights(each) for each in directories]
    against = f"{SIZES[0]} targets"
    for size, cost, weight in zip(SIZES[1:], others, weights, strict=True):
        yield from _of_build(f"{size:,} targets", cost, against, first)
        for page, each in weight.items():
            what, other = f"{page}, {size:,} targets", light[page]
            most = FLAT if size > SIZES[0] and page != "list of names" else None
            yield Row(what, each.size, "KB", against, other.size, most, tries=1)
            yield Row(what, each.elements, "elements", against, other.elements, most, tries=1)


def _of_build(what: str, cost: Cost, against: str, first: Cost) -> Iterator[Row]:
    yield Row(f"build, {what}", cost.cpu, "CPU s", against, first.cpu)
    yield Row(f"build, {what}", cost.memory, "MiB", against, first.memory)


def _filled(directory: Path, size: int) -> Path:
    """A directory with the collected results of so many targets."""
    path = directory / str(size)
    fleet_example.write(path, size)
    return path


def _build(directory: Path) -> Process:
    return Process([sys.executable, "-c", BUILD, directory])


def _weights(directory: Path) -> Mapping[str, Weight]:
    """The weight of each page that a site of this size has."""
    paths = {page: directory / name for page, name in PAGES.items()}
    return {
        page: Weight(path.stat().st_size / 1000, browser.measured(path, 1280)["elements"])
        for page, path in paths.items()
        if path.is_file()
    }
