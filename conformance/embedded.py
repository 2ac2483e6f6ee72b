"""The reference server as a process of its own, for a run without a target.

It ends with the run, however that ends: when the pipe to it closes, as the module itself, run as the
process, sees to.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conformance.errors import Unjudgeable


class Embedded:
    """The server process, started but not yet waited for."""

    def __init__(self, directory: Path, spec: Path | None) -> None:
        self._target = directory / "target.yaml"
        command = [sys.executable, "-P", "-m", __name__, "--target-out", str(self._target)]
        command += ["--spec", str(spec)] if spec else []
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def target_file(self) -> Path:
        """The target file, once the server is ready. Raises Unjudgeable if it does not start."""
        assert self._process.stdout is not None
        said = []
        for line in self._process.stdout:
            if line.startswith("ready "):
                return self._target
            said.append(line)
        raise Unjudgeable("The embedded server did not start:\n" + "".join(said[-5:]))

    def stop(self) -> None:
        """End the process."""
        self._process.terminate()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()


@contextmanager
def starting(spec: Path | None) -> Iterator[Embedded]:
    """Start the server on a free port of the loopback, and stop it in the end."""
    with tempfile.TemporaryDirectory(prefix="conformance-") as directory:
        server = Embedded(Path(directory), spec)
        try:
            yield server
        finally:
            server.stop()


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    from conformance.server.__main__ import main

    sys.exit(main())
