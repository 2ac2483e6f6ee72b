"""The control endpoint of the sandbox. It moves the clock, and is not part of the API.

It needs no key.
"""

from __future__ import annotations

from typing import Any

from conformance.server.core import Core
from conformance.server.messages import Refusal, Reply, Request
from conformance.server.moments import MICRO, render
from conformance.values import strict_json

PATH = "/_sandbox/clock"
METHOD = "POST"
MEMBER = "seconds"
_MOST = 10**12
"""More seconds than the clock ever accepts, but few enough to calculate with."""


class Control(Core):
    """Answers requests to the control endpoint."""

    def is_control(self, request: Request) -> bool:
        """Whether a request is for the control endpoint."""
        return request.path == PATH

    def control(self, request: Request) -> Reply:
        """Move the clock forward. Raises Refusal if the body holds no usable number of seconds."""
        if request.method != METHOD:
            raise Refusal("not_found")
        seconds = _seconds(strict_json(request.body.decode("utf-8", "replace")))
        if seconds is None or not self.clock.forward(seconds):
            raise Refusal(
                "invalid_parameter", f"{MEMBER} must be a number of seconds, not below zero"
            )
        return Reply(200, {"now": render(self.clock.now()), "moved": self.clock.added / MICRO})


def _seconds(body: Any) -> float | None:
    """The seconds in a body, or None if they are not a number that the clock can calculate with."""
    if not isinstance(body, dict):
        return None
    seconds = body.get(MEMBER)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    return float(seconds) if abs(seconds) < _MOST else None
