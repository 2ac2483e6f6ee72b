"""What pytest reports when it collects the suite without a target.

With a target, the plugin makes a scenario's items first, and nothing here is reached.
"""

from __future__ import annotations

import pytest

_WITHOUT_TARGET: pytest.StashKey[bool] = pytest.StashKey()


def pytest_pycollect_makeitem(collector: pytest.Module, name: str) -> list[pytest.Item] | None:
    """Collect no items for a scenario, because there is no target to send it to."""
    if not name.startswith("test_"):
        return None
    collector.config.stash[_WITHOUT_TARGET] = True
    return []


def pytest_collection_modifyitems(config: pytest.Config) -> None:
    """Report the required options and stop, as for a usage error."""
    if config.stash.get(_WITHOUT_TARGET, False):
        raise pytest.UsageError(
            "the conformance suite needs a target: give --conformance-url and --conformance-key, "
            "or --conformance-target FILE"
        )
