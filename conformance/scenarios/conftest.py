"""What pytest says when it collects the suite without a target.

With a target the plugin makes the items of a scenario first, and nothing here is reached.
"""

from __future__ import annotations

import pytest

_WITHOUT_TARGET: pytest.StashKey[bool] = pytest.StashKey()


def pytest_pycollect_makeitem(collector: pytest.Module, name: str) -> list[pytest.Item] | None:
    """No items for a scenario; there is nothing to send it to."""
    if not name.startswith("test_"):
        return None
    collector.config.stash[_WITHOUT_TARGET] = True
    return []


def pytest_collection_modifyitems(config: pytest.Config) -> None:
    """End with the options that are needed, as for wrong usage."""
    if config.stash.get(_WITHOUT_TARGET, False):
        raise pytest.UsageError(
            "the conformance suite needs a target: give --conformance-url and --conformance-key, "
            "or --conformance-target FILE"
        )
