"""Servers in processes of their own, and the processes that are measured against them."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen

import yaml

from benchmarks.measure import Cost, Process, environment, once

REFERENCE = ("conformance", "serve", "--target-out", "{target}", "--log", "{log}")
"""The module and the arguments of the reference server."""
REPORTS = "reports"


@dataclass(frozen=True)
class Server:
    """A server in a process of its own: its address, its target file, and a line per request."""

    url: str
    target: Path
    log: Path

    @property
    def requests(self) -> int:
        """How many requests came so far."""
        return len(self.log.read_text(encoding="utf-8").splitlines())

    @property
    def key(self) -> str:
        """The key with every scope."""
        return str(yaml.safe_load(self.target.read_text(encoding="utf-8"))["keys"]["full"])

    def seen_at(self, url: str) -> Server:
        """The same server, whose target file names another address."""
        path = self.target.with_name("moved.yaml")
        told = self.target.read_text(encoding="utf-8")
        path.write_text(told.replace(self.url, url), encoding="utf-8")
        return replace(self, url=url, target=path)


@contextmanager
def serving(directory: Path, words: Sequence[str] = REFERENCE) -> Iterator[Server]:
    """A new server of a module, with its files in a directory."""
    target, log = directory / "target.yaml", directory / "requests.jsonl"
    with ready([word.format(target=target, log=log) for word in words]) as url:
        yield Server(url, target, log)


@contextmanager
def ready(words: Sequence[str]) -> Iterator[str]:
    """A process of a module that prints ``ready URL`` once it serves. Gives the address.

    Raises RuntimeError for one that ends before that.
    """
    command = [sys.executable, "-m", *words]
    with Popen(command, stdin=DEVNULL, stdout=PIPE, text=True, env=environment()) as process:
        try:
            assert process.stdout is not None
            ours = (line for line in process.stdout if line.startswith("ready "))
            line = next(ours, None)
            if line is None:
                raise RuntimeError(f"{words} ended before it was ready")
            yield line.split()[1]
        finally:
            process.kill()


def run(server: Server, *options: str) -> Process:
    """A run of the suite, with its reports beside the target file."""
    command = [sys.executable, "-m", "conformance", "run", "--target", str(server.target), "--yes"]
    output = ("--output", str(server.target.parent / REPORTS))
    return Process([*command, *output, *options], codes=(0, 1))


def stored(server: Server) -> Path:
    """The run.json of the last run against a server."""
    return server.target.parent / REPORTS / "latest" / "run.json"


def cost_of_run(*options: str, words: Sequence[str] = REFERENCE) -> Cost:
    """What a run takes against a new server."""
    with tempfile.TemporaryDirectory() as name, serving(Path(name), words) as server:
        return counted(server, run(server, *options))


def counted(server: Server, process: Process) -> Cost:
    """What a process takes, with the requests that the server got from it."""
    before = server.requests
    return replace(once(process), requests=server.requests - before)
