"""A challenged run with time stamps, made by real processes."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from conformance.certify import attached
from conformance.certify.keys import CERTIFIER, VENDOR
from conformance.certify.trust import Trust
from conformance.command import cli
from conformance.model import Run
from conformance.run import runfile
from conformance.run.runfile import Opened
from tests import servers
from tests.certify import authority
from tests.certify.authority import Authority
from tests.support.contracts import real

ROOT = Path(__file__).parents[2]


def told(*words: object) -> object:
    """What the command returns for some words, in this process. Raises what it reports."""
    return cli.group.main([str(word) for word in words], standalone_mode=False)


def documented(beginning: str) -> str:
    """The lines of the documentation from the one with some beginning, as a shell takes them."""
    page = (ROOT / "docs" / "challenge-runs.md").read_text(encoding="utf-8")
    start = page.index(f"\n{beginning}")
    return page[start : page.index("```", start)].strip()


def works(lines: str, directory: Path) -> bool:
    """Whether a shell runs lines without an error."""
    done = subprocess.run(lines, shell=True, cwd=directory, capture_output=True, check=False)
    return done.returncode == 0


def key_of(directory: Path, name: str) -> Path:
    """A new OpenSSH key."""
    path = directory / name
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)]
    subprocess.run(command, check=True)
    return path


def trusted(key: Path, namespace: str) -> str:
    """The line of a trust file for a key."""
    public = key.with_name(f"{key.name}.pub").read_text()
    return f'{key.name}@example.org namespaces="{namespace}" {public}'


@dataclass(frozen=True)
class Story:
    """A vendor froze, a certifier challenged, and the run was stamped: all files of that."""

    directory: Path
    target: Path
    authority: Authority
    said: str

    @property
    def run_directory(self) -> Path:
        """The directory of the run."""
        return servers.run_of(self.directory)

    @cached_property
    def opened(self) -> Opened:
        """The stored run."""
        return runfile.open_run(self.run_directory, real())

    @cached_property
    def run(self) -> Run:
        """The run, judged."""
        return self.opened.judged()

    @cached_property
    def files(self) -> dict[str, bytes]:
        """What the run keeps besides its evidence."""
        return attached.files_of(self.run_directory)

    @property
    def trust(self) -> Trust:
        """The signers whom everyone trusts."""
        return Trust.read(self.directory / "trust")


@contextmanager
def made(directory: Path) -> Iterator[Story]:
    """The whole story, by real processes of openssl, ssh-keygen and the command."""
    vendor, certifier = key_of(directory, "vendor"), key_of(directory, "certifier")
    (directory / "trust").write_text(trusted(vendor, VENDOR) + trusted(certifier, CERTIFIER))
    founded = authority.founded(directory / "authority")
    app = servers.faulty()
    with servers.serving(app) as origin, authority.serving(founded) as url:
        target = servers.target_file(app, origin, directory / "target.yaml")
        frozen, challenge = directory / "freeze.json", directory / "challenge.json"
        product = ("--product", "Example Calls", "--version", "3.1", "--build", target)
        told("freeze", "--target", target, *product, "--key", vendor, "--output", frozen)
        signing = ("--trust", directory / "trust", "--key", certifier, "--output", challenge)
        told("challenge-run", "new", "--freeze", frozen, *signing)
        bound = ("--challenge", challenge, "--stamp", url, "--stamp-every", "1s")
        chosen = ("--area", "writes", "--depth", "quick")
        outcome = servers.command("run", "--target", target, *bound, *chosen, cwd=directory)
        assert outcome.code == 0, outcome.said
        yield Story(directory, target, founded, outcome.said)
