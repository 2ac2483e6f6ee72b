"""Signal handling of the command: the first signal stops it, the second one ends it at once.

The first signal raises KeyboardInterrupt wherever the command is. Python drops an exception that
leaves a finalizer or a weakref callback, such as those of an import, and prints its traceback
instead. In that case it is raised again a moment later, outside the callback. A signal that was
ignored at the start, as under nohup, stays ignored.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import NoReturn

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOPPED = 3
"""The exit code of a stopped command: that of Exit.UNJUDGED, without importing it."""

SOON = 0.01
"""Seconds until a dropped KeyboardInterrupt is raised again."""

_last_words = "Stopped."
_terminals: list[int] = []


def guarded(body: Callable[[], int]) -> NoReturn:
    """Run a program and exit with its code, or with a documented one if a signal stopped it."""
    listen()
    try:
        code = body()
        end(code)  # from here on, a signal only ends the process
    except (KeyboardInterrupt, OSError):
        # A signal came outside the command, or stdout and stderr are closed.
        end(STOPPED)
        say_last_words()
        code = STOPPED
    sys.exit(code)


def listen() -> None:
    """Install the handler: from now on the first signal raises KeyboardInterrupt."""
    _terminals[:] = [descriptor for descriptor in (1, 2) if os.isatty(descriptor)]
    sys.unraisablehook = _dropped
    _handle(_stop)


def tell(words: str) -> None:
    """Set the message to print when a signal ends the command: what was done, and how to go on."""
    global _last_words  # noqa: PLW0603 - signals belong to the process
    _last_words = words


def last_words() -> str:
    """The message to print when a signal ends the command."""
    return _last_words


def say_last_words() -> None:
    """Print the message on stderr, if that is still open."""
    with suppress(OSError):
        os.write(2, f"{_last_words}\n".encode(errors="replace"))


def end(code: int) -> None:
    """Mark the command as done: from now on a signal ends the process at once with its code."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        os._exit(code)

    _handle(leave)
    signal.setitimer(signal.ITIMER_REAL, 0)
    # After a KeyboardInterrupt has left exec(), as in an import, Python ends itself by SIGINT
    # whatever the exit code, unless another exec() starts afterwards.
    exec("")  # noqa: S102


def _stop(number: int, _frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt for the first signal; the next one ends the process."""
    _handle(_leave)
    if number == signal.SIGHUP:
        _let_go_of_the_terminal()
    raise KeyboardInterrupt


def _dropped(unraisable: sys.UnraisableHookArgs) -> None:
    """Handle an exception that Python drops; for KeyboardInterrupt a timer raises another one."""
    if isinstance(unraisable.exc_value, KeyboardInterrupt):
        signal.signal(signal.SIGALRM, _stop_after_all)
        signal.setitimer(signal.ITIMER_REAL, SOON, SOON)
    else:
        sys.__unraisablehook__(unraisable)


def _stop_after_all(_number: int, frame: FrameType | None) -> None:
    """Raise the dropped KeyboardInterrupt, unless Python is still in the hook for the drop."""
    while frame is not None:
        if frame.f_code is _dropped.__code__:
            return  # it would be dropped again: leave it to the next tick of the timer
        frame = frame.f_back
    signal.setitimer(signal.ITIMER_REAL, 0)
    raise KeyboardInterrupt


def _leave(_number: int, _frame: FrameType | None) -> None:
    say_last_words()
    os._exit(STOPPED)


def _let_go_of_the_terminal() -> None:
    """Redirect output to /dev/null: the terminal is gone, but reports still have to be written."""
    for descriptor in _terminals:
        os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)


def _handle(handler: object) -> None:
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)  # type: ignore[arg-type]
