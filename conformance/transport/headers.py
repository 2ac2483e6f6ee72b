"""The headers of every request: those of a client, with the headers of the message in its order."""

from __future__ import annotations

from conformance.transport.clients import OF_MESSAGE, Client
from conformance.transport.message import Message

Headers = tuple[tuple[str, str], ...]

OF_BODY = "content-type"
"""The header for the media type of a body."""
BODILESS = ("GET", "HEAD")
"""Methods without a body, and so without its length."""
USUALLY_BODILESS = (*BODILESS, "DELETE", "OPTIONS", "TRACE")
"""Those for which only some clients send the length of a body that is not there."""


def all_headers(message: Message, client: Client, host: str) -> Headers:
    """All headers to send. The wire adds none, so the log shows exactly what was sent.

    A header of the message takes the place that the client gives to a header of that name. A header
    of the client for which there is no value is left out.
    """
    computed = {"host": host} | _length(message, client)
    of_message = {name.lower(): (name, value) for name, value in message.headers}
    of_client = {
        name.lower(): (name, value or computed.get(name.lower(), ""))
        for name, value in client.headers
    }
    without_place = [of_message[name] for name in of_message if name not in of_client]
    headers: list[tuple[str, str]] = []
    for name, (client_name, value) in of_client.items():
        if name == OF_MESSAGE:
            headers += client.ordered(without_place)
        elif name in of_message:
            headers.append(of_message[name])
        elif value:
            headers.append((client_name, value))
    return _without_client_type(message, tuple(headers))


def _without_client_type(message: Message, headers: Headers) -> Headers:
    """The headers, without the client's media type if the message has a body but names no type."""
    names = [name.lower() for name, _ in message.headers]
    if message.body is None or OF_BODY in names:
        return headers
    return tuple((name, value) for name, value in headers if name.lower() != OF_BODY)


def _length(message: Message, client: Client) -> dict[str, str]:
    """The header with the length of the body, by its name; empty if the client sends none.

    For GET and HEAD, all clients leave it out if the body is missing or empty. For other methods
    that usually have no body, clients without ``with_zero`` leave it out if the body is missing.
    """
    without_length = BODILESS if client.with_zero else USUALLY_BODILESS
    if message.body is None and message.method in without_length:
        return {}
    if not message.body and message.method in BODILESS:
        return {}
    return {"content-length": str(len(message.body or b""))}
