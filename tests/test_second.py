"""The suite does not blame an independent server with other habits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance import contract
from conformance.model import Effect
from tests.servers import command, no_traceback, run_of, stored

ROOT = Path(__file__).parent.parent

THROWS = int(os.environ.get("SECOND_THROWS", "0"))
"""How many random sets of habits to try in full: each takes minutes."""

POLLED = "poll_call_completed"
WALKED = (
    "paging-supported",
    "paging-exclusive",
    "paging-complete",
    "paging-precision",
    "paging-order",
    "paging-filter-kept",
    "has-more-false",
    "has-more-true",
    "paging-ties",
)
OPEN = {
    **{
        (clause, POLLED): "it reads its cursor as a lower bound of what is new, as pollers do"
        for clause in WALKED
    },
    ("business-empty", "list_usage"): "its log of usage holds the requests of the suite",
    ("business-empty", "list_workspaces"): "a business without data has a workspace",
}
"""Cells that the suite cannot judge on this server, and why."""
BY_CHANCE = {("created-resource", "create_lead"), ("created-resource", "create_call")}
"""Cells that stay untested if the server removes an older object during each attempt.

It does so at every fortieth request, and which request that is depends on the threads of the run.
"""

WITH_ONE_KEY = {
    "it needs a key of every kind": (
        "key-expired",
        "key-prefixes",
        "key-revoked",
        "scope-opens",
        "scope-required",
        "status-401",
        "status-403",
        "business-empty",
        "business-filter",
        "business-figures",
        "business-object",
        "business-rows",
        "business-inside",
        "code-forbidden",
        "code-unauthorized",
    ),
    "it needs a declared maximum": ("paging-limit-maximum",),
    "unknown methods are tried only where writes are allowed": ("envelope-unrouted",),
    "it needs a declared trigger": ("code-internal_error", "status-500"),
}
"""Clauses that an address and one key leave untested on some operation that reads, and why."""


@dataclass(frozen=True)
class Second:
    """The running server: its target file and the data in it."""

    file: Path
    target: dict[str, Any]


@contextmanager
def second(directory: Path, *dice: int) -> Iterator[Second]:
    """A process of the server on a free port; ``dice`` is the seed for other habits."""
    file = directory / "target.json"
    arguments = [sys.executable, "-m", "tests.second", str(file), *[str(seed) for seed in dice]]
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("ready ")
            yield Second(file, json.loads(file.read_text(encoding="utf-8")))
        finally:
            process.kill()


def _cells(directory: Path) -> tuple[dict[str, Any], dict[tuple[str, str], list[str]]]:
    """The run of a directory, and the reasons of its untested cells.

    Asserts that the run is complete and that every other cell passed.
    """
    run = stored(run_of(directory))
    blamed = [cell for cell in run["cells"] if cell["verdict"] not in ("passed", "untested")]
    assert not blamed, json.dumps(blamed, indent=1)
    assert run["incomplete"] is None
    return run, {
        (cell["clause"], cell["operation"]): [reason["text"] for reason in cell["reasons"]]
        for cell in run["cells"]
        if cell["verdict"] == "untested"
    }


def test_the_second_server_conforms(tmp_path: Path) -> None:
    """In a full run, every cell passes but the known ones, which stay untested."""
    with second(tmp_path) as server:
        outcome = command("run", "--target", server.file, cwd=tmp_path, timeout=600)
    no_traceback(outcome)
    run, untested = _cells(tmp_path)
    assert outcome.code == 0
    assert set(untested) - BY_CHANCE == set(OPEN)
    assert run["counts"]["passed"] > 2_000


@pytest.mark.long
def test_the_second_server_is_not_accused_from_outside(tmp_path: Path) -> None:
    """With its address and one key, the operations that read pass but for known clauses."""
    with second(tmp_path) as server:
        key = {"CONFORMANCE_KEY": server.target["keys"]["full"]}
        outcome = command("run", "--url", server.target["url"], cwd=tmp_path, timeout=600, env=key)
    no_traceback(outcome)
    _, untested = _cells(tmp_path)
    assert outcome.code == 0
    known = {clause for clauses in WITH_ONE_KEY.values() for clause in clauses}
    reading = _reading()
    unexpected = {cell for cell in untested if cell[1] in reading and cell[0] not in known}
    assert unexpected == {cell for cell in OPEN if cell[1] == POLLED}


@pytest.mark.long
@pytest.mark.parametrize("dice", [(), (1,), (2,)])
def test_a_first_look_is_right_and_not_accused(dice: tuple[int, ...], tmp_path: Path) -> None:
    """It finds maxima of lists. A quick run blames nothing, with its file or the key alone."""
    with second(tmp_path, *dice) as server:
        key = {"CONFORMANCE_KEY": server.target["keys"]["full"]}
        address = ("--url", server.target["url"])
        command("init", "look.yaml", *address, cwd=tmp_path, env=key)
        for place in (("--target", "look.yaml"), address):
            outcome = command("run", "--depth", "quick", *place, cwd=tmp_path, env=key)
            assert outcome.code == 0, outcome.said
    found = yaml.safe_load((tmp_path / "look.yaml").read_text(encoding="utf-8"))["maximum"]
    assert found
    assert found.items() <= server.target["maximum"].items()


def _reading() -> set[str]:
    """The operations that only read, and the API as a whole."""
    operations = contract.load().operations.values()
    return {"*"} | {operation.id for operation in operations if operation.effect is Effect.READ}


@pytest.mark.long
@pytest.mark.parametrize("dice", range(1, max(2, THROWS) + 1))
def test_random_habits_are_not_accused(dice: int, tmp_path: Path) -> None:
    """No cell is blamed for any mixture of orders, limits, maxima, times and cursors."""
    depth = "full" if THROWS else "quick"
    with second(tmp_path, dice) as server:
        outcome = command(
            *("run", "--target", server.file, "--depth", depth), cwd=tmp_path, timeout=600
        )
    no_traceback(outcome)
    _cells(tmp_path)
    assert outcome.code == 0
