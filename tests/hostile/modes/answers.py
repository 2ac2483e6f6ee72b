"""Servers that send something other than a response of this API, or send it at the wrong moment."""

from __future__ import annotations

from tests.hostile.answer import Answer, error, page
from tests.hostile.base import (
    ALL,
    BLAMED,
    LEGAL,
    UNSURE,
    WRITES,
    Right,
    after,
    every,
    every_write_before,
    given_up,
    mode,
)
from tests.hostile.front import COOKIE, Asked, Line

PAGES = "html|not? json|not look like"
PROXY = "50[234]|proxy|unavailable|html|not? json"


@mode(ALL, given_up(PAGES))
@mode(after(50), given_up(PAGES, "success-json", "envelope-json"), "from-50")
def pages_for_people(line: Line, asked: Asked) -> None:
    """Each response is 200 with an HTML page."""
    asked.answer()
    line.send(page(200, "OK"))


@mode(ALL, given_up(PROXY))
@mode(after(50), given_up(PROXY), "from-50")
@mode(every(10), UNSURE, "now-and-then")
def bad_gateway(line: Line, asked: Asked) -> None:
    """A proxy returns 502 with an HTML page."""
    asked.raw  # noqa: B018 - the body is read off the connection
    line.send(page(502, "Bad Gateway"))


@mode(after(50), given_up(PROXY))
def unavailable(line: Line, asked: Asked) -> None:
    """A proxy returns 503 with an HTML page and Retry-After 30."""
    asked.raw  # noqa: B018 - the body is read off the connection
    line.send(page(503, "Service Unavailable").having(Retry_After="30"))


@mode(after(50), given_up(PROXY))
@mode(every(10), UNSURE, "now-and-then")
def gateway_timeout(line: Line, asked: Asked) -> None:
    """The request is carried out, and a proxy returns 504 with an HTML page."""
    asked.answer()
    line.send(page(504, "Gateway Timeout"))


@mode(ALL, Right((1, 3), may=("*",)))
def server_errors(line: Line, asked: Asked) -> None:
    """Each response is 500 with the error that the contract requires."""
    asked.raw  # noqa: B018 - the body is read off the connection
    line.send(error(500, "internal_error"))


@mode(ALL, BLAMED)
def nothing_at_all(line: Line, asked: Asked) -> None:
    """Each response is 204."""
    asked.answer()
    line.send(Answer(204, "No Content", (), b""))


@mode(ALL, BLAMED)
def other_protocol(line: Line, asked: Asked) -> None:
    """Each response is 101: the server changes the protocol."""
    asked.raw  # noqa: B018 - the body is read off the connection
    line.send(
        b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x05hi"
    )


# --- redirects and cookies ------------------------------------------------------------------------


def _moved(where: str) -> Answer:
    return Answer(302, "Found", (("Location", where), ("Content-Length", "0")), b"")


@mode(ALL, BLAMED)
def redirects_in_a_circle(line: Line, asked: Asked) -> None:
    """Each response redirects to the same address."""
    asked.raw  # noqa: B018 - the body is read off the connection
    line.send(_moved(asked.path))


@mode(ALL, BLAMED)
@mode(every(10), Right((0, 1, 3), may=("*",)), "now-and-then")
def redirects_elsewhere(line: Line, asked: Asked) -> None:
    """Each response redirects to another server, which waits for a key."""
    asked.raw  # noqa: B018 - the body is read off the connection
    line.send(_moved(f"http://127.0.0.1:{line.front.trap.port}{asked.path}"))


@mode(ALL, BLAMED)
def redirects_to_files(line: Line, asked: Asked) -> None:
    """Each response redirects to a local file."""
    asked.raw  # noqa: B018 - the body is read off the connection
    line.send(_moved("file:///etc/passwd"))


@mode(ALL, LEGAL)
def links_elsewhere(line: Line, asked: Asked) -> None:
    """Headers and members of successes point to another server."""
    there = f"http://127.0.0.1:{line.front.trap.port}/"
    answer = asked.answer().having(Link=f"<{there}>; rel=next", Refresh=f"0; url={there}")
    line.send(answer.adding(docs_url=there, next=there))


@mode(ALL, LEGAL)
def cookies(line: Line, asked: Asked) -> None:
    """Each response sets a cookie, and whoever sends it back is treated as somebody else."""
    told = f"{COOKIE}={asked.number}; Path=/"
    mine = COOKIE in asked.header("Cookie")
    answer = error(403, "forbidden") if mine else asked.answer()
    line.send(answer.having(Set_Cookie=told))


# --- moments --------------------------------------------------------------------------------------


@mode(WRITES, Right((0, 1, 3), may=("*",)))
def answered_before_the_body(line: Line, asked: Asked) -> None:
    """A write is rejected before its body is read, and the connection is closed."""
    line.send(error(400, "bad_request").having(Connection="close"))
    line.close()


@mode(WRITES, Right((0, 1, 3), may=("*",)))
def reset_before_the_body(line: Line, asked: Asked) -> None:
    """A write is rejected before its body is read, and the connection is reset."""
    line.send(error(400, "bad_request").having(Connection="close"))
    line.reset()


@mode(every_write_before(5), UNSURE)
def body_never_read(line: Line, asked: Asked) -> None:
    """The server does not read the body, and does not respond."""
    line.hang()


@mode(WRITES, LEGAL)
def continued(line: Line, asked: Asked) -> None:
    """100 Continue comes before the body of a write is read, though nobody asked."""
    line.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    line.send(asked.answer())
