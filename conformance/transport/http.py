"""HTTP over connections of urllib3, without conveniences that would distort the evidence.

There are no redirects (they would receive our keys), no retries, and no cookies (they would mix
identities). Environment settings are ignored, because a netrc entry would replace the key; only
the one for certificate authorities applies. Bodies are bounded in bytes, requests in time.
"""

from __future__ import annotations

import http.client
import logging
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress

from urllib3 import BaseHTTPResponse
from urllib3.connection import HTTPConnection
from urllib3.exceptions import IncompleteRead, ProtocolError, ReadTimeoutError
from urllib3.util import SKIP_HEADER, Url, parse_url

from conformance.base.tls import Trust, is_spoken_at
from conformance.model import Peer
from conformance.transport.bounded import CONNECTIONS, CURRENT, TooMuchError
from conformance.transport.codings import decoded
from conformance.transport.deployment import Deployment
from conformance.transport.wire import (
    SAFE_METHODS,
    Loss,
    WireFailure,
    WireRequest,
    WireResponse,
)

ADDED = "accept-encoding"
"""A header that urllib3 adds if a request has none; clients always send the others it adds."""

CHUNK = 65_536
"""Bytes of a body read at a time."""

SILENT = logging.CRITICAL + 1
"""The level for urllib3's logger, because it quotes odd responses and pytest shows its output."""

TOO_MANY_HEADERS = "got more than"
"""The start of the http.client error for too many headers."""

FRESH = 1.0
"""Seconds that a kept connection may be idle and still be used for a write.

The target may close an idle connection just as a request is sent. For a write it is then unknown
whether it was carried out.
"""


_Received = tuple[BaseHTTPResponse, bytes, bool]
"""A response with its body, and whether the body was cut."""
_Origin = tuple[str | None, str | None, int | None]
"""Scheme, host and port."""


class _Kept:
    """A connection that the next request to its origin may use, and the time of its last use."""

    def __init__(self, connection: HTTPConnection, origin: _Origin) -> None:
        self.connection = connection
        self.origin = origin
        self.used = time.monotonic()


class _KeptHere(threading.local):
    """The kept connections of the current thread, by local address."""

    def __init__(self) -> None:
        self.by_address: dict[str | None, _Kept] = {}


