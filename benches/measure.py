"""The CPU time and the memory of a process."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What a process and its children took: CPU seconds, and the most memory of one, in MiB."""

    seconds: float
    memory: float


@dataclass(frozen=True)
class Process:
    """A process to measure."""

    arguments: Sequence[str]
    directory: Path | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


def costs(processes: Sequence[Process], rounds: int = 5) -> list[Cost]:
    """The least cost of each process in some rounds, after one that fills the caches.

    Each round runs every process, so what else the machine does falls on all of them alike. Raises
    RuntimeError with the output of a process that fails.
    """
    measured = [[_once(process) for process in processes] for _ in range(rounds + 1)][1:]
    return [
        Cost(min(each.seconds for each in same), min(each.memory for each in same))
        for same in zip(*measured, strict=True)
    ]


def _once(process: Process) -> Cost:
    ours = ("PYTHONDONTWRITEBYTECODE", "PYTEST_ADDOPTS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    running = subprocess.Popen(
        process.arguments,
        cwd=process.directory,
        env={**inherited, **process.variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert running.stdout is not None
    with running.stdout:
        output = running.stdout.read()
    _, status, usage = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise RuntimeError(f"{process.arguments}: {running.returncode}\n{output.decode()}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
