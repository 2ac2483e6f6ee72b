"""``python -m conformance``: the command, which heeds signals before it imports anything else."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from conformance.command import signals


def main() -> NoReturn:
    """Entry point: the command, with an exit code whenever a signal comes."""
    signals.listen()
    try:
        from conformance.command import cli  # noqa: PLC0415 - takes long enough to be interrupted

        code = cli.outcome()
        signals.end(code)
    except KeyboardInterrupt:  # before the command begins, or after it is done
        signals.end(signals.STOPPED)
        os.write(2, f"{signals.last_words()}\n".encode(errors="replace"))
        code = signals.STOPPED
    sys.exit(code)


if __name__ == "__main__":
    main()
