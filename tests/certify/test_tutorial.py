"""The tutorial works: its shell blocks run in order, by real processes, and print what it says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import servers
from tests.certify import authority
from tests.watched.server import spare_keys

PAGE = (Path(__file__).parents[2] / "docs" / "certify-a-product.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```sh\n(.*?)```(?:\n\n```text\n(.*?)```)?", re.DOTALL)
"""Lines for a shell, and what they print; ``...`` stands for anything."""


@dataclass(frozen=True)
class Step:
    """Lines for a shell, and what the page says that they print."""

    script: str
    printed: str

    @property
    def code(self) -> int:
        """The exit code that is due."""
        return 1 if "Refused" in self.printed else 0

    @property
    def pattern(self) -> str:
        """What has to be found in the output."""
        return ".*".join(re.escape(part) for part in self.printed.strip().split("..."))


SETTINGS, *STEPS = [Step(script, printed) for script, printed in BLOCK.findall(PAGE)]
"""The block that sets the variables, and all others."""


@contextmanager
def settings(directory: Path) -> Iterator[dict[str, str]]:
    """The variables of the page, for a server and an authority that run for a while."""
    (directory / "build").write_bytes(b"the build")
    founded, app = authority.founded(directory / "authority"), servers.faulty()
    with servers.serving(app) as origin, authority.serving(founded) as url:
        keys = {"keys": spare_keys(app), "scoped_keys": {}}
        full = servers.target_file(app, origin, directory / "full.yaml", identity="plain")
        spare = servers.target_file(app, origin, directory / "spare.yaml", **keys)
        yield {
            "TARGET": str(full),
            "SPARE": str(spare),
            "BUILD": str(directory / "build"),
            "STAMP_URL": url,
            "STAMP_ROOTS": str(founded.certificate),
            "PROFILE": "full",
            "SPREAD": "4s",
        }


def follow(step: Step, directory: Path, environment: Mapping[str, str]) -> None:
    """Run the lines of a step. Fails if they print something else than the page says."""
    done = subprocess.run(
        ["bash", "-ec", step.script],
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == step.code, f"{step.script}\n{done.stdout}"
    assert re.search(step.pattern, done.stdout, re.DOTALL), f"{step.script}\n{done.stdout}"


@pytest.mark.long
def test_the_tutorial_works_as_it_stands(tmp_path: Path) -> None:
    """A run of the highest profile can be certified by it. Only ``run`` has a network."""
    outside, desk = tmp_path / "outside", tmp_path / "desk"
    outside.mkdir()
    desk.mkdir()
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    online = {**os.environ, "PATH": path, "NO_COLOR": "1"}
    offline = online | servers.without_network(outside)
    with settings(outside) as given:
        for step in STEPS:
            is_run = "kaicalls-conformance run " in step.script
            follow(step, desk, (online if is_run else offline) | given)
    assert json.loads((desk / "site" / "index.json").read_text())["certificates"] == []
    assert (desk / "certificate.html").stat().st_size > 0
    assert (desk / "badge.svg").stat().st_size > 0


def test_the_tutorial_names_its_variables(tmp_path: Path) -> None:
    """The first block sets each variable that a later one uses, and no other."""
    named = set(re.findall(r"^export (\w+)=", SETTINGS.script, re.MULTILINE))
    used = {name for step in STEPS for name in re.findall(r"\$(\w+)", step.script)}
    assert used == named
    with settings(tmp_path) as given:
        assert given.keys() == named
