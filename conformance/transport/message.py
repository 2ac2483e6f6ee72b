"""Requests before they are sent: an operation and values, with placeholders for secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

from conformance.base.values import ABSENT
from conformance.model import Contract, Operation, Placeholder

LONE = "surrogatepass"
"""Sends lone surrogates unchanged, because a target may use one in a cursor or an id."""

QUERY_METHODS = ("GET", "DELETE", "HEAD")
"""Methods whose messages have no body, so that unknown values are sent in the query."""


@dataclass(frozen=True)
class Message:
    """A request before it is sent: path below the base path, query pairs, headers, body bytes.

    ``outside_base_path``: the path is relative to the origin of the target, not to its base path.
    ``raw_target``: the exact path and query to send, instead of ``path`` and ``query``.
    ``misplaced``: the query or any header may contain a key.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    outside_base_path: bool = False
    raw_target: str | None = None
    misplaced: bool = False


def encoded(message: Message) -> str:
    """The path and query of a message as sent: the raw target, or else percent-encoded."""
    if message.raw_target is not None:
        return message.raw_target
    path = quote(message.path, safe="/%:@!$&'()*+,;=~-._", errors=LONE)
    if not message.query:
        return path
    return f"{path}?{urlencode(message.query, quote_via=quote, safe='', errors=LONE)}"


def header_of(contract: Contract, identity: str | None) -> tuple[tuple[str, str], ...]:
    """The header with the placeholder of a key; empty without an identity."""
    if identity is None:
        return ()
    key = Placeholder.of_identity(identity)
    scheme = contract.authentication.scheme
    value = f"{scheme} {key}" if scheme else str(key)
    return ((contract.authentication.header, value),)


def query_text(value: Any) -> str:
    """A value as query text: a string unchanged, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def json_bytes(value: Any) -> bytes:
    """A value as JSON in UTF-8, with every second character outside ASCII escaped.

    Clients send both forms, and a server that reads one of them may not read the other. Lone
    surrogates are always escaped, because UTF-8 does not have them.
    """
    text = json.dumps(value, ensure_ascii=False)
    not_ascii = [place for place, character in enumerate(text) if not character.isascii()]
    surrogates = [place for place in not_ascii if "\ud800" <= text[place] <= "\udfff"]
    every_second = not_ascii[1::2]
    escaped = {*every_second, *surrogates}
    characters = [
        json.dumps(character).strip('"') if place in escaped else character
        for place, character in enumerate(text)
    ]
    return "".join(characters).encode()


def message_for(operation: Operation, values: Mapping[str, Any]) -> Message:
    """A message with each value in the place where the operation takes it, without ABSENT values.

    Unknown names go into the body if the method has one, or else into the query. A method with a
    body always sends a JSON object, even an empty one.
    """
    path = operation.path
    query: list[tuple[str, str]] = []
    headers: list[tuple[str, str]] = []
    body: dict[str, Any] = {}
    for name, value in values.items():
        if value is ABSENT:
            continue
        place = _place_of(operation, name)
        if place == "path":
            path = path.replace(f"{{{name}}}", quote(str(value), safe="", errors=LONE))
        elif place == "query":
            query.append((name, query_text(value)))
        elif place == "header":
            headers.append((name, str(value)))
        else:
            body[name] = value
    if operation.method in QUERY_METHODS:
        return Message(operation.method, path, tuple(query), tuple(headers))
    with_type = (("Content-Type", "application/json"), *headers)
    return Message(operation.method, path, tuple(query), with_type, json_bytes(body))


def _place_of(operation: Operation, name: str) -> str:
    """The place of a value in requests to an operation: path, query, header or body."""
    parameter = operation.parameter(name)
    if parameter:
        return parameter.place
    return "query" if operation.method in QUERY_METHODS else "body"


def labelled(message: Message) -> Message:
    """The message with a JSON Content-Type, as some clients send even without a body."""
    label = ("Content-Type", "application/json")
    return replace(message, headers=tuple(dict.fromkeys((*message.headers, label))))
