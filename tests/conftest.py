"""The order of the tests, and what all of them share."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.scenarios.generated import generate
from tests.support import drawn

TESTS = Path(__file__).parent
LONGEST = (
    *("certify/test_tutorial.py", "command/test_nights.py", "test_pasted_steps.py"),
    *("test_second.py", "command/test_rerun.py", "test_vendors.py", "test_workers.py"),
    *("command/test_signals.py", "command/test_run.py", "test_causes.py", "test_contributing.py"),
    *("command/test_foreign_runs.py", "test_hostile.py", "test_nightly.py", "test_provide.py"),
)
"""The modules that take longest, the longest first."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """``-n auto`` starts one worker more than there are processors: many tests wait for servers."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest modules come first, then other long ones, so that no processor idles at the end.

    The tests of a module stay together, because one process runs them.
    """
    places = {TESTS / name: place for place, name in enumerate(LONGEST)}

    def turn(item: pytest.Item) -> tuple[int, bool]:
        return places.get(item.path, len(places)), item.get_closest_marker("long") is None

    items.sort(key=turn)


def pytest_collection_finish() -> None:
    """What was imported stays, so Python need not search it for garbage again and again."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _drawn_once() -> Iterator[None]:
    """Runs in this process get what an earlier one drew for the same request."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generate, "PROCESS", drawn.process())
        yield
