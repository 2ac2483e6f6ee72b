"""Makes odd messages from the valid values of an operation. One part of each message is odd."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from conformance.base.values import without
from conformance.model import Operation, Parameter
from conformance.scenarios.client.sending import OVERRIDES
from conformance.transport.message import Message, encoded, message_for

Make = Callable[[Mapping[str, Any]], Message]
"""Makes a message from valid values."""
Pairs = tuple[tuple[str, str], ...]
"""Names and values of the query."""


def with_value(operation: Operation, name: str, value: Any) -> Make:
    """A message that is valid except for one value."""
    return lambda values: message_for(operation, {**values, name: value})


def with_values(operation: Operation, changes: Mapping[str, Any]) -> Make:
    """A message that is valid except for some values."""
    return lambda values: message_for(operation, {**values, **changes})


def with_tails(operation: Operation, members: Iterable[Parameter]) -> Make:
    """A message in which some members are texts: their valid values, with a letter and a line end.

    A member without a valid value has its example, or else the word ``text``.
    """
    examples = {member.name: member.example or "text" for member in members}

    def make(values: Mapping[str, Any]) -> Message:
        tails = {name: f"{values.get(name, text)}x\n" for name, text in examples.items()}
        return message_for(operation, {**values, **tails})

    return make


def with_mixed_entries(operation: Operation, member: Parameter) -> Make:
    """A message with an array whose last entry has another type than the entries before it."""
    holds_texts = member.schema.get("items", {}).get("type") == "string"
    other_entry = 5 if holds_texts else "text"
    example = member.example or ["text"]

    def make(values: Mapping[str, Any]) -> Message:
        entries = [*values.get(member.name, example), other_entry]
        return message_for(operation, {**values, member.name: entries})

    return make


def valid(operation: Operation) -> Make:
    """A valid message of an operation."""
    return lambda values: message_for(operation, values)


def overridden(make: Make) -> Make:
    """A message with headers that make some frameworks read its method as TRACE."""

    def make_overridden(values: Mapping[str, Any]) -> Message:
        message = make(values)
        overrides = tuple((name, "TRACE") for name in OVERRIDES)
        return replace(message, headers=message.headers + overrides)

    return make_overridden


def with_pairs(operation: Operation, *pairs: tuple[str, str]) -> Make:
    """A message with odd query pairs in place of the parameters that they name.

    A name in brackets, such as ``status[]``, stands for the parameter before the brackets.
    """
    replaced = {name.partition("[")[0] for name, _ in pairs}

    def make(values: Mapping[str, Any]) -> Message:
        message = message_for(operation, without(values, replaced))
        return replace(message, query=(*message.query, *pairs))

    return make


def undecodable(operation: Operation, names: Collection[str]) -> Make:
    """A message whose query has a broken percent sequence in each of some parameters."""
    broken = "&".join(f"{quote(name)}=%E0%A4%A" for name in names)

    def make(values: Mapping[str, Any]) -> Message:
        message = message_for(operation, without(values, names))
        link = "&" if message.query else "?"
        return replace(message, raw_target=f"{encoded(message)}{link}{broken}")

    return make


def with_content(operation: Operation, content: bytes, instead: str = "") -> Make:
    """Make messages with odd content as their body.

    If the content is an object with members, they are appended to those of the valid body:
    ``{"a": 1}`` and ``{"b": 2}`` become ``{"a": 1, "b": 2}``. Other content replaces the body.
    ``instead`` names the member of the valid body to leave out, which the odd one replaces.
    """

    def make(values: Mapping[str, Any]) -> Message:
        message = message_for(operation, without(values, {instead}))
        valid = message.body or b""
        if content.startswith(b'{"') and len(valid) > len(b"{}"):
            return replace(message, body=valid[:-1] + b", " + content[1:])
        return replace(message, body=content)

    return make


def with_media_type(operation: Operation, media: str) -> Make:
    """A message whose valid body has another media type, or none; a form has a form as its body."""
    label = (("Content-Type", media),) if media else ()

    def make(values: Mapping[str, Any]) -> Message:
        message = message_for(operation, values)
        headers = [(name, text) for name, text in message.headers if name != "Content-Type"]
        body = message.body or json.dumps(dict(values)).encode()
        if media.endswith("urlencoded"):
            body = b"a=b&c=d"
        return replace(message, headers=(*headers, *label), body=body)

    return make
