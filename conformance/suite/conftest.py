"""What pytest says when it collects the suite without a target.

With a target the plugin has made the items of a scenario first, and this hook is not reached.
"""

from __future__ import annotations

import pytest


def pytest_pycollect_makeitem(name: str) -> None:
    """End with exit code 4 and the options that are needed."""
    if name.startswith("test_"):
        pytest.exit(
            "the conformance suite needs a target: give --conformance-url and --conformance-key, "
            "or --conformance-target FILE",
            returncode=pytest.ExitCode.USAGE_ERROR,
        )
