"""Servers that go away, come back, lose their keys, or lose what they have done."""

from __future__ import annotations

from tests.hostile.answer import error
from tests.hostile.base import (
    ALL,
    BROKEN,
    LEGAL,
    TRANSFER,
    UNSURE,
    Right,
    after,
    every,
    every_write,
    given_up,
    mode,
)
from tests.hostile.front import Asked, Line

GONE = "gone|refused|no (usable )?(answer|response)"
FOR_EVER = 3600.0
WRITES_IN_FULL = ("--depth", "full", "--area", "writes")
"""Options of a run that tries every write, for a quick one deletes only once."""


@mode(ALL, given_up(GONE))
@mode(after(50), given_up(GONE), "from-50")
def gone(line: Line, asked: Asked) -> None:
    """The server stops, and does not come back."""
    line.front.leave(FOR_EVER)


@mode(after(50), given_up(GONE))
def gone_within_an_answer(line: Line, asked: Asked) -> None:
    """The server stops in the middle of a response, and does not come back."""
    line.send(asked.answer().wire()[:40])
    line.front.leave(FOR_EVER)


@mode(every(150), Right((0,), incomplete=False))
def restart(line: Line, asked: Asked) -> None:
    """The server stops after a response, and is back after 5 seconds."""
    line.send(asked.answer())
    line.front.leave(5)


# --- keys -----------------------------------------------------------------------------------------


@mode(ALL, given_up("(refuses|rejects) the main key"))
@mode(after(50), given_up("401|rejects|key"), "from-50")
def dead_keys(line: Line, asked: Asked) -> None:
    """Every key is rejected with 401."""
    asked.raw  # noqa: B018 - the body is read off the connection
    line.send(error(401, "unauthorized"))


@mode(after(50), given_up("401|rejects|key"))
def dead_main_key(line: Line, asked: Asked) -> None:
    """The main key is rejected with 401, and other keys are still good."""
    answer = asked.answer()
    line.send(error(401, "unauthorized") if answer.status < 300 and asked.main_key else answer)


# --- connections ----------------------------------------------------------------------------------


@mode(ALL, LEGAL)
def closed_behind_each(line: Line, asked: Asked) -> None:
    """The connection is closed after each response, without notice."""
    line.send(asked.answer())
    line.close()


@mode(ALL, Right((0,), incomplete=False))
def reset_behind_each(line: Line, asked: Asked) -> None:
    """The connection is reset after each response."""
    line.send(asked.answer().having(Connection="close"))
    line.sock.recv(1)
    line.reset()


@mode(ALL, given_up(GONE))
@mode(every(10), UNSURE, "now-and-then")
def reset_before(line: Line, asked: Asked) -> None:
    """The connection is reset before the request is carried out."""
    line.reset()


@mode(every(10), UNSURE)
def reset_after(line: Line, asked: Asked) -> None:
    """The request is carried out, and the connection is reset."""
    asked.answer()
    line.reset()


@mode(every(10), BROKEN)
def reset_in_status_line(line: Line, asked: Asked) -> None:
    """The connection is reset within the status line."""
    line.send(asked.answer().wire()[:10])
    line.reset()


@mode(every(10), BROKEN)
def reset_in_headers(line: Line, asked: Asked) -> None:
    """The connection is reset within the headers."""
    line.send(asked.answer().head()[:-10])
    line.reset()


@mode(ALL, Right((1, 3), may=TRANSFER))
@mode(every(10), BROKEN, "now-and-then")
def reset_in_body(line: Line, asked: Asked) -> None:
    """The connection is reset within the body."""
    line.send(asked.answer().wire()[:-10])
    line.reset()


# --- writes ---------------------------------------------------------------------------------------


@mode(every_write(2), UNSURE, options=WRITES_IN_FULL)
@mode(every_write(1, "DELETE"), UNSURE, "delete", options=WRITES_IN_FULL)
@mode(every_write(1, "PATCH", "PUT"), UNSURE, "patch")
@mode(every_write(2, "POST"), UNSURE, "post")
def lost_writes(line: Line, asked: Asked) -> None:
    """The server carries out the write, and closes without a response."""
    asked.answer()
    line.close()


@mode(every_write(2), BROKEN)
def half_lost_writes(line: Line, asked: Asked) -> None:
    """The server carries out the write, and closes in the middle of the response."""
    line.send(asked.answer().wire()[:-10])
    line.close()
