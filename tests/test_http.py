"""Sending over HTTP: responses are bounded in time and size, and connections are kept."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest

from conformance.transport import bounded, http
from conformance.transport.http import HttpWire
from conformance.transport.wire import BODY_LIMIT, Loss, WireFailure, WireRequest
from tests import servers

Write = Callable[[bytes], Any]
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
SECONDS = 5.0


def _slowly(head: bytes, drop: bytes) -> servers.Answer:
    def answer(write: Write) -> None:
        write(head)
        while True:
            write(drop)
            time.sleep(0.05)

    return answer


def _endlessly(head: bytes, part: bytes) -> servers.Answer:
    def answer(write: Write) -> None:
        write(head)
        while True:
            write(part * 1000)

    return answer


def post(url: str) -> WireRequest:
    """A write with an empty body."""
    return WireRequest("POST", url, (("Content-Length", "0"),), b"")


def get(url: str) -> WireRequest:
    """A plain request."""
    return WireRequest("GET", url, (("Accept", "application/json"),), None)


SLOW_BODIES = {
    "a body without length": _slowly(b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
    "a body of some length": _slowly(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b"x"),
    "chunks": _slowly(CHUNKED, b"1\r\nx\r\n"),
    "a chunk": _slowly(CHUNKED + b"fffff\r\n", b"x"),
    "a size of a chunk": _slowly(CHUNKED + b"1\r\nx\r\n", b"0"),
    "a trailer": _slowly(CHUNKED + b"1\r\nx\r\n0\r\nX-Slow: ", b"x"),
    "trailers": _slowly(CHUNKED + b"1\r\nx\r\n0\r\n", b"A: b\r\n"),
}
SLOW_HEADS = {
    "a status line": _slowly(b"HTTP/1.1 200 ", b"x"),
    "a header": _slowly(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
    "headers": _slowly(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"),
    "continuations": _slowly(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


def _answered(answer: servers.Answer, timeout: float = SECONDS) -> Any:
    with servers.raw({"it": answer}) as site:
        return HttpWire(timeout).send(get(f"{site}/it"))


@pytest.fixture(scope="module")
def dripped() -> Iterator[Mapping[str, Future[Any]]]:
    """The results of all slow answers, requested side by side."""
    with ThreadPoolExecutor(len(SLOW_BODIES) + len(SLOW_HEADS)) as pool:
        yield {
            name: pool.submit(_answered, answer)
            for name, answer in {**SLOW_BODIES, **SLOW_HEADS}.items()
        }


@pytest.mark.parametrize("slow", SLOW_BODIES)
def test_a_body_that_drips_is_cut(dripped: Mapping[str, Future[Any]], slow: str) -> None:
    """A body that comes a few bytes at a time is cut when the time is over."""
    response = dripped[slow].result()
    assert response.status == 200
    assert response.cut


@pytest.mark.parametrize("slow", SLOW_HEADS)
def test_a_head_that_drips_is_no_response(dripped: Mapping[str, Future[Any]], slow: str) -> None:
    """If the head does not end in time there is no response, and the reason names the limit."""
    with pytest.raises(WireFailure, match="no response within 5 s"):
        dripped[slow].result()


ENDLESS = {
    "trailers": _endlessly(CHUNKED + b"1\r\nx\r\n0\r\n", b"A: b\r\n"),
    "sizes of chunks": _endlessly(CHUNKED, b"1;" + b"x" * 60 + b"\r\nx\r\n"),
    "continuations": _endlessly(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.parametrize("endless", ENDLESS)
def test_everything_around_a_body_is_bounded_in_bytes(
    endless: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Endless chunk sizes, trailers and announcements are read up to a limit, however fast."""
    monkeypatch.setattr(bounded, "RAW_LIMIT", 1 << 20)
    with pytest.raises(WireFailure, match="the response exceeds 1 MiB on the wire"):
        _answered(ENDLESS[endless], timeout=120)


def test_an_announcement_is_no_response() -> None:
    """Early hints and the like are skipped; a switch of protocols is a response."""
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
    rest = b"Content-Length: 2\r\n\r\n{}"
    response = _answered(lambda write: write(hints + b"HTTP/1.1 201 Created\r\n" + rest))
    assert (response.status, response.body) == (201, b"{}")
    assert (
        _answered(lambda write: write(b"HTTP/1.1 101 Switching Protocols\r\n" + rest)).status == 101
    )


def test_a_body_that_ends_too_early_tells_how_much_came() -> None:
    """With the status, which says that the server meant to respond."""
    early = b"HTTP/1.1 200 OK\r\nContent-Length: 2720\r\n\r\n{}"
    with pytest.raises(WireFailure, match="status 200 with 2 of the 2,720 bytes") as caught:
        _answered(lambda write: write(early))
    assert caught.value.loss is Loss.BROKEN


def test_a_long_body_is_cut() -> None:
    """A body beyond the limit of size is cut there."""
    response = _answered(_endlessly(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 64), timeout=120)
    assert response.cut
    assert len(response.body) == BODY_LIMIT


@contextmanager
def counting(most: int = 99) -> Iterator[tuple[str, list[int]]]:
    """A server that keeps connections, and how many requests each has served.

    It ends a connection at the request after the first ``most``.
    """
    served: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve(connection: socket.socket, number: int) -> None:
            with connection, connection.makefile("rb") as lines:
                while lines.readline():
                    while lines.readline().strip():
                        pass
                    if served[number] == most:
                        return
                    served[number] += 1
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

        def accept() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                served.append(0)
                Thread(target=serve, args=(connection, len(served) - 1), daemon=True).start()

        Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/", served
        listening.shutdown(socket.SHUT_RDWR)


def test_a_connection_is_kept() -> None:
    """Requests whose answers end go over one connection."""
    wire = HttpWire(60)
    with counting() as (url, served):
        for _ in range(5):
            assert wire.send(get(url)).body == b"{}"
        assert served == [5]


def test_the_end_of_a_kept_connection_is_reported() -> None:
    """The next request opens a new one, and a write does not meet the end of one again."""
    wire = HttpWire(60)
    with counting(2) as (url, served):
        for _ in range(2):
            wire.send(get(url))
        with pytest.raises(WireFailure) as ended:
            wire.send(get(url))
        assert ended.value.loss is Loss.CLOSED
        for _ in range(2):
            assert wire.send(post(url)).body == b"{}"
        assert served == [2, 1, 1]


def test_a_write_does_not_go_over_an_idle_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """The target may close it at that moment: was the write carried out then?"""
    wire = HttpWire(60)
    with counting() as (url, served):
        wire.send(get(url))
        wire.send(post(url))
        monkeypatch.setattr(http, "FRESH", 0.0)
        wire.send(post(url))
        wire.send(get(url))
    assert served == [3, 1]
