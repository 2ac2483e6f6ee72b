"""A run of the suite against one of the two servers, and what it found."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from typing import Any

from conformance import contract
from tests.servers import Outcome, command, run_of, stored, without_waiting
from tests.vendors.rows import Wrong, rows_of

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
VENDORS = ("on_fastapi", "on_flask")
GOOD = ("passed", "untested", "inapplicable")


@cache
def wrong_list(vendor: str) -> tuple[Wrong, ...]:
    """What is wrong in a server."""
    return rows_of(HERE / vendor / "wrong.yaml", "wrong")


@cache
def habits(vendor: str) -> tuple[Wrong, ...]:
    """Legal habits of a server, with the clauses that they must not be blamed for."""
    return rows_of(HERE / vendor / "wrong.yaml", "legal")


@contextmanager
def serving(vendor: str, directory: Path, wrong: Iterable[str]) -> Iterator[Path]:
    """A process of a server with some of its wrongs; gives its target file."""
    file = directory / "target.json"
    arguments = [sys.executable, "-m", f"tests.vendors.{vendor}", str(file), *wrong]
    with Popen(arguments, cwd=ROOT, stdout=PIPE, stderr=DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("ready ")
            told = json.loads(file.read_text(encoding="utf-8"))
            has = import_module(f"tests.vendors.{vendor}").HAS
            told["inapplicable"] = [name for name in contract.load().operations if name not in has]
            file.write_text(json.dumps(told, indent=1), encoding="utf-8")
            yield file
        finally:
            process.kill()


@dataclass(frozen=True)
class Judged:
    """The outcome of the command and the stored run."""

    outcome: Outcome
    run: dict[str, Any]

    def found(self) -> set[tuple[str, str]]:
        """The clauses that are blamed, with the operation."""
        return {(cell["clause"], cell["operation"]) for cell in self.cells("failed", "warned")}

    def cells(self, *verdicts: str) -> list[dict[str, Any]]:
        """The cells with one of some verdicts."""
        return [cell for cell in self.run["cells"] if cell["verdict"] in verdicts]

    def unexplained(self, rows: Iterable[Wrong]) -> list[dict[str, Any]]:
        """The cells that are not good, and that no row explains."""
        known = list(rows)
        return [
            cell
            for cell in self.run["cells"]
            if cell["verdict"] not in GOOD
            and not any(row.explains(cell["clause"], cell["operation"]) for row in known)
        ]


def judge(vendor: str, directory: Path, wrong: Iterable[str], *options: str) -> Judged:
    """Run the suite against a server with some of its wrongs."""
    with serving(vendor, directory, wrong) as file:
        hasty = without_waiting(directory)
        outcome = command("run", "--target", file, *options, cwd=directory, timeout=600, env=hasty)
    assert outcome.code in (0, 1), outcome.said[-2000:]
    return Judged(outcome, stored(run_of(directory)))
