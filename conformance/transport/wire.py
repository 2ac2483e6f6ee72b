"""What goes onto the wire and what comes off it, before secrets are taken out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

BODY_LIMIT = 4 * 1024 * 1024
"""Bytes of a response body that are kept; a longer body is cut."""


@dataclass(frozen=True)
class WireRequest:
    """A request with its secrets in: full URL, headers, bytes of the body, local address to send from.

    ``plain``: path and query go out as they are, also where they are no proper ones. ``apart``: over a
    connection that no other request uses, as where others are under way at the same time.
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
    """A response as it came: content codings undone, body cut at BODY_LIMIT."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    cut: bool = False


class WireFailure(Exception):  # noqa: N818 - the field says failure
    """No response: why, in one line. ``unreachable`` if not even a connection was made.

    ``stale`` if the connection was kept from an earlier request and ended before anything came back, as when
    the target closes it at the moment that we send.
    """

    def __init__(self, reason: str, unreachable: bool = False, stale: bool = False) -> None:
        super().__init__(reason)
        self.unreachable = unreachable
        self.stale = stale


class Wire(Protocol):
    """A way to the target."""

    def send(self, request: WireRequest) -> WireResponse:
        """Send one request. Raises WireFailure where no whole response comes back."""
        ...
