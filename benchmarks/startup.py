"""How long a run takes to its first request, and how long the quick commands take."""

from __future__ import annotations

import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from subprocess import DEVNULL, Popen

from benchmarks.measure import Cost, Process, environment, medians, once
from benchmarks.servers import Server, run, serving
from benchmarks.table import Row

EMPTY = "-c pass"
COMMANDS = (
    "-c import\tclick",
    "-m conformance --version",
    "-m conformance --help",
    "-m conformance run --help",
    "-m conformance clauses",
    "-m conformance explain paging-exclusive",
    "-m conformance init --force /dev/null",
)
"""What Python is started with. A tab stands for a space within an argument."""
FIRST, HELP = 1.0, 0.3
"""The goals: the most seconds to the first request, and of ``--help``."""
PATIENCE = 60.0
"""Seconds within which the first request must come."""


def rows(tries: int) -> Iterator[Row]:
    """The first request of a run, and the quick commands, compared with a bare interpreter."""
    with tempfile.TemporaryDirectory() as name, serving(Path(name)) as server:
        begun = partial(_first_request, server)
        measures = [partial(once, _process(command)) for command in (EMPTY, *COMMANDS)]
        medians(1, measures)  # fills the caches
        first, nothing, *others = medians(tries, [begun, *measures])
    against = f"python {EMPTY}"
    what = "start of a run to its first request"
    yield Row(what, first.seconds, "s", against, nothing.seconds)
    yield Row(what, first.seconds, "s", "the goal", FIRST, most=1)
    for command, each in zip(COMMANDS, others, strict=True):
        what = "python " + " ".join(_words(command))
        yield Row(what, each.cpu, "CPU s", against, nothing.cpu)
        if command.endswith("--help"):
            yield Row(what, each.seconds, "s", "the goal", HELP, most=1)


def _process(command: str) -> Process:
    return Process([sys.executable, *_words(command)])


def _words(command: str) -> list[str]:
    return [word.replace("\t", " ") for word in command.split(" ")]


def _first_request(server: Server) -> Cost:
    """How long a run takes until the first byte of a request comes. Nobody answers it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(PATIENCE)
        port = listening.getsockname()[1]
        process = run(server.seen_at(f"http://127.0.0.1:{port}/api/v1"))
        began = time.monotonic()
        with Popen(
            list(map(str, process.arguments)),
            env=environment(),
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=DEVNULL,
        ) as running:
            try:
                connection, _ = listening.accept()
                with connection:
                    connection.recv(1)
                    return Cost(time.monotonic() - began)
            finally:
                running.kill()
