"""The evidence side of the model: exchanges as they appear in the log, without secrets."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from threading import RLock
from weakref import ref

from cachetools import LRUCache, cached

from conformance.base.values import NOT_JSON, Read, Unread, read_json
from conformance.model.labels import Facts, Role
from conformance.model.operation import Json

PREFLIGHT = "preflight"
"""The scenario of requests that check whether the target is reachable. They are not judged."""

UNAVAILABLE = (502, 503, 504)
"""Statuses that a proxy returns if the application behind it does not respond."""

FROM_PROXIES = frozenset({408, 411, 413, 414, 417, 421, 426, 431, 501, *UNAVAILABLE})
"""Statuses that a proxy in front of the application may return, without the error envelope."""


Headers = Sequence[tuple[str, str]]


def header_in(headers: Headers, name: str, default: str = "") -> str:
    """The value of the first header with a name, in any case; the default if there is none."""
    wanted = name.lower()
    for key, value in headers:
        if key.lower() == wanted:
            return value
    return default


PARSED = 80_000_000
"""About how many bytes of parsed bodies are kept in memory: more than those of a full run."""

HEADERS_CUT = "the response has more headers than the log keeps"
LEFT_OUT = (
    "the log had reached its size limit before this response and does not contain the body "
    "(disk: in the target file)"
)


@dataclass(frozen=True, eq=False)
class Body:
    """A body as logged: text, or base64 if it is not UTF-8.

    ``size`` is the number of bytes received, including those that the log does not keep. Two bodies
    are equal if their contents are, wherever they are stored.
    """

    text: str | None = None
    base64: str | None = None
    size: int = 0
    cut: bool = False  # only the beginning was kept
    withheld: bool = False  # left out because it contained an encoded secret
    left_out: bool = False  # left out because the log had reached its size limit

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Body) and self._contents() == other._contents()

    def __hash__(self) -> int:
        return hash((self.size, self.cut))

    def _contents(self) -> tuple[object, ...]:
        return (self.text, self.base64, self.size, self.cut, self.withheld, self.left_out)

    @property
    def written(self) -> str:
        """The body as text; empty if it is not text."""
        return self.text or ""

    @property
    def key(self) -> Hashable:
        """The cache key of a text body: the text itself, or something that identifies it."""
        return self.written

    @property
    def is_whole_text(self) -> bool:
        """Whether the log contains the whole body, as text."""
        lacks_some = self.cut or self.withheld or self.left_out
        return self.text is not None and not lacks_some

    @property
    def parsed(self) -> Read:
        """What the text of the body holds as JSON; NOT_JSON if it is not text."""
        return _parsed(self)

    @property
    def kept(self) -> str:
        """What the log keeps of the body, as text or base64; empty if nothing."""
        if self.base64 is not None:
            return self.base64
        return self.written


@cached(
    LRUCache(PARSED, getsizeof=lambda read: read.size),
    key=lambda body: body.key,
    lock=RLock(),
)
def _parsed(body: Body) -> Read:
    """A text body parsed as JSON. Bodies with the same key are parsed once."""
    return read_json(body.written)


UNREADABLE = Read(NOT_JSON)
"""The result of reading a body that the log does not contain completely, as text."""


@dataclass(frozen=True)
class Request:
    """A request as sent, with secrets replaced by placeholders."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: Body | None = None


@dataclass(frozen=True)
class Response:
    """A response as received, with secrets replaced by placeholders."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: Body = field(default_factory=Body)
    headers_cut: bool = False  # only the first headers were kept

    def header(self, name: str, default: str = "") -> str:
        """The value of the first header with a name; see ``header_in``."""
        return header_in(self.headers, name, default)

    @property
    def json(self) -> Json:
        """The body as strict JSON.

        NOT_JSON if the body is not JSON, if the log does not contain all of it, or if it exceeds
        what the suite parses.
        """
        value = self._read.value
        return NOT_JSON if isinstance(value, Unread) else value

    @property
    def repeated_name(self) -> str | None:
        """A name that occurs more than once in an object of the body; None if there is none."""
        return self._read.twice

    @property
    def why_unjudgeable(self) -> str | None:
        """Why the response cannot be judged although it arrived completely; None if it can."""
        if self.headers_cut:
            return HEADERS_CUT
        if self.body.left_out:
            return LEFT_OUT
        value = self._read.value
        return value.reason if isinstance(value, Unread) else None

    @property
    def _read(self) -> Read:
        """The parsed body if the log contains all of it; UNREADABLE otherwise.

        A weak reference to it is kept, because that is faster than the cache of parsed bodies. Only
        the cache keeps it in memory.
        """
        reference = self.__dict__.get("_read_before")
        read: Read | None = reference() if reference else None
        if read is None:
            read = self.body.parsed if self.body.is_whole_text else UNREADABLE
            self.__dict__["_read_before"] = ref(read)
        return read

    @cached_property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300


@dataclass(frozen=True)
class Exchange:
    """One request with its response, or the reason why there is none.

    ``attempt`` counts the repetitions of the case, from 1. ``facts`` are the labels that the
    scenario gives the request for its judges, and the address that the transport sent it from.
    ``part`` names a request that was sent once on behalf of several cases.
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

    @cached_property
    def ok(self) -> bool:
        """Whether there is a response with a 2xx status."""
        return self.response is not None and self.response.ok

    @property
    def refused(self) -> bool:
        """Whether there is a response with any other status than 2xx."""
        return self.response is not None and not self.response.ok

    @cached_property
    def status(self) -> int | None:
        """The status of the response; None if there is no response."""
        return None if self.response is None else self.response.status

    @property
    def json(self) -> Json:
        """The response body as strict JSON; NOT_JSON for any other body or without a response."""
        return NOT_JSON if self.response is None else self.response.json
