"""What goes in and comes out: Request, Reply, Refusal, and the Context of one served request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from conformance.model import Operation
    from conformance.server.store import Identity

BODY_LIMIT = 1 << 20
"""Bytes of a body that are read; one more tells that it is too long."""


@dataclass(frozen=True)
class Request:
    """A request as the application sees it; of a query parameter given twice, the first counts."""

    method: str
    path: str
    query_text: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    address: str = ""

    def header(self, name: str) -> str | None:
        """The value of a header, whatever its case."""
        return self.headers.get(name.lower())


@dataclass(frozen=True)
class Reply:
    """A response before it is written out as JSON."""

    status: int
    body: Any
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Context:
    """One request that reached an operation, with what is known of it so far."""

    operation: Operation
    request: Request
    identity: Identity | None
    values: Mapping[str, Any] = field(default_factory=dict)


class Refusal(Exception):  # noqa: N818 - an answer, not a fault
    """An answer that is an error: its role, or the very code; ``members`` stand beside the envelope."""

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
    """The request in a WSGI environment; never fails on what a client sent."""
    query_text = _text(environ.get("QUERY_STRING", ""))
    pairs = parse_qsl(query_text, keep_blank_values=True, errors="replace")
    headers = {
        key[5:].replace("_", "-").lower(): value
        for key, value in environ.items()
        if key.startswith("HTTP_")
    }
    if environ.get("CONTENT_TYPE"):
        headers["content-type"] = environ["CONTENT_TYPE"]
    return Request(
        method=environ["REQUEST_METHOD"],
        path=_text(environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")),
        query_text=query_text,
        query=dict(reversed(pairs)),
        headers=headers,
        body=_body(environ),
        address=environ.get("REMOTE_ADDR", ""),
    )


def _text(raw: str) -> str:
    return raw.encode("latin-1", "replace").decode("utf-8", "replace")


def _body(environ: Mapping[str, Any]) -> bytes:
    length = str(environ.get("CONTENT_LENGTH") or "")
    if not length.isdecimal() and not environ.get("wsgi.input_terminated"):
        return b""
    wanted = min(int(length[:18]), BODY_LIMIT + 1) if length.isdecimal() else BODY_LIMIT + 1
    stream, parts = environ["wsgi.input"], []
    while wanted > 0:
        part: bytes = stream.read(wanted)
        if not part:
            break
        parts.append(part)
        wanted -= len(part)
    return b"".join(parts)
