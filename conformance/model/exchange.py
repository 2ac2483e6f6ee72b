"""The evidence side of the model: exchanges as the log holds them, without secrets."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from threading import RLock

from cachetools import LRUCache, cached

from conformance.base.values import NOT_JSON, Read, Unread, read_json
from conformance.model.labels import Facts, Role
from conformance.model.operation import Json

PREFLIGHT = "preflight"
"""The scenario of requests that look whether the target is there. Nothing is judged by them."""

UNAVAILABLE = (502, 503, 504)
"""Statuses of a proxy that got no response from the application behind it."""

FROM_PROXIES = frozenset({408, 411, 413, 414, 417, 421, 426, 431, 501, *UNAVAILABLE})
"""Statuses that may come from something in front of the application, without its envelope."""


Headers = Sequence[tuple[str, str]]


def header_in(headers: Headers, name: str, default: str = "") -> str:
    """The value of the first header of a name, whatever its case; the default without one."""
    for key, value in headers:
        if key.lower() == name.lower():
            return value
    return default


PARSED_TEXT = 4_000_000
"""Characters of bodies whose values are kept. A value may weigh thirty times its text."""

HEADERS_CUT = "the response has more headers than the log keeps"
LEFT_OUT = (
    "the log had reached its bound before this response, and does not hold the body "
    "(disk: in the target file)"
)


@dataclass(frozen=True, eq=False)
class Body:
    """A body as logged: text, or base64 of what is not UTF-8.

    ``size`` counts the bytes received, also those that the log does not keep. Two bodies are equal
    if they say the same, wherever they keep it.
    """

    text: str | None = None
    base64: str | None = None
    size: int = 0
    cut: bool = False  # more came than is kept
    withheld: bool = False  # left out because it held a secret in an encoded form
    left_out: bool = False  # left out because the log had reached its bound

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Body) and self._said() == other._said()

    def __hash__(self) -> int:
        return hash((self.size, self.cut))

    def _said(self) -> tuple[object, ...]:
        return (self.text, self.base64, self.size, self.cut, self.withheld, self.left_out)

    @property
    def written(self) -> str:
        """The body as text; empty where it is none."""
        return self.text or ""

    @property
    def key(self) -> Hashable:
        """What tells a body that is text from others: the text itself, or what identifies it."""
        return self.written

    @property
    def is_whole_text(self) -> bool:
        """Whether the log holds all of it, as text."""
        lacks_some = self.cut or self.withheld or self.left_out
        return self.text is not None and not lacks_some

    @property
    def kept(self) -> str:
        """What the log keeps of the body, as text or base64; empty where it keeps nothing."""
        if self.base64 is not None:
            return self.base64
        return self.written


@cached(
    LRUCache(PARSED_TEXT, getsizeof=lambda kept: kept[1]),
    key=lambda body: body.key,
    lock=RLock(),
)
def _parsed(body: Body) -> tuple[Read, int]:
    """What a body that is text holds as JSON, and how long that text is; made once."""
    return read_json(body.written), len(body.written)


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
    headers_cut: bool = False  # more headers came than are kept

    def header(self, name: str, default: str = "") -> str:
        """The value of the first header of a name; see ``header_in``."""
        return header_in(self.headers, name, default)

    @property
    def json(self) -> Json:
        """The body as strict JSON.

        NOT_JSON for a body that is no JSON, for one that the log does not hold whole, and for one
        that is more than the suite reads.
        """
        value = self._read.value
        return NOT_JSON if isinstance(value, Unread) else value

    @property
    def twice(self) -> str | None:
        """A name that an object in the body has more than once; None if there is none."""
        return self._read.twice

    @property
    def unheld(self) -> str | None:
        """Why the response cannot be judged, although it came whole; None if it can."""
        if self.headers_cut:
            return HEADERS_CUT
        if self.body.left_out:
            return LEFT_OUT
        value = self._read.value
        return value.reason if isinstance(value, Unread) else None

    @property
    def _read(self) -> Read:
        """What the body holds as JSON, if the log holds it whole."""
        body = self.body
        if not body.is_whole_text:
            return Read(NOT_JSON)
        return _parsed(body)[0]

    @property
    def ok(self) -> bool:
        """Whether the status is in the two hundreds."""
        return 200 <= self.status < 300


@dataclass(frozen=True)
class Exchange:
    """One request with its response, or the reason why there is none.

    ``attempt`` counts the repetitions of the case, from 1. ``facts`` are what the scenario says of
    the request for its judges, and the address that the transport sent it from. ``part`` names what
    was asked once for several cases.
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
    part: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the response has a status in the two hundreds; False without a response."""
        return self.response is not None and self.response.ok

    @property
    def refused(self) -> bool:
        """Whether there is a response, with another status than a success."""
        return self.response is not None and not self.response.ok

    @property
    def status(self) -> int | None:
        """The status of the response; None without a response."""
        return None if self.response is None else self.response.status

    @property
    def json(self) -> Json:
        """The body of the response as strict JSON; NOT_JSON for any other body, or for none."""
        return NOT_JSON if self.response is None else self.response.json
