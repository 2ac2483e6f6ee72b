"""The switch of the sandbox, outside the base path of the API: it moves the clock, and wants no key."""

from __future__ import annotations

import math

from conformance.server.core import Core
from conformance.server.messages import Refusal, Reply, Request
from conformance.server.moments import MICRO, render
from conformance.values import strict_json

PATH = "/_sandbox/clock"
METHOD = "POST"
MEMBER = "seconds"


class Control(Core):
    """Answers the switch."""

    def is_control(self, request: Request) -> bool:
        """Whether a request is meant for the switch."""
        return request.path == PATH

    def control(self, request: Request) -> Reply:
        """Move the clock on."""
        if request.method != METHOD:
            raise Refusal("not_found")
        body = strict_json(request.body.decode("utf-8", "replace"))
        seconds = body.get(MEMBER) if isinstance(body, dict) else None
        usable = (
            isinstance(seconds, int | float) and not isinstance(seconds, bool) and _small(seconds)
        )
        if not usable or not self.clock.forward(float(seconds or 0)):
            raise Refusal(
                "invalid_parameter", f"{MEMBER} must be a number of seconds, not below zero"
            )
        return Reply(200, {"now": render(self.clock.now()), "moved": self.clock.added / MICRO})


def _small(seconds: float) -> bool:
    return math.isfinite(seconds) if isinstance(seconds, float) else abs(seconds) < 10**12
