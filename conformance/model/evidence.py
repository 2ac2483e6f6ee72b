"""The evidence side of the model: exchanges as the log holds them, without secrets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from conformance.model.labels import Facts, Role
from conformance.model.operation import Json
from conformance.values import NOT_JSON, strict_json

PREFLIGHT = "preflight"
"""The scenario of requests that look whether the target is there. Nothing is judged by them."""

UNAVAILABLE = (502, 503, 504)
"""Statuses of a proxy that got no answer from the application behind it."""

FROM_PROXIES = frozenset({408, 411, 413, 414, 417, 421, 426, 431, 501, *UNAVAILABLE})
"""Statuses that something in front of the application may answer, without its envelope."""


Headers = Sequence[tuple[str, str]]


def header_in(headers: Headers, name: str, default: str = "") -> str:
    """The value of the first header of a name, whatever its case; the default without one."""
    for key, value in headers:
        if key.lower() == name.lower():
            return value
    return default


@dataclass(frozen=True)
class Body:
    """A body as logged: text, or base64 of what is not UTF-8.

    ``size`` counts the bytes received, also those that the log does not keep.
    """

    text: str | None = None
    base64: str | None = None
    size: int = 0
    cut: bool = False  # more came than is kept
    withheld: bool = False  # left out because it held a secret in an encoded form

    @property
    def kept(self) -> str:
        """What the log keeps of the body, as text or base64; empty where it keeps nothing."""
        if self.base64 is not None:
            return self.base64
        return self.text or ""


@dataclass(frozen=True)
class Request:
    """A request as sent, secrets replaced by placeholders."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: Body | None = None


@dataclass(frozen=True)
class Response:
    """A response as received, secrets replaced by placeholders."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: Body = field(default_factory=Body)

    def header(self, name: str, default: str = "") -> str:
        """The value of the first header of a name; see ``header_in``."""
        return header_in(self.headers, name, default)

    @cached_property
    def json(self) -> Json:
        """The body as strict JSON.

        NOT_JSON for a body that is no JSON, and for one that the log does not hold whole.
        """
        body = self.body
        if body.text is None or body.cut:
            return NOT_JSON
        if body.withheld:
            return NOT_JSON
        return strict_json(body.text)

    @property
    def ok(self) -> bool:
        """Whether the status is in the two hundreds."""
        return 200 <= self.status < 300


@dataclass(frozen=True)
class Exchange:
    """One request with its response, or the reason why there is none.

    ``attempt`` counts the repetitions of the case, from 1. ``facts`` are what the scenario says of
    the request for its judges, and the address that the transport sent it from.
    """

    id: str
    case: str
    scenario: str
    attempt: int
    operation: str
    role: Role
    identity: str | None
    facts: Facts
    request: Request
    response: Response | None
    failure: str | None = None
    started: str = ""
    elapsed_ms: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether the request was answered with a status in the two hundreds."""
        return self.response is not None and self.response.ok

    @property
    def refused(self) -> bool:
        """Whether the request was answered, but with another status than a success."""
        return self.response is not None and not self.response.ok

    @property
    def status(self) -> int | None:
        """The status of the response; None without a response."""
        return None if self.response is None else self.response.status

    @property
    def json(self) -> Json:
        """The body of the response as strict JSON; NOT_JSON for any other body, or for none."""
        return NOT_JSON if self.response is None else self.response.json
