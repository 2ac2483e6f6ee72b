"""Connections whose responses are bounded in time and in bytes.

A socket's time limit holds for each read anew. A server that sends a byte now and then would be
read for ever, in a header as well as in a body. Here each read gets what is left of the time.
"""

from __future__ import annotations

import io
import socket
import threading
import time
from http.client import CONTINUE, SWITCHING_PROTOCOLS, HTTPResponse
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from conformance.transport.wire import BODY_LIMIT

RAW_LIMIT = 8 * BODY_LIMIT
"""The most bytes of a response on the wire, with headers, chunk sizes and trailers."""


class _Opened(threading.local):
    count = 0


OPENED = _Opened()
"""How many connections the current thread has opened, or tried to open.

A request that leaves the count as it was went out over a connection kept from an earlier request.
"""


class _Bounded(io.RawIOBase):
    """What a socket receives, until its time limit is over or too many bytes came."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        limit = sock.gettimeout()
        self._deadline = None if limit is None else time.monotonic() + limit
        self._left = RAW_LIMIT

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._deadline is not None:
            seconds = self._deadline - time.monotonic()
            if seconds <= 0:
                raise TimeoutError("the time for the response is over")
            self._sock.settimeout(seconds)
        count = self._raw.readinto(buffer)
        self._left -= count or 0
        if self._left < 0:
            raise OSError(f"more than {RAW_LIMIT >> 20} MiB came on the wire")
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(HTTPResponse):
    """A response that is read within bounds."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_Bounded(sock))

    def _read_status(self) -> tuple[str, int, str]:
        """The status line of the response. An announcement such as 103 counts as 100 Continue.

        The base class skips 100 Continue and reads on. A switch of protocols (101) is a response.
        """
        version, status, reason = super()._read_status()  # type: ignore[misc]  # not in the stubs
        if CONTINUE < status < 200 and status != SWITCHING_PROTOCOLS:
            status = CONTINUE
        return version, status, reason


class _Connection(HTTPConnection):
    response_class = _Response

    def connect(self) -> None:
        OPENED.count += 1
        super().connect()


class _SecureConnection(HTTPSConnection):
    response_class = _Response

    def connect(self) -> None:
        OPENED.count += 1
        super().connect()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


POOLS = {"http": _Pool, "https": _SecurePool}
"""Pools of bounded connections, for a pool manager of urllib3."""

CONNECTIONS = {"http": _Connection, "https": _SecureConnection}
"""Bounded connections by themselves. Unlike a pool, they send a malformed path as it is."""
