"""The recipes of docs/recipes.md work: a copy gets every one, and the fast tests pass on it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

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
    *("spec", "conformance", "tests", "docs", "examples", "benchmarks", ".ci", ".github"),
    *("pyproject.toml", "tox.ini", "README.md", "CONTRIBUTING.md", "SECURITY.md"),
    *("CODE_OF_CONDUCT.md", "CHANGELOG.md", "action.yml", "Dockerfile"),
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
MOST_FILES = {"check": 4, "scenario": 5, "target-file member": 3}
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


def run(directory: Path, command: str) -> str:
    """Run a command of the page in a copy. Returns what it printed if it failed, else nothing."""
    words = [sys.executable, *shlex.split(command)[1:]]
    env = os.environ | {"PYTHONPATH": str(directory)}
    done = subprocess.run(
        words, cwd=directory, env=env, text=True, capture_output=True, check=False
    )
    return f"{command}\n{done.stdout}{done.stderr}"[-20_000:] if done.returncode else ""


def test_recipes_stay_green(tmp_path: Path) -> None:
    """The diffs apply, the commands after them succeed, and then all fast tests pass."""
    copy = copy_of(ROOT, tmp_path)
    for recipe in RECIPES.values():
        apply(recipe, copy)
    files = [file for recipe in RECIPES.values() for file in recipe.files]
    commands = [command for recipe in RECIPES.values() for command in recipe.commands]
    tests = " ".join(["python -m pytest", *QUIETLY, *[shlex.quote(file) for file in fast(files)]])
    for command in (*dict.fromkeys(commands), tests):
        if command == tests or not command.startswith(BY_HAND):
            failure = run(copy, command)
            assert not failure, failure


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
    assert all(operation in html.render(run) for operation in (READ, LIST))
    assert _cells(_run(tmp_path, _Flagless), Verdict.FAILED) == {("has-more-present", LIST)}
