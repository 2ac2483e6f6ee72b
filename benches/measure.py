"""The CPU time and the memory of a process."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What a process and its children took: CPU seconds, and the most memory of one, in MiB."""

    seconds: float
    memory: float


def cost(
    arguments: Sequence[str],
    *,
    directory: Path | None = None,
    variables: Mapping[str, str] = {},
    rounds: int = 5,
) -> Cost:
    """The least cost of some rounds, after one that fills the caches.

    Raises RuntimeError with the output of a process that fails.
    """
    costs = [_once(arguments, directory, variables) for _ in range(rounds + 1)][1:]
    return Cost(min(each.seconds for each in costs), min(each.memory for each in costs))


def _once(arguments: Sequence[str], directory: Path | None, variables: Mapping[str, str]) -> Cost:
    ours = ("PYTHONDONTWRITEBYTECODE", "PYTEST_ADDOPTS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    process = subprocess.Popen(
        arguments,
        cwd=directory,
        env={**inherited, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdout is not None
    with process.stdout:
        output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{arguments}: {process.returncode}\n{output.decode()}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
