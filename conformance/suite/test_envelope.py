"""Odd requests, enumerated: what breaks parsers, databases and frameworks. Whatever is decided, it is no fault of the server."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import cycle
from typing import Any

from conformance.model import WHOLE_API, Effect, Facts, Operation, Parameter, Params, Role
from conformance.scenarios import Depth, Draft, Planning, operations, scenario
from conformance.suite.client import Client
from conformance.suite.drawing import NEGATIVE, POSITIVE
from conformance.suite.generate import COUNT, draw, message
from conformance.suite.sending import OVERRIDES
from conformance.transport.message import Message, header_of, message_for

EACH = {Depth.QUICK: 1, Depth.FULL: 1, Depth.DEEP: 3}
"""Odd requests of each sort to an operation; which ones, that goes round the operations that take the sort."""
MORE = {"content": 2, "page": 2}
"""Sorts of which there are many, and times as many of them."""

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

Make = Callable[[Client, dict[str, Any]], Message | None]


@dataclass(frozen=True)
class OddWays(Params):
    """The names of the odd requests that an operation gets."""

    names: tuple[str, ...]


def odd_requests(planning: Planning) -> Iterator[Draft]:
    """Each operation that takes an input."""
    turns: Counter[str] = Counter()
    for operation in operations(planning):
        sorts: dict[str, list[str]] = defaultdict(list)
        for sort, name, _ in _ways(operation):
            sorts[sort].append(name)
        tried = []
        for sort, names in sorts.items():
            count = min(EACH[planning.depth] * MORE.get(sort, 1), len(names))
            tried += [names[(turns[sort] + turn) % len(names)] for turn in range(count)]
            turns[sort] += count
        if tried:
            needs = ("full",) if operation.keyed else ()
            yield Draft(operation, needs=needs, cost=len(tried) + 1, params=OddWays(tuple(tried)))


@scenario(odd_requests, phase=3)
def test_odd_request(client: Client) -> None:
    """A valid request but for one odd thing; then a look whether the list of its kind can still be read."""
    operation = client.operation
    for _, name, make in _ways(operation):
        if name not in client.params(OddWays).names:
            continue
        values = client.valid(operation)
        message = make(client, values) if values is not None else None
        if message is not None:
            key, carried = ("full", None) if operation.takes_key else (None, ())
            other = name.startswith(("long", "override"))  # which may have a status of its own
            client.raw(
                message,
                operation.id,
                key=key,
                carried=carried,
                facts=Facts(mistake=True, odd=other),
            )
    ask = client.lister(operation.kind) if operation.effect is not Effect.READ else None
    if ask:
        ask(role=Role.CONTROL)


def _ways(operation: Operation) -> Iterator[tuple[str, str, Make]]:
    """The odd requests that an operation can get: sort, name, and what makes one."""
    query = [p for p in operation.parameters if p.place == "query" and p.name != operation.when]
    texts = [p for p in operation.parameters if p.place in ("query", "body") and _is_text(p)]
    for (name, text), parameter in zip(TEXTS.items(), cycle(texts), strict=False):
        yield "text", f"{name}-in-{parameter.name}", _with(operation, parameter.name, text)
    for parameter in query:
        yield (
            "query",
            f"{parameter.name}-twice",
            _queried(operation, (parameter.name, "1"), (parameter.name, "2")),
        )
        brackets = _queried(operation, (f"{parameter.name}[]", "1"), (f"{parameter.name}[a]", "2"))
        yield "query", f"{parameter.name}-in-brackets", brackets
        yield "query", f"{parameter.name}-empty", _queried(operation, (parameter.name, ""))
    yield "header" if operation.body else "query", "override-method", _overridden(operation)
    if operation.paging:
        for name, odd in ((operation.paging.limit, LIMITS), (operation.paging.after, POSITIONS)):
            yield from (
                ("page", f"{name}-{place}", _queried(operation, (name, text)))
                for place, text in enumerate(odd)
            )
    if operation.body:
        for parameter in (p for p in operation.body if p.name != operation.when):
            yield "member", f"{parameter.name}-null", _with(operation, parameter.name, None)
            yield (
                "member",
                f"{parameter.name}-half-a-character",
                _with(operation, parameter.name, "\ud800"),
            )
        yield from (
            ("content", f"body-{name}", _content(operation, content))
            for name, content in CONTENTS.items()
        )
        yield from (
            ("header", f"media-{name}", _labelled(operation, media))
            for name, media in MEDIA.items()
        )


def _is_text(parameter: Parameter) -> bool:
    return (
        parameter.schema.get("type", "string") == "string"
        and not parameter.phone
        and "enum" not in parameter.schema
    )


def _with(operation: Operation, name: str, value: Any) -> Make:
    return lambda _client, values: message_for(operation, {**values, name: value})


def _overridden(operation: Operation) -> Make:
    """Headers that some frameworks take for another method; this one does nothing anywhere."""

    def make(_client: Client, values: dict[str, Any]) -> Message:
        message = message_for(operation, values)
        return replace(
            message, headers=(*message.headers, *((name, "TRACE") for name in OVERRIDES))
        )

    return make


def _queried(operation: Operation, *pairs: tuple[str, str]) -> Make:
    """A request with odd pairs of the query, the parameter itself left out."""
    names = {name.partition("[")[0] for name, _ in pairs}

    def make(_client: Client, values: dict[str, Any]) -> Message:
        message = message_for(
            operation, {name: value for name, value in values.items() if name not in names}
        )
        return replace(message, query=(*message.query, *pairs))

    return make


def _content(operation: Operation, content: bytes) -> Make:
    """A body of its own: the members of a valid request and something odd, where it is an object; else as it is."""

    def make(_client: Client, values: dict[str, Any]) -> Message:
        message = message_for(operation, values)
        if content.startswith(b'{"') and message.body and len(message.body) > 2:
            return replace(message, body=message.body[:-1] + b", " + content[1:])
        return replace(message, body=content)

    return make


def _labelled(operation: Operation, media: str) -> Make:
    def make(_client: Client, values: dict[str, Any]) -> Message:
        message = message_for(operation, values)
        headers = tuple(pair for pair in message.headers if pair[0] != "Content-Type")
        body = (
            b"a=b&c=d"
            if media.endswith("urlencoded")
            else message.body or json.dumps(values).encode()
        )
        return replace(message, headers=(*headers, ("Content-Type", media)), body=body)

    return make


def both_modes(planning: Planning) -> Iterator[Draft]:
    """Each operation, with data that its schemas allow and with data that they do not."""
    for operation in operations(planning):
        if operation.parameters:
            for mode in (POSITIVE, NEGATIVE):
                yield Draft(
                    operation,
                    mode,
                    needs=("full",) if operation.keyed else (),
                    cost=COUNT[planning.depth],
                )


@scenario(both_modes, phase=3)
def test_generated(client: Client) -> None:
    """Drawn first, then sent one by one."""
    mode, drawing = client.case.variant, draw(client)
    cases = drawing.cases(client.operation, mode) if drawing else []
    for case in (
        cases[: max(1, len(cases) // 2)] if mode == NEGATIVE else cases
    ):  # of mistakes others send many
        made = message(client, client.operation, case, mode)
        if made is not None:
            key = "full" if client.operation.takes_key else None
            client.raw(
                made,
                client.operation.id,
                carried=None if key else (),
                key=key,
                facts=Facts(mistake=True),
            )


SHORT_ID = 7
"""Characters of an id of which a piece may well be another one."""


RAW = (
    "{path}/%zz",
    "{path}%",
    "{path}/%c3%28",
    "{path}/%00",
    "{path}?{limit}=%zz",
    "{path}?{after}=%e0%80",
    "{path}?&&=&%",
    "/x/..{path}",
)
"""Targets that are no proper ones: broken percent signs, in path and query, and steps that a client takes out."""


def unknown_routes(planning: Planning) -> Iterator[Draft]:
    """Paths and methods that no document names."""
    yield Draft(None, "path", cost=4)
    yield Draft(None, "method", effect=Effect.WRITE, cost=6)
    yield Draft(None, "raw", cost=len(RAW), rules=("route.unknown",))


@scenario(unknown_routes, rules=("route.unknown",), phase=1)
def test_unknown_route(client: Client) -> None:
    """Unknown paths, and methods that a known path does not have."""
    headers = header_of(client.contract, "full" if "full" in client.target.keys else None)
    if client.case.variant == "raw":
        _raw(client, headers)
        return
    paths = {
        operation.path
        for operation in client.contract.operations.values()
        if "{" not in operation.path
    }
    if client.case.variant == "path":
        for path in (
            "/no-such-resource",
            "/no/such/resource",
            *(f"{path}/no-such-thing" for path in sorted(paths)[:2]),
        ):
            client.raw(Message("GET", path), carried=headers, facts=Facts(mistake=True, odd=True))
        return
    for path in sorted(paths):
        known = {
            operation.method
            for operation in client.contract.operations.values()
            if operation.path == path
        }
        for method in [m for m in ("DELETE", "PUT") if m not in known]:
            client.raw(Message(method, path), carried=headers, facts=Facts(mistake=True, odd=True))


def _raw(client: Client, headers: tuple[tuple[str, str], ...]) -> None:
    """Improper targets below the path of the first list; whether they are mended or refused is open."""
    listing = next(
        (
            o
            for o in client.contract.operations_by("list")
            if not any(p.required for p in o.parameters)
        ),
        None,
    )
    if listing is not None and listing.paging is not None:
        for target in RAW:
            plain = target.format(
                path=listing.path, limit=listing.paging.limit, after=listing.paging.after
            )
            known = target.startswith(
                "{path}?"
            )  # a documented operation, which more rules judge than a path that is none
            operation, role = (listing.id, Role.BYSTANDER) if known else (WHOLE_API, Role.PROBE)
            message = Message("GET", "", plain=plain)
            client.raw(
                message,
                operation,
                carried=headers,
                role=role,
                facts=Facts(mistake=True, odd=True, mendable=True),
            )
