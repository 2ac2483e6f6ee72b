"""``python -m conformance.ci run`` and ``comment``: the steps of a CI job."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from conformance.command import signals

USAGE = 2


def main() -> NoReturn:
    """Do one step; exits with the code of the command, even if a signal ends it early."""
    signals.guarded(_step)


def _step() -> int:
    """Do the step that the arguments name; returns its exit code."""
    from conformance.ci import comment, steps  # noqa: PLC0415 - take long enough to be interrupted
    from conformance.command.saying import say  # noqa: PLC0415

    known = {"run": steps.run, "comment": comment.publish}
    step = known.get(" ".join(sys.argv[1:]))
    if step is None:
        say(f"Usage: python -m conformance.ci {'|'.join(known)}", err=True)
        return USAGE
    return step(os.environ)


if __name__ == "__main__":
    main()
