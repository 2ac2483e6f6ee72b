"""Rate limits of operations.

A window opens with the first request that counts and closes after a fixed time; then counting
starts again. A request counts only if it passes every other check. Requests are counted by the
address of the connection, because the server trusts no header for that.
"""

from __future__ import annotations

from typing import Any

from conformance.model import Rate
from conformance.server.core import Core
from conformance.server.messages import Context, Refusal, Request
from conformance.server.moments import MICRO

_MANY = 10_000
"""Number of windows beyond which closed ones are dropped."""


class Limits(Core):
    """Counts requests and refuses those above the limit."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        # (operation, address) -> (moment when the window opened, number of requests in it)
        self._windows: dict[tuple[str, str], tuple[int, int]] = {}

    def rate_address(self, request: Request) -> str:
        """The address by which requests are counted."""
        return request.address

    def rate_allowance(self, rate: Rate) -> int:
        """The number of requests that a window allows."""
        return rate.requests

    def rate_seconds(self, rate: Rate) -> int:
        """The length of a window in seconds."""
        return rate.seconds

    def too_many(self, retry_after: int) -> Refusal:
        """The refusal of a request above the limit; the window closes after ``retry_after`` s."""
        return Refusal("rate_limited", headers=(("Retry-After", str(retry_after)),))

    def check_rate(self, context: Context) -> None:
        """Count a request. Raises Refusal instead if the window of its operation is full."""
        rate = context.operation.rate
        if rate is None:
            return
        counter = (context.operation.id, self.rate_address(context.request))
        length = self.rate_seconds(rate) * MICRO
        with self.store.lock:
            now = self.clock.now()
            self._drop_closed(now - length)
            start, count = self._windows.get(counter, (now, 0))
            if now >= start + length:
                start, count = now, 0
            if count >= self.rate_allowance(rate):
                microseconds_left = start + length - now
                seconds_left = -(-microseconds_left // MICRO)  # rounded up
                raise self.too_many(seconds_left)
            self._windows[counter] = (start, count + 1)

    def _drop_closed(self, moment: int) -> None:
        """If there are many windows, drop those that opened at or before a moment."""
        if len(self._windows) > _MANY:
            self._windows = {
                counter: (opened, count)
                for counter, (opened, count) in self._windows.items()
                if opened > moment
            }
