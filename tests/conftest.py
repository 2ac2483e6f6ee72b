"""The order of the tests, and what all of them share."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from conformance.scenarios.generated import generate
from tests.support import drawn


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Modules that take long come first, so that no processor is idle at the end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_collection_finish() -> None:
    """What was imported stays, so Python need not search it for garbage again and again."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _drawn_once() -> Iterator[None]:
    """Runs in this process get what an earlier one drew for the same request."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generate, "PROCESS", drawn.process())
        yield
