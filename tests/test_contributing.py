"""What CONTRIBUTING.md shows works: each recipe is applied to a copy, on which the fast tests pass.

The copies are tried at the same time, one for each processor.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import Queue

import pytest

from conformance import contract as contracts
from conformance.checks import RULES
from conformance.model import Run, Verdict
from conformance.report import html
from conformance.server import application
from conformance.server.messages import Context
from tests.faults import harness
from tests.faults.base import Faulty
from tests.recipes import FAST, SLOW, Recipe, fast, recipes

pytestmark = pytest.mark.long

ROOT = Path(__file__).parent.parent
PARTS = (
    *("spec", "conformance", "tests", "docs", "benches", ".ci", ".github"),
    *("pyproject.toml", "tox.ini", "README.md", "CONTRIBUTING.md", "SECURITY.md"),
    *("CODE_OF_CONDUCT.md", "CHANGELOG.md"),
)
"""The files and folders of a copy."""

QUIETLY = ("-q", "-p", "no:cacheprovider")

BY_HAND = ("python -m pytest ", "python -m tests.golden", "python -m tests.selftest --write")
"""How commands begin that run servers for long. They are not tried; other tests see that they work.
"""

RECIPES = {recipe.name: recipe for recipe in recipes()}
WANTED = (
    "endpoint",
    "filter",
    "code",
    "clause",
    "check",
    "scenario",
    "fault",
    "variant",
    "report format",
    "command option",
    "target-file member",
    "key role",
)
MOST_FILES = {"check": 3, "scenario": 4, "target-file member": 3}
"""Files that a recipe may touch, where two are not enough."""


def copy_of(place: Path, to: Path) -> Path:
    """Copy the project from a place."""
    ignored = shutil.ignore_patterns("*.pyc.*", "_build", "_generated")
    for name in PARTS:
        if (place / name).is_dir():
            shutil.copytree(place / name, to / name, ignore=ignored)
        else:
            to.mkdir(exist_ok=True)
            shutil.copy2(place / name, to / name)
    return to


def apply(recipe: Recipe, directory: Path) -> None:
    """Apply the diff of a recipe to a copy. Fails the test if it does not fit."""
    command = ["git", "apply", "-C1", "-p1", "-"]
    done = subprocess.run(
        command, cwd=directory, input=recipe.diff, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


class Warm:
    """A warm interpreter, see ``tests/support/warm.py``."""

    def __init__(self) -> None:
        hidden = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(ROOT / "tests" / "support" / "warm.py")],
            env={name: value for name, value in os.environ.items() if name not in hidden},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, directory: Path, module: str, *arguments: str) -> str | None:
        """Run a module in a copy. Returns what it printed if it failed, else None."""
        output = directory / "output.txt"
        order = {"directory": str(directory), "module": module, "arguments": arguments}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({**order, "output": str(output)}) + "\n")
        self._process.stdin.flush()
        code = self._process.stdout.readline()
        return None if code == "0\n" else f"{code}{output.read_text()[-20_000:]}"

    def close(self) -> None:
        """End the interpreter, which may be in the middle of a command that nobody waits for."""
        self._process.kill()
        self._process.communicate()


def tried(warm: Warm, recipe: Recipe, directory: Path) -> str | None:
    """Follow a recipe in a copy, and run the fast tests. Returns what went wrong, or None."""
    apply(recipe, directory)
    for command in recipe.commands:
        if command.startswith(BY_HAND):
            continue
        failure = warm.run(directory, *shlex.split(command.removeprefix("python -m ")))
        if failure:
            return f"{command}\n{failure}"
    return warm.run(directory, "pytest", *QUIETLY, *fast(recipe.files))


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Future[str | None]]]:
    """The outcome of each recipe that is to be tested, by name, once it is known.

    All are copies of one copy, in which every module is compiled.
    """
    collected = {item.name for item in request.session.items}
    names = [
        name for name in RECIPES if f"{test_a_recipe_stays_green.__name__}[{name}]" in collected
    ]
    warm = [Warm() for _ in range(os.cpu_count() or 1)]
    compiled = copy_of(ROOT, tmp_path_factory.mktemp("compiled"))
    failure = warm[0].run(compiled, "pytest", *QUIETLY, "--collect-only", *FAST)
    assert failure is None, failure
    idle: Queue[Warm] = Queue()
    for each in warm:
        idle.put(each)

    def follow(name: str) -> str | None:
        directory = copy_of(compiled, tmp_path_factory.mktemp(name.replace(" ", "-")))
        mine = idle.get()
        try:
            return tried(mine, RECIPES[name], directory)
        finally:
            idle.put(mine)

    with ThreadPoolExecutor(len(warm)) as pool:
        yield {name: pool.submit(follow, name) for name in names}
    for each in warm:
        each.close()


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_stays_green(name: str, outcomes: Mapping[str, Future[str | None]]) -> None:
    """The diff applies, the commands after it succeed, and then all fast tests pass."""
    failure = outcomes[name].result()
    assert failure is None, failure


def test_there_is_a_recipe_for_all_that_is_added_often() -> None:
    """Each of the usual additions has a recipe, which touches few files."""
    assert tuple(RECIPES) == WANTED
    over = [name for name, each in RECIPES.items() if len(each.files) > MOST_FILES.get(name, 2)]
    assert over == []


def test_fast_tests_exist() -> None:
    """Each entry of the list is a file."""
    assert [name for name in FAST if not (ROOT / name.partition("::")[0]).is_file()] == []


def test_slow_tests_exist() -> None:
    """Each entry of the list is a function in a file of the fast tests."""
    for name in SLOW:
        file, _, function = name.partition("::")
        assert file in FAST
        assert f"def {function}(" in (ROOT / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", RECIPES)
def test_a_command_that_is_not_tried_names_files_that_exist(name: str) -> None:
    """The tests that a recipe ends with are files of the project."""
    for command in RECIPES[name].commands:
        assert command.startswith("python -m ")
        files = [word for word in command.split() if word.endswith(".py")]
        assert [file for file in files if not (ROOT / file).is_file()] == []


# --- what a new endpoint gets ---------------------------------------------------------------------

READ, LIST = "read_contact", "list_contacts"
PROMISED = {"paging-exclusive", "has-more-false", "scope-required", "business-rows", "key-revoked"}
"""Some of the clauses that a new list is judged by."""


class _Flagless(Faulty):
    """The new list has no has_more."""

    def render_page(
        self, context: Context, items: list[dict[str, object]], more: bool
    ) -> dict[str, object]:
        page = super().render_page(context, items, more)
        if context.operation.id != LIST:
            return page
        return {name: value for name, value in page.items() if isinstance(value, list)}


def _run(directory: Path, kind: type[Faulty]) -> Run:
    """A run of the suite on the new operations of a changed contract."""
    loaded = contracts.load(directory / "spec", frozenset(RULES))
    aim = harness.Aim(operations=(LIST, READ))
    return harness.run(loaded, application(loaded, kind=kind), aim=aim)


def _cells(run: Run, verdict: Verdict) -> set[tuple[str, str]]:
    return {(cell.clause, cell.operation) for cell in run.cells if cell.verdict is verdict}


def test_an_endpoint_takes_no_line_of_code(tmp_path: Path) -> None:
    """With its path item alone it is planned, served, judged and reported, and its faults show."""
    apply(RECIPES["endpoint"], copy_of(ROOT, tmp_path))
    run = _run(tmp_path, Faulty)
    clauses = {clause for clause, operation in _cells(run, Verdict.PASSED) if operation == LIST}
    assert clauses >= PROMISED
    assert not _cells(run, Verdict.FAILED)
    assert all(f"<code>{operation}</code>" in html.render(run) for operation in (READ, LIST))
    assert _cells(_run(tmp_path, _Flagless), Verdict.FAILED) == {("has-more-present", LIST)}
