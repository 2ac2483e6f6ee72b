"""What signals do to the command: the first one stops it, the second one ends it at once.

The first signal raises KeyboardInterrupt, wherever the command is. A signal that was ignored from
the beginning, as under nohup, stays ignored.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOPPED = 3
"""The exit code of a command that was stopped: that of Exit.UNJUDGED, without its import."""

_last_words = "Stopped."
_terminals: list[int] = []


def listen() -> None:
    """From now on the first signal raises KeyboardInterrupt."""
    _terminals[:] = filter(os.isatty, (1, 2))
    _handle(_stop)


def tell(words: str) -> None:
    """What is said when a signal ends the command: what was done, and how to go on."""
    global _last_words  # noqa: PLW0603 - signals belong to the process
    _last_words = words


def last_words() -> str:
    """What is to be said now."""
    return _last_words


def say_last_words() -> None:
    """Say it, if there is still somebody to say it to."""
    with suppress(OSError):
        os.write(2, f"{_last_words}\n".encode(errors="replace"))


def end(code: int) -> None:
    """The command is done: from now on a signal ends the process at once, with its exit code."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        os._exit(code)

    _handle(leave)


def _stop(number: int, _frame: FrameType | None) -> None:
    _handle(_leave)
    if number == signal.SIGHUP:
        _let_go_of_the_terminal()
    raise KeyboardInterrupt


def _leave(_number: int, _frame: FrameType | None) -> None:
    say_last_words()
    os._exit(STOPPED)


def _let_go_of_the_terminal() -> None:
    """Print to nowhere: the terminal is gone, and the reports are still to be written."""
    for descriptor in _terminals:
        os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)


def _handle(handler: object) -> None:
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)  # type: ignore[arg-type]
