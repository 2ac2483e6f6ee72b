"""The control endpoint of the sandbox, which moves the clock and is not part of the API.

It requires no key, so web pages in the user's browser must not be able to use it. A request must
come from its own origin or not from a page at all, must name localhost or an IP address as its
host, and must have a body that forms cannot send.
"""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from conformance.base.values import strict_json
from conformance.server.catalog import JSON_TYPE
from conformance.server.core import Core
from conformance.server.messages import Refusal, Reply, Request
from conformance.server.moments import MICRO, render

PATH = "/_sandbox/clock"
METHOD = "POST"
MEMBER = "seconds"
LOCAL = "localhost"
_MOST = 10**12
"""More seconds than the clock ever accepts, but safe to calculate with."""


class Control(Core):
    """Serves the control endpoint."""

    def is_control(self, request: Request) -> bool:
        """Whether a request is for the control endpoint."""
        return request.path == PATH

    def control(self, request: Request) -> Reply:
        """Move the clock forward. Raises Refusal for a request that does not ask for that."""
        if request.method != METHOD:
            raise Refusal("not_found")
        if not _is_local(request):
            raise Refusal("forbidden", "No web page of another origin may move the clock")
        if not _is_json(request):
            raise Refusal("invalid_parameter", f"The Content-Type must be {JSON_TYPE}")
        seconds = _seconds(strict_json(request.body.decode("utf-8", "replace")))
        if seconds is None or not self.clock.forward(seconds):
            raise Refusal(
                "invalid_parameter", f"{MEMBER} must be a number of seconds, not below zero"
            )
        return Reply(200, {"now": render(self.clock.now()), "moved": self.clock.added / MICRO})


def _is_local(request: Request) -> bool:
    """Whether the host of a request is localhost or an IP address, and no other origin sent it.

    A foreign page can make its own name resolve to this host, but not an IP address or localhost.
    """
    host = request.header("Host") or LOCAL
    if request.header("Origin") not in (None, f"http://{host}"):
        return False
    try:
        name = urlsplit(f"//{host}").hostname or ""
        if name != LOCAL:
            ipaddress.ip_address(name)  # raises ValueError for a name
    except ValueError:
        return False
    return True


def _is_json(request: Request) -> bool:
    media, _, _ = (request.header("Content-Type") or "").partition(";")
    return media.strip().lower() == JSON_TYPE


def _seconds(body: Any) -> float | None:
    """The seconds in a body, or None if they are not a number that the clock can use."""
    if not isinstance(body, dict):
        return None
    seconds = body.get(MEMBER)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    return float(seconds) if abs(seconds) < _MOST else None
