"""The container file: its steps run in an empty directory, and the command on a read-only root.

No container engine is needed, so the base image and its digest are not part of this.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import pytest

from conformance import __version__
from tests.ci.runner import ROOT
from tests.servers import BRIEF

pytestmark = pytest.mark.long

TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8")
CONFINED = """
set -e
mount --bind "$1/reports" "$1/reports"
mount --bind "$1/tmp" "$1/tmp"
mount -o remount,bind,ro /
cd "$1"
shift
exec setpriv --reuid 10001 --regid 10001 --clear-groups --no-new-privs -- "$@"
"""
"""Runs a command as the user of the image, on a root that is read-only but for two directories."""


def steps(text: str) -> list[tuple[str, str]]:
    """The instructions of a container file, each with its arguments on one line."""
    joined = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    lines = [line.split(" ", 1) for line in joined.splitlines() if line]
    return [(name, arguments) for name, arguments in lines]


@dataclass(frozen=True)
class Image:
    """What the steps made: a directory in place of the root of the image."""

    root: Path

    @property
    def command(self) -> Path:
        """The command of the entry point."""
        (entry,) = [arguments for name, arguments in steps(TEXT) if name == "ENTRYPOINT"]
        path = str(json.loads(entry)[0])
        return self.root / path.removeprefix("/")


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    """The image of the container file, as far as its own steps make it."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        root.chmod(0o755)  # another user has to reach it
        for name in ("opt", "source", "tmp", "bin"):
            (root / name).mkdir()
        (root / "bin" / "python3").symlink_to(_python())
        _copy_sources(root / "source")
        for name, arguments in steps(TEXT):
            if name == "RUN":
                _run(re.sub(r"(?<![\w.])/(opt|reports)\b", rf"{root}/\1", arguments), root)
        (root / "tmp").chmod(0o1777)
        yield Image(root)


def _python() -> Path:
    """A Python that other users can start, too, if there is one that can make environments."""
    asked = "import ensurepip, sys; sys.exit(sys.version_info < (3, 11))"
    common = Path("/usr/bin/python3")
    if common.exists() and subprocess.run([common, "-I", "-c", asked], check=False).returncode == 0:
        return common
    return Path(sys.executable)


def _copy_sources(target: Path) -> None:
    """Copy what .dockerignore lets through."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert lines[0] == "*"
    for name in [line.removeprefix("!") for line in lines if line.startswith("!")]:
        source = ROOT / name
        (target / name).parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target / name)


def _run(script: str, root: Path) -> None:
    """Run one step with the environment of an empty image."""
    subprocess.run(
        ["sh", "-c", script],
        cwd=root / "source",
        env={"PATH": f"{root}/bin:/usr/bin:/bin", "HOME": str(root / "tmp")}
        | {name: text for name, text in os.environ.items() if name.startswith("PIP_")},
        check=True,
        timeout=300,
    )


def test_the_steps_install_the_command(image: Image) -> None:
    """From the sources alone; every package is listed, as the label says."""
    said = subprocess.check_output([image.command, "--version"], text=True)
    assert __version__ in said
    assert "--hash=sha256:" in (image.root / "opt/conformance/packages.txt").read_text("utf-8")
    assert (image.root / "reports").stat().st_mode & 0o7777 == 0o1777


@pytest.mark.skipif(
    subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode
    != 0,
    reason="needs the right to make a mount namespace",
)
def test_it_runs_without_root_on_a_read_only_root(image: Image) -> None:
    """The command writes to /reports and /tmp alone."""
    tmp = image.root / "tmp"
    settings = {"HOME": str(tmp), "TMPDIR": str(tmp), "PYTHONDONTWRITEBYTECODE": "1"}
    words = ["unshare", "--mount", "sh", "-c", CONFINED, "sh", str(image.root)]
    done = subprocess.run(
        [*words, image.command, "run", "--clause", BRIEF],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (image.root / "reports" / "latest" / "report.html").stat().st_uid == 10001
    refused = subprocess.run([*words, "touch", "x"], capture_output=True, text=True, check=False)
    assert "Read-only" in refused.stderr


def test_the_image_is_pinned_and_not_root() -> None:
    """A base pinned by digest, a user without a name, the command as entry point."""
    found = steps(TEXT)
    bases = {arguments.split(" ")[0] for name, arguments in found if name == "FROM"}
    (base,) = bases
    assert re.fullmatch(r"python:3\.13-slim-trixie@sha256:[0-9a-f]{64}", base)
    assert ("USER", "10001:10001") in found
    (label,) = [arguments for name, arguments in found if name == "LABEL"]
    assert f'org.opencontainers.image.version="{__version__}"' in label
    assert base in (ROOT / "examples/ci/gitlab.yml").read_text(encoding="utf-8")


def test_nothing_private_reaches_the_image() -> None:
    """The build context holds only what is listed: no target file, no report, no history of git."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    allowed = [line.removeprefix("!") for line in lines if line.startswith("!")]
    assert all((ROOT / name).exists() for name in allowed)
    private = ("kaicalls-target.yaml", "reports", ".git", ".venv", "key.env")
    assert not [name for name in private if any(fnmatch(name, each) for each in allowed)]
