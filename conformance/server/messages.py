"""The message types of the server: Request, Reply, Refusal, and the Context of a request.

Request and Reply are used only by the server. The suite has its own types for both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from conformance.model import Operation
from conformance.server.store import Identity

BODY_LIMIT = 1 << 20
"""Maximum body size in bytes. One more byte is read to detect a longer body."""


@dataclass(frozen=True)
class Request:
    """A request as the application sees it. Of repeated query parameters, the first counts.

    The names in ``headers`` are in lower case.
    """

    method: str
    path: str
    query_text: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    address: str = ""

    def header(self, name: str) -> str | None:
        """The value of a header, or None. The name is case-insensitive."""
        return self.headers.get(name.lower())


@dataclass(frozen=True)
class Reply:
    """A response. The body is a value that has yet to be serialized as JSON."""

    status: int
    body: Any
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Context:
    """A request to an operation, with the identity of its sender and its validated values."""

    operation: Operation
    request: Request
    identity: Identity | None
    values: Mapping[str, Any] = field(default_factory=dict)


class Refusal(Exception):  # noqa: N818 - a response, not a fault
    """An error response. It names the role of the error, or its code if several share that role.

    ``members`` are additional members of the body, outside the envelope.
    """

    def __init__(
        self,
        role: str = "",
        message: str = "",
        *,
        code: str = "",
        headers: tuple[tuple[str, str], ...] = (),
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(role or code)
        self.role = role
        self.code = code
        self.message = message
        self.headers = headers
        self.members = dict(members or {})


def read_request(environ: Mapping[str, Any]) -> Request:
    """The request in a WSGI environment. No client input makes this fail."""
    query_text = _text(environ.get("QUERY_STRING", ""))
    pairs = parse_qsl(query_text, keep_blank_values=True, errors="replace")
    return Request(
        method=environ["REQUEST_METHOD"],
        path=_text(environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")),
        query_text=query_text,
        query=dict(reversed(pairs)),  # reversed, so that the first of equal names counts
        headers=_headers(environ),
        body=_body(environ),
        address=environ.get("REMOTE_ADDR", ""),
    )


def _text(raw: str) -> str:
    """A text of a WSGI environment decoded as UTF-8: as passed, each character is one byte."""
    return raw.encode("latin-1", "replace").decode("utf-8", "replace")


def _headers(environ: Mapping[str, Any]) -> dict[str, str]:
    """The headers in a WSGI environment, by their names in lower case."""
    headers = {}
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            headers[key.removeprefix("HTTP_").replace("_", "-").lower()] = value
    if environ.get("CONTENT_TYPE"):
        headers["content-type"] = environ["CONTENT_TYPE"]
    return headers


def _body(environ: Mapping[str, Any]) -> bytes:
    """The body, up to one byte beyond the limit; empty if its end is not known."""
    length = str(environ.get("CONTENT_LENGTH") or "")
    most = BODY_LIMIT + 1
    if length.isdecimal():
        announced = int(length[:18])  # int() rejects thousands of digits
        return _read(environ["wsgi.input"], min(announced, most))
    if environ.get("wsgi.input_terminated"):
        return _read(environ["wsgi.input"], most)
    return b""


def _read(stream: Any, count: int) -> bytes:
    """The first ``count`` bytes of a stream, or all if it ends before; may take several reads."""
    parts = []
    while count > 0:
        part: bytes = stream.read(count)
        if not part:
            break
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
