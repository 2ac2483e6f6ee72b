"""A server in front of a right one. It hands requests on, and lets a mode spoil the answers."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

from tests.hostile.answer import Answer

Secure = Callable[[Path], ssl.SSLContext]
"""Makes what TLS needs, with its files in a directory."""

COOKIE = "hostile-session"
"""The name of a cookie that a mode sets."""

ONE_END = struct.pack("ii", 1, 0)
"""The option of a socket whose close is a reset."""


class Line:
    """The connection to the suite, with what a mode may do on it."""

    def __init__(self, sock: socket.socket, front: Front) -> None:
        self.sock = sock
        self.front = front
        self.open = True
        self.told = False  # whether the request at hand has got a whole answer

    def send(self, data: bytes | Answer) -> None:
        """Send bytes, or a whole answer."""
        self.told = isinstance(data, Answer)
        self.sock.sendall(data if isinstance(data, bytes) else data.wire())

    def drip(self, data: bytes, pause: float, size: int = 1) -> None:
        """Send bytes a few at a time, with a pause in seconds behind each."""
        for start in range(0, len(data), size):
            self.send(data[start : start + size])
            time.sleep(pause)

    def close(self) -> None:
        """End the connection in an orderly way."""
        self.open = False
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()

    def reset(self) -> None:
        """End the connection by a reset."""
        self.open = False
        with suppress(OSError):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ONE_END)
        with suppress(OSError):
            socket.socket(fileno=self.sock.detach()).close()

    def hang(self) -> None:
        """Say nothing until the other side has gone."""
        self.open = False
        with suppress(OSError):
            while self.sock.recv(65_536):
                pass
        self.sock.close()


class Upstream:
    """A connection to the right server; made anew whenever that server has closed it."""

    def __init__(self, address: tuple[str, int], source: str) -> None:
        self._address, self._source = address, source
        self._sock: socket.socket | None = None

    def ask(self, raw: bytes, method: str) -> Answer:
        """Hand a request on as it came; returns the answer."""
        if self._sock is None:
            self._sock = socket.create_connection(self._address, 60, (self._source, 0))
        self._sock.sendall(raw)
        response = HTTPResponse(self._sock, method=method)
        response.begin()
        body = response.read()
        told = Answer(response.status, response.reason, tuple(response.getheaders()), body)
        if response.will_close:
            self.close()
        return told

    def close(self) -> None:
        """End the connection."""
        if self._sock is not None:
            self._sock.close()
        self._sock = None


@dataclass
class Asked:
    """A request as it came. Its body is read, and it is carried out, when a mode first asks."""

    number: int
    head: bytes
    file: Any
    upstream: Upstream
    front: Front
    _raw: bytes | None = None
    _answer: Answer | None = None

    @property
    def method(self) -> str:
        """The method, such as GET."""
        return self.head.split(b" ", 1)[0].decode("latin-1")

    @property
    def path(self) -> str:
        """Path and query, as they came."""
        return self.head.split(b" ", 2)[1].decode("latin-1")

    @property
    def writes(self) -> bool:
        """Whether the method can change something."""
        return self.method in ("POST", "PUT", "PATCH", "DELETE")

    def header(self, name: str) -> str:
        """The value of a header; empty if there is none."""
        for line in self.head.decode("latin-1").split("\r\n")[1:]:
            given, _, value = line.partition(":")
            if given.lower() == name.lower():
                return value.strip()
        return ""

    @property
    def raw(self) -> bytes:
        """The whole request."""
        if self._raw is None:
            length = self.header("Content-Length")
            self._raw = self.head + (self.file.read(int(length)) if length.isdigit() else b"")
        return self._raw

    def answer(self) -> Answer:
        """What the right server answers; the first call carries the request out."""
        if self._answer is None:
            self._answer = self.upstream.ask(self.raw, self.method)
        return self._answer

    @property
    def main_key(self) -> bool:
        """Whether the request has the main key."""
        return self.header("Authorization") == f"Bearer {self.front.main_key}"

    @property
    def carried_out(self) -> bool:
        """Whether the right server got the request, and did as it asks."""
        return self._answer is not None and self._answer.status < 300

    def turn(self) -> int:
        """The next number of this kind of request, from 1."""
        return self.front.turn()


# --- the server -----------------------------------------------------------------------------------


@dataclass
class Seen:
    """What the server saw: how many requests, and what the suite did wrong."""

    requests: int = 0
    wrongs: list[str] = field(default_factory=list)


class Front:
    """The server. ``picks`` says which requests ``spoil`` gets; the others are answered rightly."""

    def __init__(
        self,
        upstream: tuple[str, int],
        picks: Callable[[Asked], bool],
        spoil: Callable[[Line, Asked], None],
        secure: ssl.SSLContext | None = None,
        main_key: str = "",
    ) -> None:
        self.main_key = main_key
        self._upstream, self._picks, self._spoil, self._secure = upstream, picks, spoil, secure
        self._lock = threading.Lock()
        self._turns = 0
        self._lost = b""
        self._lines: set[Line] = set()
        self._away = 0.0
        self.seen = Seen()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self.trap = Trap()
        threading.Thread(target=self._accept, daemon=True).start()

    def turn(self) -> int:
        """The next number of a counter that modes use."""
        with self._lock:
            self._turns += 1
            return self._turns

    def leave(self, seconds: float) -> None:
        """Close every connection and listen no more, for some seconds."""
        self._away = seconds
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for line in list(self._lines):
            line.close()

    def _accept(self) -> None:
        while True:
            try:
                sock, source = self._listener.accept()
            except OSError:
                time.sleep(self._away)
                self._listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
                continue
            threading.Thread(target=self._talk, args=(sock, source[0]), daemon=True).start()

    def _talk(self, sock: socket.socket, source: str) -> None:
        """Answer the requests of one connection."""
        upstream = Upstream(self._upstream, source)
        with suppress(OSError, ValueError):
            if self._secure:
                sock = self._secure.wrap_socket(sock, server_side=True)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line, file = Line(sock, self), sock.makefile("rb")
            self._lines.add(line)
            while line.open and (head := _head(file)):
                self._serve(line, self._asked(head, file, upstream))
            self._lines.discard(line)
            if line.open:
                line.close()
        upstream.close()

    def _asked(self, head: bytes, file: Any, upstream: Upstream) -> Asked:
        with self._lock:
            self.seen.requests += 1
            return Asked(self.seen.requests, head, file, upstream, self)

    def _serve(self, line: Line, asked: Asked) -> None:
        """Answer one request, rightly or not, and notice what ought not to come."""
        if COOKIE in asked.header("Cookie"):
            self.seen.wrongs.append("a cookie of the server was sent back")
        picked = self._picks(asked)
        if self._lost and asked.raw == self._lost:
            self.seen.wrongs.append(f"{asked.method} was sent again after its answer was lost")
        self._lost = b""
        if not picked:
            line.send(asked.answer())
            return
        line.told = False
        self._spoil(line, asked)
        if asked.writes and asked.carried_out and not (line.open or line.told):
            self._lost = asked.raw


def _head(file: Any) -> bytes:
    """Request line and headers, with the empty line; empty at the end of the connection."""
    lines = []
    while line := file.readline():
        lines.append(line)
        if line in (b"\r\n", b"\n"):
            return b"".join(lines)
    return b""


class Trap:
    """Another server, to which nothing may be sent."""

    def __init__(self) -> None:
        self.visits = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            sock, _ = self._listener.accept()
            self.visits += 1
            sock.close()
