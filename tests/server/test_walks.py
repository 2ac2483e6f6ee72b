"""A list read page by page."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.server.sandbox import Api


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 50, 100, 1000])
def test_a_walk_at_any_size_gives_every_call_once(api: Api, limit: int) -> None:
    """Pages of any size add up to the list."""
    whole = [call["id"] for call in api.walk("/calls", "calls", limit=100)]
    assert [call["id"] for call in api.walk("/calls", "calls", limit=limit)] == whole


def test_a_walk_with_filters_gives_every_match_once(api: Api) -> None:
    """A walk with filters gives the matching calls in order."""
    calls = api.walk("/calls", "calls", limit=100)
    agent, status = Counter((call["agent_id"], call["status"]) for call in calls).most_common(1)[0][
        0
    ]
    matching = [call for call in calls if (call["agent_id"], call["status"]) == (agent, status)]
    assert api.walk("/calls", "calls", agent_id=agent, status=status, limit=4) == matching
    assert api.walk("/calls", "calls", status="nothing") == []
