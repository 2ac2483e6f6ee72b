"""The headers of every request: those of a client, with the headers of the message in its order."""

from __future__ import annotations

from conformance.transport.clients import OF_MESSAGE, Client
from conformance.transport.message import Message

Headers = tuple[tuple[str, str], ...]

OF_BODY = "content-type"
"""The header that a body has only if the message says so."""
BODILESS = ("GET", "HEAD")
"""Methods without a body, and so without its length."""
USUALLY_BODILESS = (*BODILESS, "DELETE", "OPTIONS", "TRACE")
"""Those for which only some clients send the length of a body that is not there."""


def all_headers(message: Message, client: Client, host: str) -> Headers:
    """All headers to send. The wire adds none, so the log shows exactly what was sent.

    A header of the message takes the place that the client gives to a header of that name.
    """
    computed = {"host": host} | _length(message, client)
    given = {name.lower(): (name, value) for name, value in message.headers}
    placed = {name.lower() for name, _ in client.headers}
    headers: list[tuple[str, str]] = []
    for name, usual in client.headers:
        key = name.lower()
        value = usual or computed.get(key)
        if name == OF_MESSAGE:
            own = [pair for pair in message.headers if pair[0].lower() not in placed]
            headers += sorted(own) if client.is_sorted else own
        elif key in given:
            headers.append(given[key])
        elif value is not None and not (key == OF_BODY and message.body is not None):
            headers.append((name, value))
    return tuple(headers)


def _length(message: Message, client: Client) -> dict[str, str]:
    """The length of the body, if the client sends one."""
    without = BODILESS if client.with_zero else USUALLY_BODILESS
    if message.body is None and message.method in without:
        return {}
    if not message.body and message.method in BODILESS:
        return {}
    return {"content-length": str(len(message.body or b""))}
