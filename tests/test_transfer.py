"""Responses that are broken HTTP, as opposed to wrong or lost responses."""

from __future__ import annotations

import gzip
import socket
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Thread

import pytest

from conformance.checks import RULES
from conformance.judging import verdict
from conformance.log.evidence import Recorder
from conformance.model import Case, Effect, Exchange, Role
from conformance.transport.carrier import Label
from conformance.transport.http import HttpWire
from conformance.transport.message import Message
from conformance.transport.sender import Sender
from conformance.transport.wire import Loss, WireFailure, WireRequest
from tests import servers
from tests.support.contracts import embedded, real

CASE = Case("one[api]", "one", "list_calls", "", (), Effect.READ, 1)
JSON = b'{"calls": [], "has_more": false}'
ZIPPED = gzip.compress(JSON)


def _head(*lines: str) -> bytes:
    usual = "HTTP/1.1 200 OK", "Content-Type: application/json"
    return "\r\n".join([*usual, *lines, "", ""]).encode()


def _sized(body: bytes, *lines: str) -> bytes:
    return _head(*lines, f"Content-Length: {len(body)}") + body


BROKEN = {
    "a negative length": _head("Content-Length: -5") + JSON,
    "a word as length": _head("Content-Length: many") + JSON,
    "an empty length": _head("Content-Length: ,") + JSON,
    "two lengths": _head("Content-Length: 5", "Content-Length: 31") + JSON,
    "a length that is too long": _head("Content-Length: 99") + JSON,
    "a header without a colon": b"HTTP/1.1 200 OK\r\nno header\r\n" + _sized(JSON)[17:],
    "no last chunk": _head("Transfer-Encoding: chunked") + b"2\r\n{}\r\n",
    "a chunk without size": _head("Transfer-Encoding: chunked") + b"zz\r\n{}\r\n0\r\n\r\n",
    "gzip cut off": _sized(ZIPPED[:-12], "Content-Encoding: gzip"),
    "gzip without trailer": _sized(ZIPPED[:-8], "Content-Encoding: gzip"),
    "gzip with a wrong checksum": _sized(
        ZIPPED[:-8] + b"\0\0\0\0" + ZIPPED[-4:], "Content-Encoding: gzip"
    ),
    "deflate cut off": _sized(zlib.compress(JSON)[:-6], "Content-Encoding: deflate"),
    "gzip that is none": _sized(JSON, "Content-Encoding: gzip"),
}
"""Answers that no client can take for whole."""

WHOLE = {
    "a plain one": _sized(JSON),
    "the same length twice": _head("Content-Length: 32", "Content-Length: 32") + JSON,
    "no length, and the end": _head("Connection: close") + JSON,
    "chunks": _head("Transfer-Encoding: chunked") + b"20\r\n" + JSON + b"\r\n0\r\n\r\n",
    "gzip": _sized(ZIPPED, "Content-Encoding: gzip"),
    "gzip by its old name": _sized(ZIPPED, "Content-Encoding: X-GZIP"),
    "gzip in two members": _sized(
        gzip.compress(JSON[:9]) + gzip.compress(JSON[9:]), "Content-Encoding: gzip"
    ),
    "gzip twice": _sized(gzip.compress(ZIPPED), "Content-Encoding: gzip, gzip"),
    "deflate": _sized(zlib.compress(JSON), "Content-Encoding: deflate"),
    "deflate without its head": _sized(zlib.compress(JSON)[2:-4], "Content-Encoding: deflate"),
    "identity": _sized(JSON, "Content-Encoding: identity"),
}


