"""Servers whose answers are no proper HTTP: lengths, chunks, status lines, headers, left-overs."""

from __future__ import annotations

from tests.hostile.answer import Answer
from tests.hostile.base import (
    ALL,
    BROKEN,
    ERRORS,
    LEGAL,
    SUCCESSES,
    TRANSFER,
    Mode,
    Right,
    add,
    every,
    mode,
)
from tests.hostile.front import Asked, Line

SEEN = Right((0, 1, 3), may=TRANSFER, must=TRANSFER)
"""The fault repeats, so it must be seen."""


def chunked(answer: Answer) -> Answer:
    """The answer with the headers of one in chunks; its body is still whole."""
    return answer.having(Content_Length=None, Transfer_Encoding="chunked")


# --- lengths --------------------------------------------------------------------------------------


@mode(ALL, BROKEN)
@mode(ERRORS, SEEN, "errors")
@mode(every(10), BROKEN, "now-and-then")
def length_negative(line: Line, asked: Asked) -> None:
    """Content-Length is -5."""
    line.send(asked.answer().having(Content_Length="-5"))
    line.close()


@mode(ALL, BROKEN)
@mode(ERRORS, SEEN, "errors")
def length_word(line: Line, asked: Asked) -> None:
    """Content-Length is the word `many`."""
    line.send(asked.answer().having(Content_Length="many"))
    line.close()


@mode(ALL, BROKEN)
@mode(ERRORS, SEEN, "errors")
@mode(every(10), BROKEN, "now-and-then")
def length_too_long(line: Line, asked: Asked) -> None:
    """Content-Length is 100 more than there is, and the connection is closed."""
    body = asked.answer().body
    line.send(asked.answer().having(Content_Length=str(len(body) + 100)))
    line.close()


@mode(every(40), BROKEN)
def length_too_long_and_open(line: Line, asked: Asked) -> None:
    """Content-Length is 100 more than there is, and the connection stays open."""
    body = asked.answer().body
    line.send(asked.answer().having(Content_Length=str(len(body) + 100)))


@mode(ERRORS, SEEN)
@mode(every(10), BROKEN, "now-and-then")
def length_too_short(line: Line, asked: Asked) -> None:
    """Content-Length is 10 less than there is, and the rest is left over."""
    answer = asked.answer()
    line.send(answer.having(Content_Length=str(max(0, len(answer.body) - 10))))


@mode(ALL, BROKEN)
def length_twice(line: Line, asked: Asked) -> None:
    """Two Content-Length headers differ."""
    answer = asked.answer()
    head = answer.head().removesuffix(b"\r\n")
    line.send(head + b"Content-Length: 7\r\n\r\n" + answer.body)
    line.close()


@mode(ALL, BROKEN)
def length_and_chunks(line: Line, asked: Asked) -> None:
    """The response is chunked, and also has a Content-Length of 7."""
    answer = asked.answer()
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(answer.body), answer.body)
    if asked.method == "HEAD":
        body = b""
    line.send(answer.having(Content_Length="7", Transfer_Encoding="chunked").head() + body)


@mode(ALL, LEGAL)
def without_length(line: Line, asked: Asked) -> None:
    """The end of the connection ends the body; there is no Content-Length."""
    line.send(asked.answer().having(Content_Length=None, Connection="close"))
    line.close()


@mode(ALL, LEGAL)
def many_chunks(line: Line, asked: Asked) -> None:
    """The body comes in chunks of 7 bytes with extensions, and a trailer."""
    answer = asked.answer()
    parts = [answer.body[start : start + 7] for start in range(0, len(answer.body), 7)]
    chunks = b"".join(b'%x;a="b"\r\n%s\r\n' % (len(part), part) for part in parts)
    body = chunks + b"0\r\nX-Trailer: 1\r\n\r\n"
    if asked.method == "HEAD" or answer.status == 204:
        line.send(answer)
    else:
        line.send(chunked(answer).head() + body)


# --- chunks ---------------------------------------------------------------------------------------

CHUNKS = {
    "chunk-size-word": ("The size of a chunk is no number.", b"many\r\n%s\r\n0\r\n\r\n"),
    "chunk-size-negative": ("The size of a chunk is -5.", b"-5\r\n%s\r\n0\r\n\r\n"),
    "chunk-size-huge": ("The size of a chunk has 40 digits.", b"f" * 40 + b"\r\n%s\r\n0\r\n\r\n"),
    "chunk-too-short": ("A chunk says that it has 5 bytes.", b"5\r\n%s\r\n0\r\n\r\n"),
    "last-chunk-missing": ("The connection ends before the last chunk.", b"{size}\r\n%s\r\n"),
}
"""Broken chunks: what is wrong, and how it looks around the body."""


