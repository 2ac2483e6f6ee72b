"""``python -m conformance``: installs the signal handlers, then imports and runs the command."""

from __future__ import annotations

import sys
from typing import NoReturn

from conformance.command import signals


def main() -> NoReturn:
    """Run the command; exits with a documented code even if a signal arrives during an import."""
    signals.listen()
    try:
        from conformance.command import cli  # noqa: PLC0415 - takes long enough to be interrupted

        code = cli.outcome()
        signals.end(code)
    except (KeyboardInterrupt, OSError):  # outside the command, or stdout and stderr are closed
        signals.end(signals.STOPPED)
        signals.say_last_words()
        code = signals.STOPPED
    sys.exit(code)


if __name__ == "__main__":
    main()
