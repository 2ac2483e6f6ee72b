"""Draws what a run asks for, once per test session: the same request gets the same values again.

What is drawn depends on the request alone, and drawing takes a second or two of a processor. The
runs of the tests start this file in place of the drawing process.
"""

from __future__ import annotations

import hashlib
import io
import os
import sys
from contextlib import redirect_stdout
from pathlib import Path

DIRECTORY = "TESTS_DRAWN"
"""The variable with the directory of what has been drawn in this session."""


def process() -> tuple[str, str, str]:
    """The arguments of Python for the drawing process of the tests."""
    return "-P", __file__, os.environ[DIRECTORY]


def main() -> None:
    """Write what was drawn for the request on stdin, or draw it."""
    request = sys.stdin.read()
    known = Path(sys.argv[1]) / hashlib.sha256(request.encode()).hexdigest()
    if not known.exists():
        from conformance.scenarios.generated import drawing

        sys.stdin, said = io.StringIO(request), io.StringIO()
        with redirect_stdout(said):
            drawing.main()
        complete = known.with_suffix(f".{os.getpid()}")  # another process may draw the same
        complete.write_text(said.getvalue(), encoding="utf-8")
        complete.replace(known)
    sys.stdout.write(known.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
