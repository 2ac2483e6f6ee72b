"""The reference server in a separate process, for a run without a target.

That process runs this module as its main program. The arguments are the target file to write, the
edition of the contract and, unless it is the packaged one, the directory of the contract. Nobody
types them, so no command line is parsed and the server starts sooner. The process ends whenever
the run does, because it stops when the pipe to its standard input closes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from conformance.base.errors import ConformanceError, Unjudgeable


class Embedded:
    """The server process. It may still be starting."""

    def __init__(self, directory: Path, spec: Path | None, edition: str) -> None:
        self._target = directory / "target.yaml"
        command = [sys.executable, "-P", "-m", __name__, str(self._target), edition]
        command += [str(spec)] if spec else []
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,  # Ctrl-C in a terminal must reach only the run
        )

    def target_file(self) -> Path:
        """The target file, once the server is ready. Raises Unjudgeable if it does not start."""
        assert self._process.stdout is not None
        lines = []
        for line in self._process.stdout:
            if line.startswith("ready "):
                return self._target
            lines.append(line)
        raise Unjudgeable("The embedded server did not start:\n" + "".join(lines[-5:]))

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
def starting(spec: Path | None, edition: str) -> Iterator[Embedded]:
    """Start the server on a free port of the loopback interface, and stop it at the end."""
    with tempfile.TemporaryDirectory(prefix="conformance-") as directory:
        server = Embedded(Path(directory), spec, edition)
        try:
            yield server
        finally:
            server.stop()


def _serve(target_out: Path, edition: str, spec: Path | None) -> int:
    """Serve until a signal. Returns the exit code."""
    threading.Thread(target=_end_with_parent, args=[target_out], daemon=True).start()
    # Only the server process needs these, and they take most of a second to import.
    from conformance.contract import load
    from conformance.server import serve

    try:
        serve(load(spec, edition=edition), target_out=target_out, out=sys.stdout)
    except ConformanceError as error:
        sys.stderr.write(f"{error}\n")
        return int(error.exit_code)
    return 0


def _end_with_parent(target_out: Path) -> None:
    """Exit when the run ends, and remove the target file and directory that a killed run leaves.

    The end of the run closes stdin. The directory is removed only if it is empty, because someone
    may start this module by hand.
    """
    sys.stdin.read()
    target_out.unlink(missing_ok=True)
    with suppress(OSError):
        target_out.parent.rmdir()
    os._exit(0)


if __name__ == "__main__":
    _, target_to_write, edition_to_serve, *directories = sys.argv
    own_spec = Path(directories[0]) if directories else None
    sys.exit(_serve(Path(target_to_write), edition_to_serve, own_spec))
