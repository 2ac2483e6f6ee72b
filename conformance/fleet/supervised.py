"""Runs the command as a process with a hard time limit, and with the keys of one target only."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from conformance.base.text import clean
from conformance.target.keyring import VARIABLE

PASSED_ON = (
    "PATH", "HOME", "LANG", "TZ", "TMPDIR", "NO_COLOR",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "VIRTUAL_ENV",
    "http_proxy", "https_proxy", "no_proxy", "all_proxy",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY",
)  # fmt: skip
"""The variables that every run receives. Any other could hold the secret of another target."""
PREFIXES = ("PYTHON", "LC_", "COVERAGE_")
"""Variables whose names begin with one of these are passed on, too."""
EVERY = 0.1
"""Seconds between two looks at a process."""
LAST = 4_000
"""Bytes at the end of an output that are searched for its last line."""
LONGEST = 500
"""Maximum characters of last words."""


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code, and whether it was killed after its time or on a stop."""

    code: int
    killed: bool = False


def environment(names: Iterable[str]) -> dict[str, str]:
    """The environment of a run: the variables that every run receives, and those in ``names``."""
    allowed = {*PASSED_ON, *names}
    return {
        name: value
        for name, value in os.environ.items()
        if name in allowed or name.startswith(PREFIXES)
    }


def variables(text: str) -> set[str]:
    """The names of the variables that a target file mentions as ``${NAME}``."""
    return set(VARIABLE.findall(text))


def run(
    arguments: Sequence[str],
    env: Mapping[str, str],
    seconds: float,
    output: Path,
    stop: Event,
) -> Ended:
    """Run the command to its end, or kill its process group after some seconds or on ``stop``.

    Everything that it prints is appended to the file ``output``.
    """
    command = [sys.executable, "-m", "conformance.fleet.leashed", *arguments]
    with output.open("ab") as file:
        process = subprocess.Popen(
            command,
            env=env,
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + seconds
    try:
        while process.poll() is None and time.monotonic() < deadline and not stop.is_set():
            with suppress(subprocess.TimeoutExpired):
                process.wait(EVERY)
        killed = process.poll() is None
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # also what it has started
        code = process.wait()
        if process.stdin is not None:
            process.stdin.close()
    return Ended(code, killed)


def last_words(output: Path) -> str:
    """The last line of an output, safe to print; empty if there is none.

    The path of a report is skipped, because a run prints it last.
    """
    with output.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - LAST))
        lines = file.read().decode("utf-8", "replace").split("\n")
    printed = [line.strip() for line in lines if line.strip()]
    printed = [line for line in printed if not line.endswith("/report.html")]
    return clean(printed[-1])[:LONGEST] if printed else ""
