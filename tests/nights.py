"""``python -m tests.nights``: a process that spends one night after another, at given moments.

Each line on stdin is a night: its moment, and the arguments of the command. Each line on stdout is
an exit code, and what the command said goes to stderr. The clock of each night is passed to the
command: nothing else of it is simulated.
"""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout
from datetime import datetime

from conformance.base.clock import Clock
from conformance.command import cli


def main() -> None:
    """Spend the nights on stdin."""
    for line in sys.stdin:
        moment, arguments = json.loads(line)
        sys.argv[1:] = arguments
        with redirect_stdout(sys.stderr):
            code = cli.outcome(_standing(datetime.fromisoformat(moment)))
        sys.stdout.write(f"{int(code)}\n")
        sys.stdout.flush()


def _standing(moment: datetime) -> Clock:
    """A clock that stands still at a moment."""
    return lambda: moment


if __name__ == "__main__":
    main()
