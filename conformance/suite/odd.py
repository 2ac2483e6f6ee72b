"""Odd requests, enumerated: what breaks parsers, databases and frameworks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import cycle
from typing import Any

from conformance.model import Operation, Parameter
from conformance.suite.sending import OVERRIDES
from conformance.transport.message import Message, message_for
from conformance.values import without

TEXTS = {
    "nul": "a\0b",
    "long": "x" * 5_000,
    "emoji": "🎉 \u202e",
    "quotes": "'\"; --",
    "markup": "<script>alert(1)</script>",
    "dots": "../../etc/passwd",
    "percent": "100%25%zz",
    "template": "{{7*7}}${7*7}",
}
LIMITS = ("1e2", "9" * 20, " 5", "٣", "5,6", "true")
POSITIONS = (
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999999Z",
    "2026-04-17",
    "1776427200",
    "2026-04-17T12:00:00+99:99",
)
CONTENTS = {
    "deep": b'{"deep": ' + b"[" * 2_000 + b"]" * 2_000 + b"}",
    "huge-number": b'{"number": 1' + b"0" * 400 + b"}",
    "infinite-number": b'{"number": 1e999}',
    "invalid-utf-8": b'{"text": "\xff\xfe"}',
    "utf-16": '{"text": "a"}'.encode("utf-16"),
    "byte-order-mark": b"\xef\xbb\xbf{}",
    "number": b"7",
    "two-values": b"{} {}",
    "comment": b"{/* */}",
    "control-character": b'{"text": "a\tb\x01"}',
}
MEDIA = {
    "text": "text/plain",
    "form": "application/x-www-form-urlencoded",
    "xml": "application/xml",
    "nonsense": "nonsense",
}
HALF_A_CHARACTER = "\ud800"

Make = Callable[[Mapping[str, Any]], Message]
"""Makes a message from valid values."""


class Sort(StrEnum):
    """The part of a request that is odd."""

    TEXT = "text"
    QUERY = "query"
    HEADER = "header"
    PAGE = "page"
    MEMBER = "member"
    CONTENT = "content"


@dataclass(frozen=True)
class OddWay:
    """A way for a request to be odd: its sort, its permanent name, and what makes the message."""

    sort: Sort
    name: str
    make: Make

    @property
    def may_have_other_status(self) -> bool:
        """Whether the answer may have a status that the contract does not list."""
        return self.name.startswith(("long", "override"))


def odd_ways(operation: Operation) -> Iterator[OddWay]:
    """The ways in which a request of an operation can be odd, always in the same order."""
    yield from _odd_texts(operation)
    yield from _odd_queries(operation)
    sort = Sort.HEADER if operation.body else Sort.QUERY
    yield OddWay(sort, "override-method", _overridden(operation))
    yield from _odd_pages(operation)
    if operation.body:
        yield from _odd_members(operation)
        for name, content in CONTENTS.items():
            yield OddWay(Sort.CONTENT, f"body-{name}", _with_content(operation, content))
        for name, media in MEDIA.items():
            yield OddWay(Sort.HEADER, f"media-{name}", _with_media_type(operation, media))


# --- the ways by sort -----------------------------------------------------------------------------


def _odd_texts(operation: Operation) -> Iterator[OddWay]:
    parameters = list(filter(_takes_text, operation.parameters))
    for (name, text), parameter in zip(TEXTS.items(), cycle(parameters), strict=False):
        make = _with_value(operation, parameter.name, text)
        yield OddWay(Sort.TEXT, f"{name}-in-{parameter.name}", make)


def _takes_text(parameter: Parameter) -> bool:
    if parameter.place not in ("query", "body") or parameter.phone:
        return False
    if "enum" in parameter.schema:
        return False
    kind = parameter.schema.get("type", "string")
    return bool(kind == "string")


def _odd_queries(operation: Operation) -> Iterator[OddWay]:
    for parameter in operation.parameters:
        name = parameter.name
        if parameter.place != "query" or name == operation.when:
            continue
        twice = _with_pairs(operation, (name, "1"), (name, "2"))
        yield OddWay(Sort.QUERY, f"{name}-twice", twice)
        in_brackets = _with_pairs(operation, (f"{name}[]", "1"), (f"{name}[a]", "2"))
        yield OddWay(Sort.QUERY, f"{name}-in-brackets", in_brackets)
        yield OddWay(Sort.QUERY, f"{name}-empty", _with_pairs(operation, (name, "")))


def _odd_pages(operation: Operation) -> Iterator[OddWay]:
    if operation.paging is None:
        return
    for name, texts in ((operation.paging.limit, LIMITS), (operation.paging.after, POSITIONS)):
        for place, text in enumerate(texts):
            make = _with_pairs(operation, (name, text))
            yield OddWay(Sort.PAGE, f"{name}-{place}", make)


def _odd_members(operation: Operation) -> Iterator[OddWay]:
    for parameter in operation.body:
        name = parameter.name
        if name != operation.when:
            yield OddWay(Sort.MEMBER, f"{name}-null", _with_value(operation, name, None))
            half = _with_value(operation, name, HALF_A_CHARACTER)
            yield OddWay(Sort.MEMBER, f"{name}-half-a-character", half)


# --- making messages ------------------------------------------------------------------------------


def _with_value(operation: Operation, name: str, value: Any) -> Make:
    return lambda values: message_for(operation, {**values, name: value})


def _overridden(operation: Operation) -> Make:
    """Headers that some frameworks take for another method. That method does nothing anywhere."""

    def make(values: Mapping[str, Any]) -> Message:
        message = message_for(operation, values)
        overrides = tuple((name, "TRACE") for name in OVERRIDES)
        return replace(message, headers=message.headers + overrides)

    return make


def _with_pairs(operation: Operation, *pairs: tuple[str, str]) -> Make:
    """Odd pairs of the query, in place of the parameter that they name."""
    replaced = {name.partition("[")[0] for name, _ in pairs}

    def make(values: Mapping[str, Any]) -> Message:
        message = message_for(operation, without(values, replaced))
        return replace(message, query=(*message.query, *pairs))

    return make


def _with_content(operation: Operation, content: bytes) -> Make:
    """Odd content as the body; the members of an odd object join those of a valid request."""

    def make(values: Mapping[str, Any]) -> Message:
        message = message_for(operation, values)
        valid = message.body or b""
        if content.startswith(b'{"') and len(valid) > len(b"{}"):
            return replace(message, body=valid[:-1] + b", " + content[1:])
        return replace(message, body=content)

    return make


def _with_media_type(operation: Operation, media: str) -> Make:
    """A valid body with another media type; a form has a body of its own."""

    def make(values: Mapping[str, Any]) -> Message:
        message = message_for(operation, values)
        headers = [pair for pair in message.headers if pair[0] != "Content-Type"]
        body = message.body or json.dumps(dict(values)).encode()
        if media.endswith("urlencoded"):
            body = b"a=b&c=d"
        return replace(message, headers=(*headers, ("Content-Type", media)), body=body)

    return make
