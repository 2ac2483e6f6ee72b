"""When a rate limit is tried again."""

from __future__ import annotations

from conformance.model import Rate


def soon(rate: Rate) -> tuple[int, int]:
    """When to ask again before the window of a limit ends: after how many seconds, how many times.

    Just under half the window, so that at most one of two consecutive fixed windows can end in
    between. One request more than a sliding window has set free by then.
    """
    seconds = rate.seconds * 29 // 60
    return seconds, rate.requests * seconds // rate.seconds + 1
