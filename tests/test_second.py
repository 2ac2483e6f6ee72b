"""A server that was written independently, with other habits wherever the contract leaves a choice, is accused of nothing."""

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

from conformance import contract
from conformance.model import Effect
from tests.second.actions import SIGNUP
from tests.second.intake import ROUTES
from tests.second.lists import register
from tests.second.wire import PUBLIC
from tests.servers import command, no_traceback, run_of, stored

ROOT = Path(__file__).parent.parent

THROWS = int(os.environ.get("SECOND_THROWS", "1"))
"""How often habits are thrown by dice: more takes minutes, and finds more."""

POLLED = "poll_call_completed"
WALKED = (
    *(
        "paging-supported",
        "paging-exclusive",
        "paging-complete",
        "paging-precision",
        "paging-order",
        "paging-filter-kept",
    ),
    *("has-more-false", "has-more-true", "paging-ties"),
)
OPEN = {
    **{
        (clause, POLLED): "it takes its cursor as a lower bound of what is new, as pollers do"
        for clause in WALKED
    },
    ("business-empty", "list_usage"): "its log of usage holds the requests of the suite itself",
    ("business-empty", "list_workspaces"): "a business without data has a workspace",
}
"""Cells that cannot be judged on this server, and why."""

WITH_ONE_KEY = {
    "a key of every kind is wanted": (
        *(
            "key-expired",
            "key-prefixes",
            "key-revoked",
            "scope-opens",
            "scope-required",
            "status-401",
            "status-403",
        ),
        *(
            "business-empty",
            "business-filter",
            "business-object",
            "business-rows",
            "code-forbidden",
            "code-unauthorized",
        ),
    ),
    "a maximum has to be declared": ("paging-limit-maximum",),
    "methods that a path does not have are tried where writes are allowed": ("envelope-unrouted",),
    "a trigger has to be declared": ("code-internal_error", "status-500"),
}
"""Clauses that an address and one key do not show on each operation that reads, and why; nothing else is sent."""


@dataclass(frozen=True)
class Second:
    """The running server: its target file, and what stands in it."""

    file: Path
    told: dict[str, Any]


@contextmanager
def second(directory: Path, *dice: int) -> Iterator[Second]:
    """A process of the server on a free port of the loopback; ``dice`` throw other habits for its lists."""
    file = directory / "target.json"
    arguments = [sys.executable, "-m", "tests.second", str(file), *map(str, dice)]
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("ready ")
            yield Second(file, json.loads(file.read_text(encoding="utf-8")))
        finally:
            process.kill()


def _cells(directory: Path) -> tuple[dict[str, Any], dict[tuple[str, str], list[str]]]:
    """The run of a directory, and its untested cells with the reasons told; no cell is blamed or could not be judged."""
    run = stored(run_of(directory))
    blamed = [cell for cell in run["cells"] if cell["verdict"] not in ("passed", "untested")]
    assert not blamed, json.dumps(blamed, indent=1)
    assert run["incomplete"] is None
    return run, {
        (cell["clause"], cell["operation"]): cell["reasons"]
        for cell in run["cells"]
        if cell["verdict"] == "untested"
    }


def test_the_second_server_conforms(tmp_path: Path) -> None:
    """In full: everything that can be judged passes, and what cannot is known."""
    with second(tmp_path) as server:
        outcome = command("run", "--target", server.file, cwd=tmp_path, timeout=600)
    no_traceback(outcome)
    run, untested = _cells(tmp_path)
    assert outcome.code == 0
    assert set(untested) == set(OPEN)
    assert run["counts"]["passed"] > 2_000


def test_the_second_server_is_not_accused_from_outside(tmp_path: Path) -> None:
    """With its address and one key: what reads is judged but for what wants more, and nothing else is asked for."""
    with second(tmp_path) as server:
        key = {"CONFORMANCE_KEY": server.told["keys"]["full"]}
        outcome = command("run", "--url", server.told["url"], cwd=tmp_path, timeout=600, env=key)
    no_traceback(outcome)
    _, untested = _cells(tmp_path)
    assert outcome.code == 0
    known = {clause for clauses in WITH_ONE_KEY.values() for clause in clauses}
    reading = {
        "*",
        *(
            operation.id
            for operation in contract.load().operations.values()
            if operation.effect is Effect.READ
        ),
    }
    assert {cell for cell in untested if cell[1] in reading and cell[0] not in known} == {
        cell for cell in OPEN if cell[1] == POLLED
    }


@pytest.mark.parametrize("dice", range(1, THROWS + 1))
def test_habits_that_dice_throw_are_not_accused(dice: int, tmp_path: Path) -> None:
    """Orders, limits, maxima, forms of time and cursors in any mixture: no cell is blamed."""
    with second(tmp_path, dice) as server:
        outcome = command("run", "--target", server.file, cwd=tmp_path, timeout=600)
    no_traceback(outcome)
    _cells(tmp_path)
    assert outcome.code == 0


def test_the_second_server_has_the_whole_api() -> None:
    """Every method of every path of the contract and no other, and every parameter of each."""
    register()
    loaded = contract.load()
    assert {(method, path) for path, methods in ROUTES.items() for method in methods} == {
        (operation.method, operation.path) for operation in loaded.operations.values()
    }
    for operation in loaded.operations.values():
        route = ROUTES[operation.path][operation.method]
        body = SIGNUP if operation.path == PUBLIC else route.body
        known = {
            "query": set(route.query.fields),
            "body": set(body.fields if body else ()),
            "header": {"Idempotency-Key"},
        }
        assert [p.name for p in operation.parameters if p.name not in known[p.place]] == [], (
            operation.id
        )


def test_the_second_server_is_independent() -> None:
    """It imports nothing of the suite, and opens no file of it."""
    for module in sorted((ROOT / "tests" / "second").glob("*.py")):
        text = module.read_text(encoding="utf-8")
        assert "import conformance" not in text
        assert "from conformance" not in text
        assert "spec/" not in text