class HttpWire:
    """Sends over one kept connection per thread and local address.

    ``timeout`` is the time limit for a request in seconds, from connecting to the end of the
    response. ``trust`` says which certificates are accepted.
    """

    def __init__(self, timeout: float, trust: Trust | None = None) -> None:
        logging.getLogger("urllib3").setLevel(SILENT)
        self._timeout = timeout
        self._trust = trust or Trust()
        self._kept = _KeptHere()
        self._keeps = True  # until bytes follow the end of a response
        self._keeps_for_writes = True  # until a kept connection is closed instead of a response
        self._may_want_tls = True  # until plain HTTP has a response, or TLS has been tried
        self._deployment = Deployment()

    def send(self, request: WireRequest) -> WireResponse:
        """Send one request; see Wire.

        A complete body is decoded, unless bytes after it show that the response is broken.
        """
        CURRENT.begin(self._timeout)
        opened_before = CURRENT.opened
        send = self._send_over_kept if self._may_keep(request) else self._send_over_own
        try:
            raw, body, cut = send(request)
        except Exception as error:  # an odd response can break the library anywhere
            failure = self._failure(error, request.url)
            was_kept = CURRENT.opened == opened_before
            if failure.loss is Loss.CLOSED and was_kept:
                self._keeps_for_writes = False
            raise failure from None
        finally:
            if CURRENT.reached:
                self._deployment.add(*CURRENT.reached)
        self._may_want_tls = False
        if not cut:
            self._check_excess(raw.status)
            codings = raw.headers.get("Content-Encoding", "")
            body, cut = decoded(body, codings, request.most)
        return WireResponse(raw.status, tuple(raw.headers.items()), body, cut)

    def peer(self, url: str) -> Peer | None:
        """What the connections so far saw of the target at a URL; None if there were none."""
        return self._deployment.peer(parse_url(url).host or "")

    def _check_excess(self, status: int) -> None:
        """Raise WireFailure if bytes follow the end of a response, unless they are line ends.

        Whatever they are, they are not a response to the next request, so from now on no connection
        is kept. After 101 they belong to another protocol.
        """
        excess = CURRENT.excess
        if not excess or status == http.client.SWITCHING_PROTOCOLS:
            return
        self._keeps = False
        self.close()
        if excess.strip(b"\r\n"):
            raise WireFailure("extra bytes after the end of the response", Loss.BROKEN)

    def close(self) -> None:
        """Close the kept connections of this thread."""
        for kept in self._kept.by_address.values():
            kept.connection.close()
        self._kept.by_address.clear()

    def _may_keep(self, request: WireRequest) -> bool:
        """Whether a request may use a kept connection.

        A write may do so only right after the last use of the connection, and only until the target
        has closed a kept connection instead of responding.
        """
        if request.verbatim or request.own_connection or not self._keeps:
            return False
        if request.method in SAFE_METHODS:
            return True
        kept = self._kept.by_address.get(request.address)
        idle = 0.0 if kept is None else time.monotonic() - kept.used
        return self._keeps_for_writes and idle < FRESH

    def _send_over_kept(self, request: WireRequest) -> _Received:
        """Send over a connection that is kept for the next request."""
        where = parse_url(request.url)
        kept = self._kept_to(where, request.address)
        if not kept.connection.is_connected:  # the target may have closed it
            kept.connection.close()
        received = self._send_over(kept.connection, request, where.request_uri)
        kept.used = time.monotonic()
        return received

    def _kept_to(self, where: Url, address: str | None) -> _Kept:
        """The kept connection to the origin of a URL, which may be new.

        A new one replaces the connection that this thread kept from the same local address.
        """
        by_address = self._kept.by_address
        kept, origin = by_address.get(address), (where.scheme, where.host, where.port)
        if kept is not None and kept.origin == origin:
            return kept
        if kept is not None:
            kept.connection.close()
        by_address[address] = _Kept(self._connection(where, address), origin)
        return by_address[address]

    def _send_over_own(self, request: WireRequest) -> _Received:
        """Send over a connection of its own, with path and query unchanged."""
        start = request.url.index("/", request.url.index("://") + len("://"))
        origin, target = request.url[:start], request.url[start:]
        with closing(self._connection(parse_url(origin), request.address)) as connection:
            return self._send_over(connection, request, target)

    def _send_over(
        self, connection: HTTPConnection, request: WireRequest, target: str
    ) -> _Received:
        """Send a request, with ``target`` as the path and query of its first line.

        Closes the connection if the body was cut or anything failed.
        """
        try:
            connection.timeout = self._timeout
            if connection.is_closed:
                connection.connect()
            with suppress(BrokenPipeError, ConnectionResetError):  # a response may have come before
                connection.request(
                    request.method, target, request.body, _headers(request), preload_content=False
                )
            raw = connection.getresponse()
            body, cut = _read_body(raw, request.most)
        except BaseException:
            connection.close()
            raise
        if cut:
            connection.close()
        return raw, body, cut

    def _connection(self, where: Url, address: str | None) -> HTTPConnection:
        """A new connection to the origin of a URL."""
        trust = self._trust.of_connection() if where.scheme == "https" else {}
        kind: type[HTTPConnection] = CONNECTIONS[where.scheme or "http"]
        return kind(
            where.host or "",
            where.port,
            timeout=self._timeout,
            source_address=(address, 0) if address else None,
            **trust,
        )

    def _failure(self, error: Exception, url: str) -> WireFailure:
        """The failure for an error, depending on how far the request had got."""
        if isinstance(error, WireFailure):
            return error
        causes = list(_causes(error))
        if not CURRENT.connected:
            return _without_connection(causes)
        if _is_any(causes, TimeoutError):
            return WireFailure(f"no response within {self._timeout:g} s", Loss.SILENT)
        loss = _loss(causes)
        if loss in (Loss.CLOSED, Loss.FOREIGN) and self._wants_tls(url):
            return WireFailure(WANTS_TLS, Loss.MISMATCHED)
        return WireFailure(_reason(causes), loss)

    def _wants_tls(self, url: str) -> bool:
        """Whether a port that never answered plain HTTP speaks TLS instead; tried only once."""
        where = parse_url(url)
        if where.scheme != "http" or not self._may_want_tls:
            return False
        self._may_want_tls = False
        return is_spoken_at(where.host or "", where.port or HTTP_PORT, min(HELLO, self._timeout))


