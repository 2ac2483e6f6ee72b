"""The reference server as a process of its own, for a run without a target."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conformance.errors import Unjudgeable


@contextmanager
def server(spec: Path | None, seed: int) -> Iterator[Path]:
    """Start it on a free port of the loopback; gives its target file. Raises Unjudgeable if it does not start."""
    with tempfile.TemporaryDirectory(prefix="conformance-") as directory:
        target = Path(directory) / "target.yaml"
        command = [sys.executable, "-m", "conformance", "serve", "--port", "0", "--seed", str(seed), "--target-out", str(target)]
        command += ["--spec", str(spec)] if spec else []
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # noqa: S603 - our own command
        try:
            assert process.stdout is not None
            said = []
            for line in process.stdout:
                said.append(line)
                if line.startswith("ready "):
                    break
            else:
                raise Unjudgeable("The embedded server did not start:\n" + "".join(said[-5:]))
            yield target
        finally:
            process.terminate()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout:
                process.stdout.close()
