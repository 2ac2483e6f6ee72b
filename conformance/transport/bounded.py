"""Connections whose responses are bounded in time and in bytes.

A socket timeout restarts with every read, so a server that sends a byte now and then could hold a
request forever, in the headers as well as in the body. Here each read gets only the time that
remains.
"""

from __future__ import annotations

import io
import math
import socket
import ssl
import threading
import time
from email.errors import MissingHeaderBodySeparatorDefect
from http.client import CONTINUE, SWITCHING_PROTOCOLS, HTTPException, HTTPResponse
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util import wait_for_read

from conformance.model import compact
from conformance.transport.wire import BODY_LIMIT

RAW_LIMIT = 8 * BODY_LIMIT
"""Maximum bytes of a response on the wire, including headers, chunk sizes and trailers."""

EXCESS_SEEN = 4096
"""Maximum number of bytes after the end of a response that are detected."""


class _Current(threading.local):
    """The state of the request that the current thread is sending."""

    opened = 0  # connections that the thread has opened or tried to open
    connected = True  # whether there is a connection for the request
    deadline = math.inf  # the monotonic time at which the request is abandoned
    received = 0  # bytes received
    excess = b""  # the first bytes received after the end of the response
    reached: tuple[str, bytes | None] | None = None  # address and certificate of a new connection

    def begin(self, seconds: float) -> None:
        """Start a request that may take the given time."""
        self.connected = True
        self.deadline = time.monotonic() + seconds
        self.received = 0
        self.excess = b""
        self.reached = None

    def seconds_left(self) -> float:
        """The seconds until the deadline. Raises TimeoutError if it has passed."""
        seconds = self.deadline - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the time for the request is over")
        return seconds


CURRENT = _Current()


class TooMuchError(OSError):
    """The response exceeds RAW_LIMIT."""


class _Bounded(io.RawIOBase):
    """The bytes that a socket receives, up to the deadline and RAW_LIMIT."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._timeout_before = sock.gettimeout()  # to be restored in the end
        self._left = RAW_LIMIT  # bytes that may still be received
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what arrives before the deadline. Raises TimeoutError and TooMuchError."""
        if self._ended:
            return 0
        self._sock.settimeout(CURRENT.seconds_left())
        count = self._raw.readinto(buffer)
        CURRENT.received += count or 0
        self._left -= count or 0
        if self._left < 0:
            raise TooMuchError(f"the response exceeds {RAW_LIMIT >> 20} MiB on the wire")
        return count

    def end(self) -> bytes:
        """Stop receiving. Return the bytes waiting in the socket, if they can be seen.

        Over TLS, only decrypted bytes can be seen. If no bytes are waiting, a socket that the
        target closed looks the same as an open one.
        """
        self._ended = True
        if not isinstance(self._sock, ssl.SSLSocket) and not wait_for_read(self._sock, 0):
            return b""
        try:
            self._sock.settimeout(0)
            if isinstance(self._sock, ssl.SSLSocket):
                return self._sock.recv(self._sock.pending()) if self._sock.pending() else b""
            return self._sock.recv(EXCESS_SEEN, socket.MSG_PEEK)
        except OSError:
            return b""
        finally:
            self._sock.settimeout(self._timeout_before)  # the connection may be reused

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(HTTPResponse):
    """A response that is read within the bounds."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()  # it has no bounds
        self._bounded = _Bounded(sock)
        self.fp = io.BufferedReader(self._bounded)

    def begin(self) -> None:
        """Read the head. Raises HTTPException if a header line or a length is malformed."""
        super().begin()
        if any(isinstance(each, MissingHeaderBodySeparatorDefect) for each in self.msg.defects):
            # later lines were not read
            raise HTTPException("a line in the header section is not a header")
        if not self.chunked:
            _check_lengths(self.headers.get_all("Content-Length", []))

    def _read_status(self) -> tuple[str, int, str]:
        """The status line of the response. Informational statuses such as 103 count as 100.

        The base class skips 100 Continue and reads on. 101 Switching Protocols is a response.
        """
        version, status, reason = super()._read_status()  # type: ignore[misc]  # not in the stubs
        if CONTINUE < status < 200 and status != SWITCHING_PROTOCOLS:
            status = CONTINUE
        return version, status, reason

    def _close_conn(self) -> None:
        """End the response, and record the bytes that have arrived after its end."""
        waiting = self._bounded.end()
        CURRENT.excess = self.fp.peek() + waiting
        super()._close_conn()  # type: ignore[misc]  # not in the stubs


def _check_lengths(lengths: list[str]) -> None:
    """Raise HTTPException unless all values of Content-Length are the same whole number."""
    values = {value.strip() for text in lengths for value in text.split(",")}
    if len(values) > 1:
        raise HTTPException(f"Content-Length has conflicting values: {compact(sorted(values))}")
    for value in values:
        if not (value.isascii() and value.isdecimal()):
            raise HTTPException(f"Content-Length is not a whole number: {compact(value)}")


class _Timed:
    """Mixin for a connection whose setup counts towards the time of the request."""

    timeout: float | None
    sock: Any

    def connect(self) -> None:
        """Connect within the remaining time."""
        CURRENT.opened += 1
        CURRENT.connected = False
        self.timeout = CURRENT.seconds_left()
        super().connect()  # type: ignore[misc]  # defined by the connection class
        self.sock.settimeout(CURRENT.seconds_left())
        CURRENT.connected = True
        CURRENT.reached = _other_end(self.sock)


def _other_end(sock: socket.socket) -> tuple[str, bytes | None] | None:
    """The address and the certificate (DER) at the other end of a connection; None if it is gone.

    The certificate is None without TLS.
    """
    try:
        address = str(sock.getpeername()[0])
    except OSError:
        return None
    certificate = sock.getpeercert(binary_form=True) if isinstance(sock, ssl.SSLSocket) else None
    return address, certificate


class _Connection(_Timed, HTTPConnection):
    response_class = _Response


class _SecureConnection(_Timed, HTTPSConnection):
    response_class = _Response


CONNECTIONS = {"http": _Connection, "https": _SecureConnection}
"""Bounded connections by scheme. They send a malformed path unchanged."""
