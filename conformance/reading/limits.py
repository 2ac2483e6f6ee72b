"""When to test a rate limit again."""

from __future__ import annotations

from conformance.model import Rate


def soon(rate: Rate) -> tuple[int, int]:
    """When to retry before the window of a limit ends: after how many seconds, how many times.

    Just under half the window, so that at most one of two consecutive fixed windows can end in
    between. One more request than a sliding window has freed by then.
    """
    seconds = rate.seconds * 29 // 60
    return seconds, rate.requests * seconds // rate.seconds + 1
