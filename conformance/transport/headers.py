"""The headers of every request: either announcing the suite, or those of an ordinary client."""

from __future__ import annotations

from importlib.metadata import version
from urllib.parse import urlsplit

from conformance import __version__
from conformance.model import ANNOUNCED, PLAIN, Declaration
from conformance.transport.message import Message

Headers = tuple[tuple[str, str], ...]

USUAL = {
    ANNOUNCED: (
        ("User-Agent", f"conformance-suite/{__version__}"),
        ("Accept", "application/json"),
        ("Accept-Encoding", "identity"),
    ),
    PLAIN: (
        ("User-Agent", f"python-requests/{version('requests')}"),
        ("Accept-Encoding", "gzip, deflate"),
        ("Accept", "*/*"),
        ("Connection", "keep-alive"),
    ),
}
"""The default headers of a message, by identity.

The plain ones are those of ``requests``, in its order, because the official Python client
sends these.
"""

OF_BODY = {"content-length": 1, "content-type": 2}
"""The headers that ``requests`` sends last, with their order."""


def all_headers(message: Message, target: Declaration) -> Headers:
    """All headers to send. The wire adds none, so the log shows exactly what was sent."""
    added = [("Host", urlsplit(target.url).netloc), *USUAL[target.identity]]
    if message.method not in ("GET", "HEAD") or message.body:
        added.append(("Content-Length", str(len(message.body or b""))))
    set_already = {_name_of(pair) for pair in message.headers}
    usual = [pair for pair in added if _name_of(pair) not in set_already]
    headers = (*usual, *message.headers)
    if target.identity == ANNOUNCED:
        return headers
    return tuple(sorted(headers, key=lambda pair: OF_BODY.get(_name_of(pair), 0)))


def _name_of(header: tuple[str, str]) -> str:
    """The name of a header, in lower case."""
    return header[0].lower()
