"""What goes in and comes out: Request, Reply, Refusal, and the Context of one request.

Request and Reply belong to the server alone. The suite has its own nouns for both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from conformance.model import Operation
from conformance.server.store import Identity

BODY_LIMIT = 1 << 20
"""The longest body in bytes. One byte more is read, to notice that a body is longer."""


@dataclass(frozen=True)
class Request:
    """A request as the application sees it. If a query parameter is repeated, the first counts.

    The names of ``headers`` are in lower case.
    """

    method: str
    path: str
    query_text: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    address: str = ""

    def header(self, name: str) -> str | None:
        """The value of a header, or None. The case of the name does not matter."""
        return self.headers.get(name.lower())


@dataclass(frozen=True)
class Reply:
    """A response. The body is a value that is still to be written as JSON."""

    status: int
    body: Any
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Context:
    """One request to an operation, with the identity that sent it and its checked values."""

    operation: Operation
    request: Request
    identity: Identity | None
    values: Mapping[str, Any] = field(default_factory=dict)


class Refusal(Exception):  # noqa: N818 - a response, not a fault
    """A response that is an error. It has a role, or a code if several codes share the role.

    ``members`` are members of the body besides those of the envelope.
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
    """The request in a WSGI environment. No input of a client makes this fail."""
    query_text = _text(environ.get("QUERY_STRING", ""))
    pairs = parse_qsl(query_text, keep_blank_values=True, errors="replace")
    return Request(
        method=environ["REQUEST_METHOD"],
        path=_text(environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")),
        query_text=query_text,
        query=dict(reversed(pairs)),
        headers=_headers(environ),
        body=_body(environ),
        address=environ.get("REMOTE_ADDR", ""),
    )


def _text(raw: str) -> str:
    return raw.encode("latin-1", "replace").decode("utf-8", "replace")


def _headers(environ: Mapping[str, Any]) -> dict[str, str]:
    headers = {}
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            headers[key.removeprefix("HTTP_").replace("_", "-").lower()] = value
    if environ.get("CONTENT_TYPE"):
        headers["content-type"] = environ["CONTENT_TYPE"]
    return headers


def _body(environ: Mapping[str, Any]) -> bytes:
    """The body, up to one byte more than the limit."""
    length = str(environ.get("CONTENT_LENGTH") or "")
    most = BODY_LIMIT + 1
    if length.isdecimal():
        return _read(environ["wsgi.input"], min(int(length[:18]), most))
    return _read(environ["wsgi.input"], most) if environ.get("wsgi.input_terminated") else b""


def _read(stream: Any, count: int) -> bytes:
    """Up to ``count`` bytes of a stream. One read may return less than it was asked for."""
    parts = []
    while count > 0:
        part: bytes = stream.read(count)
        if not part:
            break
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
