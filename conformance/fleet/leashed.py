"""``python -m conformance.fleet.leashed``: the command, which ends when its parent does.

Its standard input is a pipe that the parent holds open. If the parent is killed, the pipe closes,
and the whole process group ends. Otherwise two runs could hit a target at once, because a cluster
repeats the work of a killed worker.
"""

from __future__ import annotations

import os
import runpy
import signal
from threading import Thread


def _end_with_parent() -> None:
    """Wait until the pipe closes, and then kill the process group, which includes this process."""
    while os.read(0, 1024):
        pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    Thread(target=_end_with_parent, daemon=True).start()
    runpy.run_module("conformance", run_name="__main__")
