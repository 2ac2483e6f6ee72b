"""The suite's side of drawing: the process that draws, and what it has drawn."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.model import Contract, Operation
from conformance.scenarios.client.client import Client

PROCESS = ("-P", "-m", "conformance.scenarios.generated.drawing")
"""The arguments of Python for the drawing process."""


@dataclass(frozen=True)
class Wrong:
    """A value with which one parameter violates its schema; ``mistake`` says how."""

    place: str
    name: str
    mistake: str
    value: Any


class Drawing:
    """The values drawn for some operations of a contract, and programs of mixed walks.

    The drawing process starts at once. The first call of a method waits for its result, and raises
    RuntimeError if it failed.
    """

    def __init__(
        self, contract: Contract, wanted: tuple[str, ...], programs: int, seed: int
    ) -> None:
        routes = [
            (contract.operations[name].method, contract.operations[name].path) for name in wanted
        ]
        self._routes = list(dict.fromkeys(routes))
        request = {
            "document": contract.document,
            "programs": programs,
            "seed": seed,
            "operations": [{"method": method, "path": path} for method, path in self._routes],
        }
        self._process = _start_process(json.dumps(request))
        atexit.register(self._end)
        self._drawn: dict[str, Any] | None = None
        self._lock = threading.Lock()

    def wrong_values(self, operation: Operation) -> list[Wrong]:
        """The wrong values for the parameters of an operation, in the order of its schema.

        Values are drawn for a route; those for parameters of its other operations are left out.
        """
        number = self._routes.index((operation.method, operation.path))
        drawn = [Wrong(*each) for each in self._all()["wrong"][number]]
        known = {(parameter.place, parameter.name) for parameter in operation.parameters}
        return [wrong for wrong in drawn if (wrong.place, wrong.name) in known]

    def numbers(self, kind: str) -> list[int]:
        """The numbers of a kind."""
        found: list[int] = self._all()["numbers"][kind]
        return found

    def texts(self, theme: str) -> list[str]:
        """The texts of a theme."""
        found: list[str] = self._all()["texts"][theme]
        return found

    def programs(self) -> list[list[list[Any]]]:
        """The programs of mixed walks."""
        found: list[list[list[Any]]] = self._all()["programs"]
        return found

    def _all(self) -> dict[str, Any]:
        """What the drawing process has drawn; the first call waits for it.

        Its members are ``wrong``, ``numbers``, ``texts`` and ``programs``. Raises RuntimeError if
        the process failed.
        """
        with self._lock:
            if self._drawn is None:
                output, errors = self._process.communicate()
                if self._process.returncode:
                    raise RuntimeError("drawing failed: " + errors.strip().splitlines()[-1])
                self._drawn = json.loads(output)
            return self._drawn

    def _end(self) -> None:
        """Kill the process if it still runs, as in an interrupted run."""
        self._process.kill()
        self._process.wait()


def _environment() -> dict[str, str]:
    """The environment of the process, in which Hypothesis keeps its tables in the user's cache.

    For a user without a home directory, the tables go to the working directory.
    """
    with suppress(RuntimeError):
        cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser()
        tables = cache / "kaicalls-conformance" / "hypothesis"
        return {"HYPOTHESIS_STORAGE_DIRECTORY": str(tables), **os.environ}
    return dict(os.environ)


def _start_process(request: str) -> subprocess.Popen[str]:
    """The drawing process, with its request already sent."""
    process = subprocess.Popen(
        [sys.executable, *PROCESS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_environment(),
        process_group=0,  # Ctrl-C in a terminal is for the run alone
    )
    assert process.stdin is not None
    process.stdin.write(request)
    process.stdin.close()
    process.stdin = None  # communicate() must not use it again
    return process


_DRAWINGS: dict[tuple[str, tuple[str, ...], int, int], Drawing] = {}


def draw(client: Client) -> Drawing | None:
    """The drawing for a run; None if no planned case needs one.

    The first call in a process starts it. The contract, the seed and the planned cases determine
    what is drawn.
    """
    names = [operation for operation, _ in client.planned("generated")]
    wanted, programs = tuple(dict.fromkeys(names)), len(client.planned("mixed-walk"))
    key = (client.contract.digest, wanted, programs, client.seed)
    if key not in _DRAWINGS and (wanted or programs):
        _DRAWINGS[key] = Drawing(client.contract, wanted, programs, client.seed)
    return _DRAWINGS.get(key)
