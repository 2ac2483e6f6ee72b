"""A request before it is sent: made of an operation and values, with placeholders in the place of secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from conformance.model import Contract, Operation, Placeholder
from conformance.values import ABSENT

LONE = "surrogatepass"
"""How half a character is sent, which a target may have given as a cursor or an id: as what it is."""


@dataclass(frozen=True)
class Message:
    """A request before it is sent: path below the base path, pairs of query, headers, body bytes.

    ``outside``: the path counts from the origin of the target, not from its base path. ``plain``: path and
    query as they go on the wire, unmended, in the place of both. ``misplaced``: query or any header holds a key.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    outside: bool = False
    plain: str | None = None
    misplaced: bool = False


def encoded(message: Message) -> str:
    """Path and query of a message, in percent form where they must be."""
    path = quote(message.path, safe="/%:@!$&'()*+,;=~-._", errors=LONE)
    return path + (
        "?" + urlencode(message.query, quote_via=quote, safe="", errors=LONE)
        if message.query
        else ""
    )


def header_of(
    contract: Contract, identity: str | None, scheme: str | None = None
) -> tuple[tuple[str, str], ...]:
    """The header that carries a key as a placeholder; none for no identity."""
    if identity is None:
        return ()
    key = Placeholder.of_identity(identity)
    scheme = scheme or contract.authentication.scheme
    return ((contract.authentication.header, f"{scheme} {key}" if scheme else str(key)),)


def message_for(operation: Operation, values: Mapping[str, Any]) -> Message:
    """A message with values put where the operation takes them; a value of ABSENT is left out.

    Names that the operation does not know go into the body if it has one, else into the query.
    """
    path, query, body, headers = operation.path, [], {}, []
    has_body = operation.method not in ("GET", "DELETE", "HEAD")
    for name, value in values.items():
        parameter = operation.parameter(name)
        place = parameter.place if parameter else "body" if has_body else "query"
        if value is ABSENT:
            continue
        if place == "path":
            path = path.replace(f"{{{name}}}", quote(str(value), safe="", errors=LONE))
        elif place == "query":
            query.append((name, value if isinstance(value, str) else json.dumps(value)))
        elif place == "header":
            headers.append((name, str(value)))
        else:
            body[name] = value
    if not has_body:
        return Message(operation.method, path, tuple(query), tuple(headers))
    content = json.dumps(body).encode()
    return Message(
        operation.method,
        path,
        tuple(query),
        (("Content-Type", "application/json"), *headers),
        content,
    )
