"""The order of the tests."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Modules that take long come first, so that no processor is idle at the end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
