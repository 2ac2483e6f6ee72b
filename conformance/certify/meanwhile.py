"""Computes something in a second process at the same time, where that saves time."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import TypeVar

Result = TypeVar("Result")


@contextmanager
def meanwhile(compute: Callable[[], Result]) -> Iterator[Callable[[], Result]]:
    """Start to compute something in a second process, and yield a function that returns the result.

    The process is a fork: it starts with everything that is in memory, and only its result has to
    be pickled. Where a fork is not possible or saves no time, as on a busy machine, the yielded
    function itself calls ``compute``. It also does so if the process fails, and then raises what
    ``compute`` raises.
    """
    if not _saves_time():
        yield compute
        return
    context = get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(compute, sender), daemon=True)
    process.start()
    sender.close()

    def result() -> Result:
        try:
            received: Result = receiver.recv()
        except (EOFError, OSError):  # the process has failed, or was killed
            return compute()
        return received

    try:
        yield result
    finally:
        process.kill()
        process.join()
        receiver.close()


def _saves_time() -> bool:
    """Whether a second core is idle, and a fork is safe: only Linux, and no other thread."""
    if sys.platform != "linux" or threading.active_count() > 1:
        return False
    cores = len(os.sched_getaffinity(0))
    load_of_last_minute = os.getloadavg()[0]
    return cores > 1 and load_of_last_minute < cores


def _send(compute: Callable[[], object], sender: Connection) -> None:
    """Compute a result and send it. Nothing is sent if an exception is raised."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)  # do not run the handlers of the parent process
    with contextlib.suppress(Exception):
        sender.send(compute())
