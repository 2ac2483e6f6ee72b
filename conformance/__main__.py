"""``python -m conformance``: the command, which heeds signals before it imports anything else."""

from __future__ import annotations

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
    except (KeyboardInterrupt, OSError):  # not within the command, or nobody hears what it says
        signals.end(signals.STOPPED)
        signals.say_last_words()
        code = signals.STOPPED
    sys.exit(code)


if __name__ == "__main__":
    main()