@contextmanager
def answering(*answers: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A server that sends one answer after the other, the last for ever, a connection for each.

    Yields its address, and the first line of each request.
    """
    lines: list[bytes] = []
    left = [*answers]

    def serve() -> None:
        for connection, head in servers.connections(listening):
            lines.append(head.readline())
            while head.readline().strip():
                pass
            connection.sendall(left.pop(0) if len(left) > 1 else left[0])
            connection.shutdown(socket.SHUT_WR)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/api/v1", lines
        listening.shutdown(socket.SHUT_RDWR)


def asked(url: str, method: str = "GET") -> tuple[Sender, Exchange]:
    """One request for the list of calls."""
    target = embedded()
    target = replace(target, declaration=replace(target.declaration, url=url))
    sender = Sender(real(), target, HttpWire(30), Recorder(None), seed=0, sleep=lambda _: None)
    label = Label(CASE, 1, "list_calls", Role.PROBE, "full")
    return sender, sender.send(Message(method, "/calls"), label)


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_answer_is_read(name: str) -> None:
    """Every framing and every coding that HTTP knows and the suite asks for."""
    with answering(WHOLE[name]) as (url, lines):
        _, exchange = asked(url)
    assert len(lines) == 1
    assert exchange.json == {"calls": [], "has_more": False}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_answer_is_lost(name: str) -> None:
    """No part of it is taken for the answer."""
    with answering(BROKEN[name]) as (url, _), pytest.raises(WireFailure) as failure:
        HttpWire(30).send(WireRequest("GET", f"{url}/calls", (), None))
    assert failure.value.loss is Loss.BROKEN


@pytest.mark.parametrize("name", BROKEN)
def test_what_breaks_again_is_told_to_the_judges(name: str) -> None:
    """A read is repeated over a fresh connection."""
    with answering(BROKEN[name]) as (url, lines):
        _, exchange = asked(url)
    assert len(lines) == 2
    assert exchange.facts.broken


def test_what_breaks_once_is_no_finding() -> None:
    """The network may be to blame: the second answer is whole, and it counts."""
    with answering(BROKEN["gzip cut off"], WHOLE["a plain one"]) as (url, lines):
        _, exchange = asked(url)
    assert len(lines) == 2
    assert exchange.ok
    assert exchange.facts.broken is None


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_a_write_whose_answer_breaks_is_not_repeated(method: str) -> None:
    """It may have been carried out. Its answer is lost, and no transfer is blamed for it."""
    with answering(BROKEN["gzip cut off"]) as (url, lines):
        _, exchange = asked(url, method)
    assert len(lines) == 1
    assert exchange.response is None
    assert exchange.facts.broken is None


def test_writes_whose_answers_all_break_tell_it() -> None:
    """None is sent again, but two different ones in a row show the same."""
    # a connection that the server closes only later might be used for the second write
    closing = _sized(ZIPPED[:-12], "Content-Encoding: gzip", "Connection: close")
    with answering(closing) as (url, lines):
        sender, _ = asked(url, "POST")
        label = Label(CASE, 1, "list_calls", Role.PROBE, "full")
        second = sender.send(Message("POST", "/calls"), label)
    assert len(lines) == 2
    assert second.facts.broken


@pytest.mark.parametrize("excess", [b"x", b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"])
def test_bytes_after_the_end_are_no_answer(excess: bytes) -> None:
    """They are told to the judges if they come again, and no other request meets them."""
    long = WHOLE["a plain one"] + excess
    with answering(long, long, WHOLE["a plain one"]) as (url, _):
        sender, exchange = asked(url)
        label = Label(CASE, 1, "list_calls", Role.PROBE, "full")
        later = sender.send(Message("GET", "/calls"), label)
    assert exchange.response is None
    assert exchange.facts.broken == "bytes came after the end of the response"
    assert later.ok
    assert later.facts.broken is None


def test_an_empty_line_after_the_end_does_no_harm() -> None:
    """Some servers send one."""
    with answering(WHOLE["a plain one"] + b"\r\n") as (url, lines):
        _, exchange = asked(url)
    assert exchange.ok
    assert len(lines) == 1


def test_a_broken_transfer_is_blamed_on_its_own_clause() -> None:
    """And on nothing else: what the answer would have said is not known."""
    with answering(BROKEN["a negative length"]) as (url, _):
        sender, _ = asked(url)
    cells = verdict.cells(
        real(),
        sender.target.declaration,
        RULES,
        (CASE,),
        sender.journal._recorder.log,
        today=verdict.ANY_DAY,
    )
    blamed = [cell.clause for cell in cells if cell.findings]
    assert blamed == ["http-complete"]
