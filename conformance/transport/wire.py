"""What goes onto the wire and what comes off it, with its secrets still in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

BODY_LIMIT = 4 * 1024 * 1024
"""The most bytes of a response body that are kept; a longer body is cut."""


@dataclass(frozen=True)
class WireRequest:
    """A request with its secrets in: full URL, headers, body, local address to send from.

    ``plain``: path and query go out as they are, even if they are malformed.
    ``apart``: over a connection that no other request uses.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None
    address: str | None = None
    plain: bool = False
    apart: bool = False


@dataclass(frozen=True)
class WireResponse:
    """A response as received: content codings undone, body cut at BODY_LIMIT."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    cut: bool = False

    @property
    def ok(self) -> bool:
        """Whether the status is in the two hundreds."""
        return 200 <= self.status < 300


class WireFailure(Exception):  # noqa: N818 - the field says failure
    """The reason why there is no response, in one line.

    ``unreachable``: not even a connection was made.
    ``stale``: a connection kept from an earlier request ended before anything came back. The target
    may have closed it at the moment of sending.
    """

    def __init__(self, reason: str, unreachable: bool = False, stale: bool = False) -> None:
        super().__init__(reason)
        self.unreachable = unreachable
        self.stale = stale


class Wire(Protocol):
    """A way to the target."""

    def send(self, request: WireRequest) -> WireResponse:
        """Send one request. Raises WireFailure if no whole response comes back."""
        ...
