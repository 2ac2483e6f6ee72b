"""What processes take in seconds, in memory and in requests: medians of several tries."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median

TRIES = 5
OURS = ("CONFORMANCE_", "GITHUB_", "PYTEST_", "PYTHONDONTWRITEBYTECODE")
"""How the names of variables begin that would change what is measured."""


@dataclass(frozen=True)
class Cost:
    """What a process and its children took: seconds, CPU seconds, and the most memory, in MiB.

    ``requests`` are those that a server counted.
    """

    seconds: float
    cpu: float = 0.0
    memory: float = 0.0
    requests: float = 0.0


@dataclass(frozen=True)
class Process:
    """A process to measure, and the exit codes that it may end with."""

    arguments: Sequence[object]
    directory: Path | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    codes: tuple[int, ...] = (0,)


def medians(tries: int, measures: Sequence[Callable[[], Cost]]) -> list[Cost]:
    """The median cost of each measure.

    Each try takes every measure, so what else the machine does falls on all of them alike.
    """
    taken = [[measure() for measure in measures] for _ in range(tries)]
    return list(map(_median, zip(*taken, strict=True)))


def costs(processes: Sequence[Process], tries: int = TRIES) -> list[Cost]:
    """The median cost of each process, after a try that fills the caches."""
    measures = [partial(once, process) for process in processes]
    medians(1, measures)
    return medians(tries, measures)


def once(process: Process) -> Cost:
    """The cost of a process. Raises RuntimeError with the output of one that fails."""
    return measured(process)[0]


def measured(process: Process) -> tuple[Cost, str]:
    """The cost of a process, and what it printed. Raises RuntimeError for one that fails."""
    began = time.monotonic()
    running = subprocess.Popen(
        list(map(str, process.arguments)),
        cwd=process.directory,
        env={**environment(), **process.variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert running.stdout is not None
    with running.stdout:
        output = running.stdout.read()
    _, status, usage = os.wait4(running.pid, 0)
    seconds = time.monotonic() - began
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode not in process.codes:
        raise RuntimeError(f"{process.arguments}: {running.returncode}\n{output}")
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024), output


def environment() -> dict[str, str]:
    """The variables of a process, without those that would change what is measured."""
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS)}


def _median(tries: Sequence[Cost]) -> Cost:
    return Cost(
        median(each.seconds for each in tries),
        median(each.cpu for each in tries),
        median(each.memory for each in tries),
        median(each.requests for each in tries),
    )
