"""What CONTRIBUTING.md shows works: each recipe is applied to a copy, on which the fast tests pass.

The copies are tried at the same time, one for each processor.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
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
from tests.recipes import Recipe, recipes

ROOT = Path(__file__).parent.parent
PARTS = (
    *("spec", "conformance", "tests", "docs", "benches", ".ci", ".github"),
    *("pyproject.toml", "tox.ini", "README.md", "CONTRIBUTING.md", "SECURITY.md"),
    *("CODE_OF_CONDUCT.md", "CHANGELOG.md"),
)
"""The files and folders of a copy."""

JUDGES = ("conformance/checks", "conformance/judging", "tests/examples")
"""Where a change calls for the examples of the judges."""
FAST = (
    "tests/test_spec.py",
    "tests/test_plan.py",
    "tests/test_labels.py",
    "tests/test_map.py",
    "tests/test_neutral.py",
    "tests/test_evidence.py",
    "tests/test_target.py",
    "tests/test_options.py",
    "tests/test_report.py",
    "tests/test_docs.py",
    "tests/test_prose.py",
    "tests/faults/test_names.py",
    "tests/test_second_routes.py",
)
"""The tests that start no server and take seconds in all."""
LEFT_OUT = "tests/test_checks.py::test_one_subject_is_imported_by_itself"
"""A test of these that takes a second, and depends on nothing that a recipe changes."""

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


def copy(recipe: Recipe, to: Path) -> None:
    """Copy the project, and apply the diff of a recipe. Fails the test if the diff does not fit."""
    ignored = shutil.ignore_patterns("*.pyc.*", "_build", "_generated")
    for name in PARTS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, to / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, to / name)
    command = ["git", "apply", "-C1", "-p1", "-"]
    done = subprocess.run(
        command, cwd=to, input=recipe.diff, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def run_in(directory: Path, *arguments: str) -> str | None:
    """Run Python in a copy. Returns what it printed if it failed, else None."""
    environment = {**os.environ, "PYTHONPATH": str(directory)}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout[-20_000:] + done.stderr if done.returncode else None


def tried(recipe: Recipe, directory: Path) -> str | None:
    """Follow a recipe in a copy, and run the fast tests. Returns what went wrong, or None."""
    copy(recipe, directory)
    for command in recipe.commands:
        failure = run_in(directory, *shlex.split(command.removeprefix("python ")))
        if failure:
            return f"{command}\n{failure}"
    options = ("-q", "-p", "no:cacheprovider", "--deselect", LEFT_OUT)
    touches_judges = any(f"+++ b/{place}" in recipe.diff for place in JUDGES)
    tests = ("tests/test_checks.py", *FAST) if touches_judges else FAST
    return run_in(directory, "-m", "pytest", *options, *tests)


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Future[str | None]]]:
    """The outcome of each recipe that is to be tested, by name, once it is known."""
    collected = {item.name for item in request.session.items}
    names = [
        name for name in RECIPES if f"{test_a_recipe_stays_green.__name__}[{name}]" in collected
    ]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {
            name: pool.submit(tried, RECIPES[name], tmp_path_factory.mktemp(name.replace(" ", "-")))
            for name in names
        }


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
    assert [name for name in FAST if not (ROOT / name).is_file()] == []


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
    copy(RECIPES["endpoint"], tmp_path)
    run = _run(tmp_path, Faulty)
    clauses = {clause for clause, operation in _cells(run, Verdict.PASSED) if operation == LIST}
    assert clauses >= PROMISED
    assert not _cells(run, Verdict.FAILED)
    assert all(f"<code>{operation}</code>" in html.render(run) for operation in (READ, LIST))
    assert _cells(_run(tmp_path, _Flagless), Verdict.FAILED) == {("has-more-present", LIST)}
