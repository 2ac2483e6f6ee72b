"""Connections whose responses are bounded in time and in bytes.

A socket's time limit starts over with each read, so a server that sends a byte now and then could
hold a request for ever, in a header as well as in a body. Here each read gets what is left of the
time.
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

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from conformance.model import compact
from conformance.transport.wire import BODY_LIMIT

RAW_LIMIT = 8 * BODY_LIMIT
"""The most bytes of a response on the wire, with headers, chunk sizes and trailers."""

EXCESS_SEEN = 4096
"""How many bytes behind the end of a response are looked for."""


class _Current(threading.local):
    """What is known of the request that the current thread sends."""

    opened = 0  # connections that the thread has opened, or tried to open
    connected = True  # whether there is a connection that the request goes over
    deadline = math.inf  # the moment, in monotonic time, at which the request is given up
    received = 0  # bytes that came back
    excess = b""  # the first bytes that came after the end of the response

    def begin(self, seconds: float) -> None:
        """A request begins, which has so many seconds."""
        self.connected = True
        self.deadline = time.monotonic() + seconds
        self.received = 0
        self.excess = b""

    def seconds_left(self) -> float:
        """The seconds until the deadline. Raises TimeoutError if there are none."""
        seconds = self.deadline - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the time for the request is over")
        return seconds


CURRENT = _Current()


class TooMuchError(OSError):
    """More bytes came than are read."""


class _Bounded(io.RawIOBase):
    """What a socket receives, until the deadline is over or too many bytes came."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._usual = sock.gettimeout()
        self._left = RAW_LIMIT
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._ended:
            return 0
        self._sock.settimeout(CURRENT.seconds_left())
        count = self._raw.readinto(buffer)
        CURRENT.received += count or 0
        self._left -= count or 0
        if self._left < 0:
            raise TooMuchError(f"more than {RAW_LIMIT >> 20} MiB came on the wire")
        return count

    def end(self) -> bytes:
        """Receive no more. Returns what waits in the socket, as far as that can be seen.

        Without bytes, a socket that was closed looks the same as one that is open.
        """
        self._ended = True
        try:
            self._sock.settimeout(0)
            if isinstance(self._sock, ssl.SSLSocket):
                return self._sock.recv(self._sock.pending()) if self._sock.pending() else b""
            return self._sock.recv(EXCESS_SEEN, socket.MSG_PEEK)
        except OSError:
            return b""
        finally:
            self._sock.settimeout(self._usual)  # a kept connection is used again

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(HTTPResponse):
    """A response that is read within bounds."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self._bounded = _Bounded(sock)
        self.fp = io.BufferedReader(self._bounded)

    def begin(self) -> None:
        """Read the head. Raises HTTPException for a line or a length that says nothing."""
        super().begin()
        if any(isinstance(each, MissingHeaderBodySeparatorDefect) for each in self.msg.defects):
            raise HTTPException("a line of the head is no header")  # those behind it are not read
        if not self.chunked:
            _check_lengths(self.headers.get_all("Content-Length", []))

    def _read_status(self) -> tuple[str, int, str]:
        """The status line of the response. An announcement such as 103 counts as 100 Continue.

        The base class skips 100 Continue and reads on. A switch of protocols (101) is a response.
        """
        version, status, reason = super()._read_status()  # type: ignore[misc]  # not in the stubs
        if CONTINUE < status < 200 and status != SWITCHING_PROTOCOLS:
            status = CONTINUE
        return version, status, reason

    def _close_conn(self) -> None:
        """End the response. What has come by now and was not read follows its end."""
        waiting = self._bounded.end()
        CURRENT.excess = self.fp.peek() + waiting
        super()._close_conn()  # type: ignore[misc]  # not in the stubs


def _check_lengths(lengths: list[str]) -> None:
    """Raise HTTPException unless all values of Content-Length are the same whole number."""
    values = {value.strip() for text in lengths for value in text.split(",")}
    if len(values) > 1:
        raise HTTPException(f"Content-Length has several values: {compact(sorted(values))}")
    for value in values:
        if not (value.isascii() and value.isdecimal()):
            raise HTTPException(f"Content-Length is no whole number: {compact(value)}")


class _Timed:
    """A connection whose making counts as a part of the request."""

    timeout: float | None
    sock: Any

    def connect(self) -> None:
        """Connect within what is left of the time."""
        CURRENT.opened += 1
        CURRENT.connected = False
        self.timeout = CURRENT.seconds_left()
        super().connect()  # type: ignore[misc]  # of the connection that this is mixed into
        self.sock.settimeout(CURRENT.seconds_left())
        CURRENT.connected = True


class _Connection(_Timed, HTTPConnection):
    response_class = _Response


class _SecureConnection(_Timed, HTTPSConnection):
    response_class = _Response


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


POOLS = {"http": _Pool, "https": _SecurePool}
"""Pools of bounded connections, for a pool manager of urllib3."""

CONNECTIONS = {"http": _Connection, "https": _SecureConnection}
"""Bounded connections by themselves. Unlike a pool, they send a malformed path as it is."""
