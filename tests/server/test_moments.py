"""Sort keys."""

from __future__ import annotations

import pytest

from conformance.base.values import instant
from conformance.server.moments import key_of, moment_of, sort_key

PAIRS = [
    ("12:00:00Z", "12:00:00.000001Z"),
    ("12:00:00.09Z", "12:00:00.1Z"),
    ("11:59:59.9Z", "12:00:00.0Z"),
]


@pytest.mark.parametrize(("earlier", "later"), PAIRS)
def test_sort_keys_compare_like_instants(earlier: str, later: str) -> None:
    """Comparing keys as text is exact, and trailing zeros make no difference."""
    first, second = instant("2026-04-17T" + earlier), instant("2026-04-17T" + later)
    assert first is not None
    assert second is not None
    assert sort_key(first) < sort_key(second)
    assert sort_key(second) == sort_key(
        instant("2026-04-17T" + later.replace("Z", "000Z")) or first
    )
    assert key_of(moment_of("1969-12-31T23:59:59.5Z")) < key_of(0) < key_of(1)
