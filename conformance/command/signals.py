"""What signals do to the command: the first one stops it, the second one ends it at once.

The first signal raises KeyboardInterrupt, wherever the command is. Python drops an exception that
leaves a finalizer or a weakref callback, such as those of an import, and prints its traceback
instead. There it is raised again a moment later, outside. A signal that was ignored from the
beginning, as under nohup, stays ignored.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOPPED = 3
"""The exit code of a command that was stopped: that of Exit.UNJUDGED, without its import."""

SOON = 0.01
"""Seconds until a dropped KeyboardInterrupt is raised again."""

_last_words = "Stopped."
_terminals: list[int] = []


def listen() -> None:
    """From now on the first signal raises KeyboardInterrupt."""
    _terminals[:] = [descriptor for descriptor in (1, 2) if os.isatty(descriptor)]
    sys.unraisablehook = _dropped
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
    signal.setitimer(signal.ITIMER_REAL, 0)
    # A KeyboardInterrupt that has left exec(), as in an import, makes Python end by SIGINT whatever
    # its exit code is, unless another exec() begins after it.
    exec("")  # noqa: S102


def _stop(number: int, _frame: FrameType | None) -> None:
    _handle(_leave)
    if number == signal.SIGHUP:
        _let_go_of_the_terminal()
    raise KeyboardInterrupt


def _dropped(unraisable: sys.UnraisableHookArgs) -> None:
    """Python drops an exception here. If it is a KeyboardInterrupt, a timer raises another one."""
    if isinstance(unraisable.exc_value, KeyboardInterrupt):
        signal.signal(signal.SIGALRM, _stop_after_all)
        signal.setitimer(signal.ITIMER_REAL, SOON, SOON)
    else:
        sys.__unraisablehook__(unraisable)


def _stop_after_all(_number: int, frame: FrameType | None) -> None:
    while frame is not None:
        if frame.f_code is _dropped.__code__:
            return  # it would be dropped again, so the next tick of the timer raises it
        frame = frame.f_back
    signal.setitimer(signal.ITIMER_REAL, 0)
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
