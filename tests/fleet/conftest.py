"""One night of a fleet, in two shards, for all tests of what is made of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fleet.targets import KINDS, Servers, impatient, running
from tests.servers import Outcome

ALL = (*KINDS, "hanging", "dead")
"""All targets of the night."""


@dataclass(frozen=True)
class Night:
    """A night: its servers, its plan, and the results of each of its shards."""

    servers: Servers
    plan: Path
    shards: tuple[Path, ...]
    outcomes: tuple[Outcome, ...]

    def folder(self, name: str) -> Path:
        """The folder with the result of a target."""
        return next(shard / name for shard in self.shards if (shard / name).exists())


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """The servers of a fleet."""
    with running(tmp_path_factory.mktemp("fleet")) as started:
        yield started


@pytest.fixture(scope="session")
def night(servers: Servers) -> Night:
    """A night in two shards, whose results are in directories of their own."""
    plan = impatient(servers.plan(*ALL), "hanging", 6)
    names = ("first", "second")
    outcomes = tuple(
        servers.command("run", plan, "--shard", f"{number}/2", "--output", name, "--jobs", 2)
        for number, name in enumerate(names, 1)
    )
    return Night(servers, plan, tuple(servers.directory / name for name in names), outcomes)