def _broken_chunks(name: str, does: str, form: bytes) -> None:
    def spoil(line: Line, asked: Asked) -> None:
        answer = asked.answer()
        around = form.replace(b"{size}", b"%x" % len(answer.body))
        line.send(chunked(answer).head() + around.replace(b"%s", answer.body))
        line.close()

    add(Mode(name, does, SUCCESSES, Right((1, 3), may=TRANSFER), spoil))
    if name == "last-chunk-missing":
        add(Mode(f"{name}-now-and-then", does, every(10), BROKEN, spoil))


for _name, (_does, _form) in CHUNKS.items():
    _broken_chunks(_name, _does, _form)


# --- left-overs -----------------------------------------------------------------------------------

FAKE = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n"
    b'{"fake": "answer"}'[:-1]
)
"""An answer to no request."""


@mode(every(10), Right((0, 1, 3), may=TRANSFER))
def left_over_garbage(line: Line, asked: Asked) -> None:
    """The response is followed by 500 bytes of garbage."""
    line.send(asked.answer().wire() + b"\x00\xffgarbage\r\n" * 45)


@mode(every(10), Right((0, 1, 3), may=TRANSFER))
@mode(ALL, Right((0, 1, 3), may=TRANSFER), "always")
def left_over_answer(line: Line, asked: Asked) -> None:
    """The response is followed by another response that nobody requested."""
    line.send(asked.answer().wire() + FAKE)


# --- status lines and headers ---------------------------------------------------------------------

FIRST_LINES = {
    "status-line-garbage": ("The status line is garbage.", b"\x00\x01\x02 garbage \xff\xfe"),
    "status-line-of-ssh": ("The server greets as an SSH server.", b"SSH-2.0-OpenSSH_9.6"),
    "status-of-four-digits": ("The status is 2000.", b"HTTP/1.1 2000 OK"),
    "status-word": ("The status is a word.", b"HTTP/1.1 fine OK"),
    "status-line-endless": (
        "The status line has 5 million bytes.",
        b"HTTP/1.1 200 " + b"O" * 5_000_000,
    ),
}
"""Status lines that are none: what they are, and the bytes."""


def _broken_first_line(name: str, does: str, first: bytes) -> None:
    def spoil(line: Line, asked: Asked) -> None:
        rest = asked.answer().wire().partition(b"\r\n")[2]
        line.send(first + b"\r\n" + rest)
        line.close()

    add(Mode(name, does, ALL, Right((1, 3), may=TRANSFER), spoil))


for _name, (_does, _form) in FIRST_LINES.items():
    _broken_first_line(_name, _does, _form)


@mode(ALL, Right((1, 3), may=TRANSFER))
def without_status_line(line: Line, asked: Asked) -> None:
    """The body comes alone, as in HTTP/0.9."""
    line.send(asked.answer().body)
    line.close()


@mode(ALL, LEGAL)
def old_version(line: Line, asked: Asked) -> None:
    """The responses are HTTP/1.0, and the connection is closed after each."""
    answer = asked.answer().having(Connection=None)
    line.send(answer.wire().replace(b"HTTP/1.1", b"HTTP/1.0", 1))
    line.close()


@mode(ALL, LEGAL)
def odd_case_of_headers(line: Line, asked: Asked) -> None:
    """Header names alternate between upper and lower case."""
    answer = asked.answer()
    lines = [f"HTTP/1.1 {answer.status} "]
    for name, value in answer.headers:
        odd = "".join(c.upper() if i % 2 else c.lower() for i, c in enumerate(name))
        lines.append(f"{odd}:{value}")
    line.send("\r\n".join([*lines, "", ""]).encode() + answer.body)


def _with_first(asked: Asked, lines: bytes) -> bytes:
    """An answer with some lines before its headers."""
    status, _, rest = asked.answer().wire().partition(b"\r\n")
    return b"\r\n".join((status, lines, rest))


@mode(ALL, BROKEN)
def header_without_colon(line: Line, asked: Asked) -> None:
    """A header has no colon."""
    line.send(_with_first(asked, b"this is no header"))
    line.close()


@mode(ALL, BROKEN)
def header_folded(line: Line, asked: Asked) -> None:
    """A header goes on in the next line."""
    line.send(_with_first(asked, b"X-Folded: one\r\n two\r\n\tthree"))


@mode(ALL, BROKEN)
def header_with_controls(line: Line, asked: Asked) -> None:
    """A header holds zero bytes, escapes of a terminal and bytes that are not text."""
    line.send(_with_first(asked, b"X-Odd: \x00\x1b[2J\x1b]0;owned\x07\xff\xfe\x85"))
    line.close()


@mode(ALL, BROKEN)
def bare_line_ends(line: Line, asked: Asked) -> None:
    """The header lines end with only a line feed."""
    line.send(asked.answer().head().replace(b"\r\n", b"\n") + asked.answer().body)