HTTP_PORT = http.client.HTTP_PORT
HELLO = 3.0
"""Seconds in which a TLS handshake must succeed to explain why plain HTTP fails."""
WANTS_TLS = "the server speaks TLS on this port"
HAS_NO_TLS = "the server does not speak TLS on this port"
NO_TLS = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE"}
"""The reasons of OpenSSL that mean that what came back is not TLS."""
HANDSHAKE = "TLS handshake (does the port speak https?)"


def _without_connection(causes: list[BaseException]) -> WireFailure:
    """Why no connection could be made."""
    if any(isinstance(cause, ssl.SSLError) and cause.reason in NO_TLS for cause in causes):
        return WireFailure(HAS_NO_TLS, Loss.MISMATCHED)
    if _is_any(causes, ssl.SSLError):
        return WireFailure(_reason(causes), Loss.UNTRUSTED)
    if _is_any(causes, TimeoutError):
        missing = HANDSHAKE if "handshake" in str(causes) else "connection"
        return WireFailure(f"no {missing} within the time limit", Loss.UNREACHABLE)
    return WireFailure(_reason(causes), Loss.UNREACHABLE)


def _loss(causes: list[BaseException]) -> Loss:
    """How a response was lost on an established connection."""
    if not CURRENT.received:
        return Loss.CLOSED
    if any(_is_limit(cause) for cause in causes):
        return Loss.BEYOND
    if _is_any(causes, http.client.RemoteDisconnected):  # a kind of BadStatusLine
        return Loss.BROKEN
    if _is_any(causes, http.client.BadStatusLine, http.client.UnknownProtocol):
        return Loss.FOREIGN
    return Loss.BROKEN


def _is_limit(error: BaseException) -> bool:
    """Whether an error says that a response exceeds a limit of ours or of http.client."""
    if isinstance(error, TooMuchError | http.client.LineTooLong):
        return True
    # too many headers have no class of their own
    return type(error) is http.client.HTTPException and TOO_MANY_HEADERS in str(error)


def _headers(request: WireRequest) -> dict[str, str]:
    """The headers of a request, with a mark that keeps urllib3 from adding Accept-Encoding."""
    headers = dict(request.headers)
    if not any(name.lower() == ADDED for name in headers):
        headers[ADDED] = SKIP_HEADER
    return headers


def _is_any(causes: list[BaseException], *kinds: type[BaseException]) -> bool:
    return any(isinstance(cause, kinds) for cause in causes)


def _read_body(raw: BaseHTTPResponse, most: int) -> tuple[bytes, bool]:
    """The body up to ``most`` bytes or the time limit, and whether it was cut.

    If the body is read to its end, the connection stays open for the next request. Raises
    WireFailure if the body ends too early.
    """
    kept = bytearray()
    try:
        for chunk in raw.stream(CHUNK, decode_content=False):
            kept += chunk
            if len(kept) > most:
                raw.close()
                return bytes(kept[:most]), True
    except ReadTimeoutError:
        raw.close()
        return bytes(kept), True
    except ProtocolError as error:
        raw.close()
        early = error.__cause__
        if not isinstance(early, IncompleteRead):
            raise
        got, whole = early.partial, early.partial + early.expected
        what = f"status {raw.status} with {got:,} of the {whole:,} bytes that it announces"
        raise WireFailure(what, Loss.BROKEN) from None
    except BaseException:
        raw.close()
        raise
    return bytes(kept), False


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and its causes, the innermost last."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _reason(causes: list[BaseException]) -> str:
    """The type and message of the innermost error, on one line."""
    text = " ".join(str(causes[-1]).split())
    return f"{type(causes[-1]).__name__}: {text}"[:200]
