"""``python -m benchmarks.proxy URL SECONDS``: a way to a server on which each answer takes longer.

Bytes pass in both directions as they are, and connections stay open. What the server sends goes on
after some seconds. Nothing waits for anything else: each connection has threads of its own.
"""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from urllib.parse import urlsplit

CHUNK = 1 << 16
Late = SimpleQueue[tuple[float, bytes]]
"""What the server sent, and when it goes on. No bytes stand for the end."""


class Proxy(ThreadingTCPServer):
    """Listens on a free port, in front of a server at ``behind``."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, behind: tuple[str, int], seconds: float) -> None:
        self.behind, self.seconds = behind, seconds
        super().__init__(("127.0.0.1", 0), _Connection)


class _Connection(BaseRequestHandler):
    """A connection of a client, with one to the server from the address of the client."""

    server: Proxy

    def handle(self) -> None:
        client: socket.socket = self.request
        source = (self.client_address[0], 0)
        with socket.create_connection(self.server.behind, source_address=source) as behind:
            for each in (client, behind):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            late: Late = SimpleQueue()
            threads = [
                Thread(target=_receive, args=(behind, self.server.seconds, late), daemon=True),
                Thread(target=_send, args=(late, client), daemon=True),
            ]
            for thread in threads:
                thread.start()
            _forward(client, behind)
            for thread in threads:
                thread.join()


def _forward(client: socket.socket, behind: socket.socket) -> None:
    """Pass on what the client sends, at once."""
    with suppress(OSError):
        while chunk := client.recv(CHUNK):
            behind.sendall(chunk)
    with suppress(OSError):
        behind.shutdown(socket.SHUT_WR)


def _receive(behind: socket.socket, seconds: float, late: Late) -> None:
    """Note what the server sends, and when it may go on."""
    with suppress(OSError):
        while chunk := behind.recv(CHUNK):
            late.put((time.monotonic() + seconds, chunk))
    late.put((time.monotonic() + seconds, b""))


def _send(late: Late, client: socket.socket) -> None:
    """Pass on what the server sent, when it is time."""
    with suppress(OSError):
        while True:
            due, chunk = late.get()
            time.sleep(max(0.0, due - time.monotonic()))
            if not chunk:
                break
            client.sendall(chunk)
    with suppress(OSError):
        client.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxied(url: str, seconds: float) -> Iterator[tuple[Proxy, str]]:
    """A proxy in front of the server at an address, and its own address. It does not run yet."""
    there = urlsplit(url)
    with Proxy((there.hostname or "", there.port or 80), seconds) as proxy:
        port = proxy.server_address[1]
        yield proxy, there._replace(netloc=f"127.0.0.1:{port}").geturl()


def main(url: str, seconds: str) -> None:
    """Serve until the process is ended."""
    with proxied(url, float(seconds)) as (proxy, own):
        print("ready", own, flush=True)
        proxy.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
