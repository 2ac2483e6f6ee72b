"""Processes that have imported the command, and fork for each command that a test runs.

An interpreter needs most of a second for the imports of the command. A fork has them already, and
is a process of its own in everything else. ``python -m tests.support.warm`` is such a process: it
reads what to run from its standard input, and writes how that ended.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import select
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from conformance import checks, contract
from conformance.report import html
from conformance.run.planning import load_suite
from conformance.scenarios.generated import generate
from tests.support import drawn

PROJECT = Path(__file__).parent.parent.parent
IMPORTED = (
    "conformance.certify.recompute",
    "conformance.certify.requests",
    "conformance.command.cli",
    "conformance.command.embedded",
    "conformance.command.nights",
    "conformance.command.plan",
    "conformance.command.replay",
    "conformance.command.reusing",
    "conformance.examine.examination",
    "conformance.log.converter",
    "conformance.run.history_file",
    "conformance.run.leftovers",
    "conformance.run.reusing",
    "conformance.run.runner",
    "conformance.run.spreading",
    "conformance.run.storing",
    "encodings.idna",  # for any host
    "pdb",  # for pytest, as is the next one
    "unittest",
)
"""What most commands import."""
TURNS = 2
"""Processes that take turns, so that of two commands in a row each orders its sets differently."""
READ_FIRST = ("LANG", "LC_", "TZ")
"""How the variables begin that an interpreter reads before the first module."""


# --- the side of the tests ------------------------------------------------------------------------


class Warm:
    """A process that has imported the command. It ends with the process that started it."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=PROJECT,
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )

    def begin(
        self,
        arguments: Sequence[str],
        env: Mapping[str, str],
        cwd: Path,
        outputs: tuple[Path, Path],
    ) -> int:
        """Begin a command. Returns the id of its process, which leads a group of its own."""
        request = {
            "arguments": list(arguments),
            "env": dict(env),
            "cwd": str(cwd),
            "umask": _umask(),
            "outputs": [str(path) for path in outputs],
        }
        _open(self._process.stdin).write(json.dumps(request).encode() + b"\n")
        return int(self._line())

    def end(self, timeout: float) -> tuple[int, float] | None:
        """The exit code of the command and the most memory it held, in MiB; None: it still runs."""
        if not select.select([_open(self._process.stdout)], [], [], timeout)[0]:
            return None
        status, kibibytes = self._line().split()
        return os.waitstatus_to_exitcode(int(status)), int(kibibytes) / 1024

    def _line(self) -> bytes:
        line = _open(self._process.stdout).readline()
        assert line, "the process that forks for commands has ended"
        return line


@dataclass(frozen=True)
class Pool:
    """The warm processes of the tests: some that are idle, and more while commands overlap."""

    idle: list[Warm]
    started: list[Warm]

    def take(self, env: Mapping[str, str]) -> Warm:
        """The process that has been idle for longest, or a new one."""
        if self.idle and len(self.started) >= TURNS:
            return self.idle.pop(0)
        self.started.append(Warm(env))
        return self.started[-1]


POOL = Pool([], [])


def can_run(env: Mapping[str, str]) -> bool:
    """Whether a fork acts on these variables as a new interpreter does."""
    return not any(name.startswith(READ_FIRST) for name in env)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _open(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe


# --- the process ----------------------------------------------------------------------------------


def _become(request: Mapping[str, Any]) -> None:
    """Become what ``python -m conformance`` would be: process group, variables, files, path."""
    os.setsid()
    os.chdir(request["cwd"])
    os.umask(request["umask"])
    os.environ.clear()
    os.environ.update(request["env"])
    for descriptor, path in enumerate((os.devnull, *request["outputs"])):
        os.dup2(os.open(path, os.O_RDWR), descriptor)
    added = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    sys.path[:1] = [request["cwd"], *added]
    sys.argv[1:] = request["arguments"]
    for beginning in [Path(path) / "sitecustomize.py" for path in added]:
        if beginning.exists():
            runpy.run_path(str(beginning))


def _serve() -> Mapping[str, Any] | None:
    """Fork for each request. Returns the request in the fork, and None in the end."""
    for line in sys.stdin:
        process = os.fork()
        if not process:
            return dict(json.loads(line))
        print(process, flush=True)
        _, status, usage = os.wait4(process, 0)
        print(status, usage.ru_maxrss, flush=True)
    return None


if __name__ == "__main__":
    for module in IMPORTED:
        importlib.import_module(module)
    templates = html._environment()
    for template in templates.list_templates(extensions=["j2"]):
        templates.get_template(template)
    load_suite()
    generate.PROCESS = drawn.process()
    contract.load(rules=frozenset(checks.RULES))  # which a process reads once
    gc.freeze()  # a fork then shares these objects for as long as it only reads them
    asked = _serve()
    if asked:
        _become(asked)
        runpy.run_module("conformance", run_name="__main__", alter_sys=True)
