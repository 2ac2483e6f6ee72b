"""The package is a good guest: it does not disturb other pytest runs in its environment.

Real processes of pytest run another project in two environments: with the package alone, and with
pytest-playwright, a conftest.py that takes every usual name, and workers beside it.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

import pytest
import yaml

from tests import servers
from tests.servers import BRIEF, Command, Outcome, Sandbox, command, no_traceback

pytestmark = pytest.mark.long

PROJECT = '''\
"""Two trivial tests of another project."""

import sys

import pytest


def test_first():
    assert "conformance.plugin" in sys.modules


def test_second(request):
    ours = [name for name in sys.modules if name.partition(".")[0] == "conformance"]
    base = ["conformance.base", "conformance.base.options"]
    assert sorted(ours) == ["conformance", *base, "conformance.plugin"]
    plugins = [name for name, _ in request.config.pluginmanager.list_name_plugin()]
    assert [name for name in plugins if "conformance" in name] == ["conformance"]
'''

GREEDY = '''\
"""A conftest.py with an option, a fixture and a marker of every usual name."""

import pytest


def pytest_addoption(parser):
    for name in ("url", "key", "target", "spec", "seed", "depth", "area", "clause", "output"):
        try:
            parser.addoption("--" + name)
        except ValueError:
            assert name == "output", "pytest-playwright has it"


def pytest_configure(config):
    config.addinivalue_line("markers", "rule(name): a rule of the house")


@pytest.fixture(autouse=True)
def client():
    return "mine"


@pytest.fixture
def case():
    return "mine"
'''

GREEDY_TEST = """\

@pytest.mark.rule("house")
def test_greedy(client, case, pytestconfig):
    assert (client, case) == ("mine", "mine")
    assert pytestconfig.getoption("url") == "http://mine"
"""


@dataclass(frozen=True)
class House:
    """A project of somebody else; a crowded one has everything beside the package."""

    directory: Path
    crowded: bool
    variables: Mapping[str, str]

    def pytest(self, *arguments: object) -> Outcome:
        """Run pytest in the project."""
        more: list[object] = ["-p", "no:cacheprovider"]
        more += ["-n", "2", "--url", "http://mine"] if self.crowded else []
        begun = Command(*more, *arguments, cwd=self.directory, module="pytest", env=self.variables)
        return begun.end()

    @property
    def tests(self) -> int:
        """How many tests the project has."""
        return 3 if self.crowded else 2


@pytest.fixture(scope="module")
def playwright(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with pytest-playwright from the registry, for PYTHONPATH."""
    directory = tmp_path_factory.mktemp("playwright")
    pins = directory / "pins.txt"
    names = {each.name: each.version for each in distributions()}
    names.pop("kaicalls-conformance")
    pins.write_text("".join(f"{name}=={version}\n" for name, version in names.items()))
    overlay = directory / "overlay"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--retries", "1", "install"]
    pip += ["--quiet", "--target", str(overlay), "--constraint", str(pins), "pytest-playwright"]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    if done.returncode and "NewConnectionError" in done.stderr:
        pytest.skip("no package registry can be reached, so pytest-playwright cannot be installed")
    assert done.returncode == 0, done.stderr
    return overlay


@pytest.fixture(scope="module", params=["alone", "crowded"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> House:
    """The other project, in each environment."""
    crowded = request.param == "crowded"
    directory = tmp_path_factory.mktemp(request.param)
    text = PROJECT + (GREEDY_TEST if crowded else "")
    (directory / "test_two.py").write_text(text)
    (directory / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n")
    variables = {}
    if crowded:
        (directory / "conftest.py").write_text(GREEDY)
        variables["PYTHONPATH"] = servers.before_path(request.getfixturevalue("playwright"))
    return House(directory, crowded, variables)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A target."""
    with servers.sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


def test_another_project_runs(house: House) -> None:
    """Its tests pass, and nothing of the suite is imported or registered."""
    outcome = house.pytest("-q")
    assert outcome.code == 0, outcome.said
    assert f"{house.tests} passed" in outcome.out
    if house.crowded:
        assert "--output" in house.pytest("--help").out


@pytest.mark.parametrize("option", ["--markers", "--fixtures"])
@pytest.mark.parametrize("house", ["alone"], indirect=True)
def test_no_marker_and_no_fixture_is_added(house: House, option: str) -> None:
    """Without a target pytest lists the same markers and fixtures as it does without the plugin."""
    beside = house.pytest(option, "-q")
    without = house.pytest(option, "-q", "-p", "no:conformance")
    assert beside.code == without.code == 0, beside.said
    assert _listed(beside) == _listed(without)


def _listed(outcome: Outcome) -> list[str]:
    """What pytest listed, without how long that took and which plugins there are."""
    lines = outcome.out.splitlines()
    return [line for line in lines if not line.startswith("plugins:") and " in " not in line]


def test_the_suite_runs_beside_the_tests_of_the_project(house: House, sandbox: Sandbox) -> None:
    """With a target the suite runs in the same process as the project, and judges and reports."""
    output, target = house.directory / "out", house.directory / "target.yaml"
    declared = yaml.safe_load(sandbox.target.read_text(encoding="utf-8"))
    target.write_text(yaml.safe_dump({**declared, "allow": ["read"]}), encoding="utf-8")
    outcome = house.pytest(
        "test_two.py::test_first",
        "--pyargs",
        "conformance.scenarios",
        "--conformance-target",
        target,
        "--conformance-clause",
        "envelope-json",
        "--conformance-depth",
        "quick",
        "--conformance-output",
        output,
    )
    assert outcome.code == 0, outcome.said
    no_traceback(outcome)
    assert (output / "run.json").stat().st_size
    assert (output / "report.html").stat().st_size
    assert "clauses" in outcome.counts


@pytest.mark.parametrize("house", ["crowded"], indirect=True)
def test_the_command_runs_in_the_directory_of_the_project(house: House, sandbox: Sandbox) -> None:
    """The command ignores other plugins, and the conftest.py of its directory."""
    outcome = command(
        "run",
        "--url",
        sandbox.url,
        "--key",
        sandbox.keys["full"],
        "--clause",
        BRIEF,
        cwd=house.directory,
        env=house.variables,
    )
    assert outcome.code == 0, outcome.said
    no_traceback(outcome)


def _seconds(directory: Path, *arguments: str) -> float:
    """The CPU time of pytest over the project, without the plugins of other distributions."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    outcome = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=directory,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert outcome.returncode == 0, outcome.stdout
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_the_plugin_costs_next_to_nothing(tmp_path: Path) -> None:
    """Two trivial tests take at most 0.1 s more of CPU time with the plugin than without it."""
    (tmp_path / "test_two.py").write_text("def test_a():\n    pass\n\n\ndef test_b():\n    pass\n")
    with_plugin = min(_seconds(tmp_path, "-p", "conformance.plugin") for _ in range(3))
    without = min(_seconds(tmp_path) for _ in range(3))
    assert with_plugin - without <= 0.1
