"""What goes onto the wire and what comes off it, with its secrets still in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

BODY_LIMIT = 4 * 1024 * 1024
"""The most bytes of a response body that are kept; a longer body is cut."""


SAFE_METHODS = ("GET", "HEAD")
"""Methods of requests that only read, so that they may be sent again."""


@dataclass(frozen=True)
class WireRequest:
    """A request with its secrets in: full URL, headers, body, local address to send from.

    ``plain``: path and query go out as they are, even if they are malformed.
    ``apart``: over a connection that no other request uses. ``most``: bytes of the body of its
    response that are kept.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None
    address: str | None = None
    plain: bool = False
    apart: bool = False
    most: int = BODY_LIMIT


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


class Loss(Enum):
    """How a response was lost."""

    UNREACHABLE = auto()  # not even a connection was made, so the request did not arrive
    UNTRUSTED = auto()  # the certificate of the target was not accepted; nothing was sent
    SILENT = auto()  # no whole response came within the time limit
    CLOSED = auto()  # the connection ended before anything came back
    FOREIGN = auto()  # what came back is not HTTP
    BROKEN = auto()  # a response began, but it is not well-formed HTTP, or it is not complete
    BEYOND = auto()  # the response goes beyond a limit of ours


UNSENT = (Loss.UNREACHABLE, Loss.UNTRUSTED)
"""Losses after which the request is known not to have arrived."""


class WireFailure(Exception):  # noqa: N818 - the field says failure
    """The reason why there is no response, in one line, and the kind of the loss."""

    def __init__(self, reason: str, loss: Loss) -> None:
        super().__init__(reason)
        self.loss = loss


class Wire(Protocol):
    """A way to the target."""

    def send(self, request: WireRequest) -> WireResponse:
        """Send one request. Raises WireFailure if no whole response comes back."""
        ...
