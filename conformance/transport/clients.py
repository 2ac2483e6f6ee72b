"""HTTP clients, each with the headers that it sends by default, in its order.

The headers were recorded from each client against a local socket, except those of Go, which its
documentation and source state. Clients that accept a coding which the suite cannot decode, such as
Brotli, are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from conformance import __version__
from conformance.model import ANNOUNCED, Declaration

OF_MESSAGE = ""
"""Stands in ``Client.headers`` for all headers of a message that have no place there."""


@dataclass(frozen=True)
class Client:
    """A client: its headers in the order in which it sends them.

    None stands for a value that depends on the request. ``is_python``: its TLS handshake is that of
    Python, like ours. ``with_zero``: it sends a length of 0 even with DELETE. ``is_sorted``: it
    sends the headers of a message sorted by name.
    """

    headers: tuple[tuple[str, str | None], ...]
    is_python: bool = False
    with_zero: bool = False
    is_sorted: bool = False

    def ordered(self, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """The headers of a message in the order in which the client sends them."""
        return sorted(headers) if self.is_sorted else headers

    @property
    def agent(self) -> str:
        """The value of its User-Agent header."""
        return next(str(value) for name, value in self.headers if name.lower() == "user-agent")


SUITE = Client(
    (
        ("Host", None),
        ("User-Agent", f"conformance-suite/{__version__}"),
        ("Accept", "application/json"),
        ("Accept-Encoding", "identity"),
        ("Content-Length", None),
        (OF_MESSAGE, None),
    ),
    with_zero=True,
)
"""The suite under its own name."""

REQUESTS = Client(
    (
        ("Host", None),
        ("User-Agent", "python-requests/2.34.2"),
        ("Accept-Encoding", "gzip, deflate"),
        ("Accept", "*/*"),
        ("Connection", "keep-alive"),
        (OF_MESSAGE, None),
        ("Content-Length", None),
        ("Content-Type", None),
    ),
    is_python=True,
    with_zero=True,
)
"""``requests``, for a program that lets it encode the body."""

LABELLED = Client(
    (
        *REQUESTS.headers[:-2],
        ("Content-Type", "application/json"),
        ("Content-Length", None),
    ),
    is_python=True,
    with_zero=True,
)
"""``requests``, for a client that names JSON in every request, as the official Python client."""

HTTPX = Client(
    (
        ("Host", None),
        ("Accept", "*/*"),
        ("Accept-Encoding", "gzip, deflate"),
        ("Connection", "keep-alive"),
        ("User-Agent", "python-httpx/0.28.1"),
        (OF_MESSAGE, None),
        ("Content-Length", None),
        ("Content-Type", None),
    ),
    is_python=True,
)

AIOHTTP = Client(
    (
        ("Host", None),
        (OF_MESSAGE, None),
        ("Accept", "*/*"),
        ("Accept-Encoding", "gzip, deflate"),
        ("User-Agent", "Python/3.11 aiohttp/3.14.5"),
        ("Content-Length", None),
        ("Content-Type", None),
    ),
    is_python=True,
    with_zero=True,
)

NODE = Client(
    (
        ("host", None),
        ("connection", "keep-alive"),
        (OF_MESSAGE, None),
        ("Content-Type", None),
        ("accept", "*/*"),
        ("accept-language", "*"),
        ("sec-fetch-mode", "cors"),
        ("user-agent", "node"),
        ("accept-encoding", "gzip, deflate"),
        ("content-length", None),
    ),
)
"""``fetch`` of Node.js."""

CURL = Client(
    (
        ("Host", None),
        ("User-Agent", "curl/8.14.1"),
        ("Accept", "*/*"),
        (OF_MESSAGE, None),
        ("Content-Type", None),
        ("Content-Length", None),
    ),
)

GO = Client(
    (
        ("Host", None),
        ("User-Agent", "Go-http-client/1.1"),
        ("Content-Length", None),
        (OF_MESSAGE, None),
        ("Accept-Encoding", "gzip"),
    ),
    is_sorted=True,
)
"""``net/http`` of Go."""

CLIENTS = (LABELLED, REQUESTS, NODE, HTTPX, CURL, AIOHTTP, GO)


def client_of(target: Declaration, seed: int) -> Client:
    """The client whose headers a run sends: the suite by name, or one that the seed chooses.

    Over TLS it is one of those in Python, because the handshake shows the library.
    """
    if target.identity == ANNOUNCED:
        return SUITE
    usable = [each for each in CLIENTS if each.is_python or urlsplit(target.url).scheme == "http"]
    return usable[seed % len(usable)]


def other_agent(client: Client) -> str:
    """The User-Agent of a different client than the given one."""
    return next(each.agent for each in CLIENTS if each is not client)
