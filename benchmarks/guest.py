"""``python -m benchmarks.guest``: what the package costs two trivial tests of another project.

Needs a package registry: it makes an environment without the package, and installs
pytest-playwright beside both.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.measure import Cost, Process, costs

TESTS = "def test_first():\n    assert True\n\n\ndef test_second():\n    assert True\n"
GREEDY = """\
def pytest_addoption(parser):
    for name in ("url", "key", "target", "spec", "seed", "depth"):
        parser.addoption("--" + name)
"""


@dataclass(frozen=True)
class Environment:
    """What surrounds the package."""

    name: str
    playwright: bool = False
    greedy: bool = False
    workers: bool = False


ENVIRONMENTS = (
    Environment("alone"),
    Environment("pytest-playwright", playwright=True),
    Environment("greedy conftest.py", greedy=True),
    Environment("both, pytest-xdist", playwright=True, greedy=True, workers=True),
)


def main() -> None:
    """Print CPU seconds and MiB without the package, with its dependencies, and with all of it."""
    with tempfile.TemporaryDirectory(prefix="guest-") as name:
        directory = Path(name)
        without = _without_package(directory / "without")
        overlay = _playwright(directory / "overlay")
        titles = "".join(f"{title:>18}" for title in ("without", "dependencies", "with", "ours"))
        print(f"{'environment':<20}{titles}")
        for environment in ENVIRONMENTS:
            print(_row(environment, _project(directory, environment), without, overlay))


def _row(environment: Environment, project: Path, without: Path, overlay: Path) -> str:
    variables = {"PYTHONPATH": str(overlay)} if environment.playwright else {}
    options = ["-q", "-p", "no:cacheprovider", *(["-n", "2"] if environment.workers else [])]

    processes = [
        Process([python, "-m", "pytest", *options, *more], project, variables)
        for python, *more in (
            (str(without),),
            (sys.executable, "-p", "no:conformance"),
            (sys.executable,),
        )
    ]
    nothing, blocked, everything = costs(processes)
    ours = Cost(0, everything.cpu - blocked.cpu, everything.memory - blocked.memory)
    cells = "".join(f"{_text(each):>18}" for each in (nothing, blocked, everything, ours))
    return f"{environment.name:<20}{cells}"


def _text(each: Cost) -> str:
    return f"{each.cpu:.2f} s {each.memory:.0f} MiB"


def _project(directory: Path, environment: Environment) -> Path:
    project = directory / environment.name.replace(" ", "-")
    project.mkdir()
    (project / "test_two.py").write_text(TESTS)
    if environment.greedy:
        (project / "conftest.py").write_text(GREEDY)
    return project


def _without_package(directory: Path) -> Path:
    """The interpreter of an environment with pytest and pytest-xdist alone."""
    subprocess.run([sys.executable, "-m", "venv", directory], check=True)
    python = directory / "bin" / "python"
    names = ("pytest", "pytest-xdist")
    _install(python, *(f"{name}=={version(name)}" for name in names))
    return python


def _playwright(directory: Path) -> Path:
    """A directory with pytest-playwright and what it needs, for PYTHONPATH."""
    pytest = f"pytest=={version('pytest')}"
    _install(Path(sys.executable), "--target", str(directory), "pytest-playwright", pytest)
    return directory


def _install(python: Path, *words: str) -> None:
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *words]
    subprocess.run(pip, check=True)


if __name__ == "__main__":
    main()
