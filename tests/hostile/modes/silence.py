"""Servers that keep a client waiting."""

from __future__ import annotations

import time

from tests.hostile.base import (
    ALL,
    BROKEN,
    LEGAL,
    UNSURE,
    Right,
    after,
    every,
    every_write,
    given_up,
    mode,
)
from tests.hostile.front import Asked, Line

SILENCE = "no (usable )?(answer|response)|does not answer|silen"
PAUSE = 0.3
"""Seconds between two pieces of an answer that drips."""


@mode(ALL, given_up(SILENCE))
@mode(after(50), given_up(SILENCE), "from-50")
@mode(every(20), UNSURE, "now-and-then")
def silent(line: Line, asked: Asked) -> None:
    """The server reads the request and does not respond."""
    line.hang()


@mode(ALL, given_up(f"{SILENCE}|slow"))
@mode(every(40), BROKEN, "now-and-then")
def dripping_head(line: Line, asked: Asked) -> None:
    """The status line and the headers come byte by byte, too slowly."""
    line.drip(asked.answer().wire(), PAUSE)


@mode(ALL, given_up(f"{SILENCE}|do not end|slow"))
@mode(every(40), BROKEN, "now-and-then")
def dripping_body(line: Line, asked: Asked) -> None:
    """The body comes byte by byte, too slowly."""
    line.send(asked.answer().head())
    line.drip(asked.answer().body, PAUSE)


@mode(every(40), BROKEN)
def dripping_chunks(line: Line, asked: Asked) -> None:
    """Chunks of one byte never end."""
    answer = asked.answer().having(Content_Length=None, Transfer_Encoding="chunked")
    line.send(answer.head())
    line.drip(b"1\r\nx\r\n" * 100_000, PAUSE, 6)


@mode(every(40), BROKEN)
def dripping_trailer(line: Line, asked: Asked) -> None:
    """A complete chunked body is followed by endless trailers."""
    answer = asked.answer().having(Content_Length=None, Transfer_Encoding="chunked")
    line.send(answer.head() + b"%x\r\n%s\r\n0\r\n" % (len(answer.body), answer.body))
    line.drip(b"X-More: 1\r\n" * 100_000, PAUSE, 11)


@mode(every(40), BROKEN)
def half_then_silence(line: Line, asked: Asked) -> None:
    """Half of the response is sent, and then nothing more."""
    whole = asked.answer().wire()
    line.send(whole[: len(whole) // 2])
    line.hang()


@mode(ALL, Right((3,), incomplete=True, says="second"), options=("--max-seconds", "30"))
def slow(line: Line, asked: Asked) -> None:
    """Each response takes 1.5 seconds, with --max-seconds 30."""
    time.sleep(1.5)
    line.send(asked.answer())


@mode(every_write(3), UNSURE)
def silent_after_writes(line: Line, asked: Asked) -> None:
    """The server carries out the write and does not respond."""
    asked.answer()
    line.hang()


@mode(ALL, given_up(f"{SILENCE}|interim|do not end"))
@mode(every(40), BROKEN, "now-and-then")
def announcements_for_ever(line: Line, asked: Asked) -> None:
    """Interim responses (103) never end."""
    while True:
        line.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 50)
        time.sleep(0.05)


@mode(ALL, LEGAL)
def announced(line: Line, asked: Asked) -> None:
    """Each response is preceded by the interim responses 100, 102 and 103."""
    for status in ("100 Continue", "102 Processing", "103 Early Hints"):
        line.send(f"HTTP/1.1 {status}\r\n\r\n".encode())
    line.send(asked.answer())
