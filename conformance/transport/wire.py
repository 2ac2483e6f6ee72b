"""Requests and responses on the wire, including their secrets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

BODY_LIMIT = 4 * 1024 * 1024
"""Maximum bytes of a response body that are kept, unless a request asks for more or less."""


SAFE_METHODS = ("GET", "HEAD")
"""Methods that only read, so that their requests may be repeated."""


@dataclass(frozen=True)
class WireRequest:
    """A request with its secrets: full URL, headers, body, local address to send from.

    ``verbatim``: path and query are sent unchanged, even if they are malformed.
    ``own_connection``: the request uses a connection that no other request uses.
    ``most``: maximum bytes of the response body that are kept.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None
    address: str | None = None
    verbatim: bool = False
    own_connection: bool = False
    most: int = BODY_LIMIT


@dataclass(frozen=True)
class WireResponse:
    """A response as received, with content codings decoded.

    ``cut``: the body was longer than the request allows, and only its beginning is kept.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    cut: bool = False

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300


class Loss(Enum):
    """How a response was lost."""

    UNREACHABLE = auto()  # no connection was made, so the request did not arrive
    UNTRUSTED = auto()  # the certificate of the target was not accepted; nothing was sent
    MISMATCHED = auto()  # only one side speaks TLS, so the request was not understood
    SILENT = auto()  # the response was not complete within the time limit
    CLOSED = auto()  # the connection ended before anything came back
    FOREIGN = auto()  # what came back is not HTTP
    BROKEN = auto()  # a response began, but it is malformed or incomplete
    BEYOND = auto()  # the response exceeds a limit of ours


UNSENT = (Loss.UNREACHABLE, Loss.UNTRUSTED, Loss.MISMATCHED)
"""Losses after which the request is known not to have arrived."""


class WireFailure(Exception):  # noqa: N818 - the field says failure
    """The reason why there is no response, on one line, and the kind of loss."""

    def __init__(self, reason: str, loss: Loss) -> None:
        super().__init__(reason)
        self.loss = loss


class Wire(Protocol):
    """A way to the target."""

    def send(self, request: WireRequest) -> WireResponse:
        """Send one request.

        A body longer than ``request.most`` is cut. Raises WireFailure if there is no response, or
        only an incomplete one.
        """
        ...
