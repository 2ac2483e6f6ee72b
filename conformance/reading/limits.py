"""When to test a rate limit again."""

from __future__ import annotations

from conformance.model import Rate

SHORTLY = 5
"""Seconds to wait before asking again, if the clock cannot be moved."""


def soon(rate: Rate) -> tuple[int, int]:
    """When to retry before the window of a limit ends: after how many seconds, how many times.

    The wait is just under half the window, so that at most one of two consecutive fixed windows can
    end in between. The number of requests is one more than a sliding window has freed by then.
    """
    return _within(rate, rate.seconds * 29 // 60)


def shortly(rate: Rate) -> tuple[int, int]:
    """Like ``soon``, but after a few seconds."""
    return _within(rate, min(SHORTLY, rate.seconds * 29 // 60))


def _within(rate: Rate, seconds: int) -> tuple[int, int]:
    """The seconds, and one request more than a full sliding window frees within them."""
    return seconds, rate.requests * seconds // rate.seconds + 1
