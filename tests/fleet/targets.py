"""A fleet of servers with different faults, and the files that a night leaves."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

import yaml

from conformance.fleet import plan
from conformance.server.application import Application
from conformance.server.declaration import declaration
from tests.faults.envelope import routes
from tests.servers import BRIEF, Command, Outcome, command, faulty, serving

KINDS: Mapping[str, type[Application]] = {
    "sound": Application,
    "html": routes.HtmlForUnknownPath,
    "code": routes.OwnCodeForUnknownPath,
    "fault": routes.FaultForUnknownMethod,
    "page": routes.PageForEveryPath,
}
"""The servers of a fleet by the ids of their targets. One is sound."""
CHOSEN = ("--clause", BRIEF, "--depth", "quick")
"""A choice of few requests."""


@dataclass(frozen=True)
class Servers:
    """Running servers: a directory with their target files, and the environment with their keys."""

    directory: Path
    keys: Mapping[str, str] = field(repr=False)

    def command(self, *words: object, **env: str) -> Outcome:
        """Run a command of ``fleet`` with all keys in its environment."""
        return command("fleet", *words, cwd=self.directory, env={**self.keys, **env})

    def begun(self, *words: object, **env: str) -> Command:
        """Begin a command of ``fleet``."""
        return Command("fleet", *words, cwd=self.directory, env={**self.keys, **env})

    def plan(self, *names: str, timeout: int = 60) -> Path:
        """Plan some targets, and return the file."""
        files = [f"targets/{name}.yaml" for name in names]
        outcome = self.command("plan", *files, *CHOSEN, "--timeout", timeout)
        assert outcome.code == 0, outcome.said
        return self.directory / "fleet.json"


@contextmanager
def running(directory: Path) -> Iterator[Servers]:
    """The servers of a fleet, one that accepts connections and never responds, and a dead port."""
    (directory / "targets").mkdir()
    keys: dict[str, str] = {}
    with ExitStack() as stack:
        for seed, (name, kind) in enumerate(KINDS.items()):
            app = faulty(kind, seed)
            origin = stack.enter_context(serving(app))
            keys |= described(app, origin, name, directory / "targets")
        app = faulty()
        silent = stack.enter_context(never_responding())
        keys |= described(app, silent, "hanging", directory / "targets")
        keys |= described(app, dead_port(), "dead", directory / "targets")
        yield Servers(directory, keys)


def described(app: Application, origin: str, name: str, directory: Path) -> dict[str, str]:
    """Write the target file of a server, which names variables; returns these with the keys."""
    told: dict[str, Any] = declaration(app, origin + app.contract.base_path)
    variables = {}
    for member in ("keys", "scoped_keys"):
        for role, key in told[member].items():
            variable = re.sub(r"\W", "_", f"{name}_{role}").upper()
            variables[variable] = key
            told[member][role] = f"${{{variable}}}"
    (directory / f"{name}.yaml").write_text(yaml.safe_dump({**told, "name": name}))
    return variables


@contextmanager
def never_responding() -> Iterator[str]:
    """A server that accepts connections and reads, but never responds."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        held: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    held.append(listening.accept()[0])
                except OSError:
                    return

        Thread(target=accept, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            for each in held:
                each.close()


def dead_port() -> str:
    """The address of a port where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"http://127.0.0.1:{listening.getsockname()[1]}"


def impatient(path: Path, name: str, seconds: int) -> Path:
    """Give one target of a plan fewer seconds than the others."""
    said = json.loads(path.read_text())
    for target in said["targets"]:
        if target["id"] == name:
            target["timeout"] = seconds
    path.write_text(json.dumps(said))
    return path


def shard_of(path: Path, name: str, of: int) -> int:
    """The shard of a target in a plan."""
    (member,) = [member for member in plan.read(path).targets if member.id == name]
    return next(number for number in range(1, of + 1) if member.is_in(number, of))


def rows_of(collected: Path) -> dict[str, dict[str, Any]]:
    """The lines of a collection by the ids of the targets."""
    lines = (collected / "index.jsonl").read_text().splitlines()
    return {row["id"]: row for row in [json.loads(line) for line in lines]}


def problems_of(collected: Path) -> list[tuple[str, str]]:
    """The problems of a collection: target and kind of each."""
    said = json.loads((collected / "fleet.json").read_text())
    return [(each["target"], each["kind"]) for each in said["problems"]]


def alive(pid: int) -> bool:
    """Whether a process still runs. One that has ended may not have been waited for yet."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def child_of(pid: int, seconds: float = 20) -> int:
    """The first run that any thread of a process starts."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for path in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in path.read_text().split():
                with suppress(FileNotFoundError):
                    if b"fleet.leashed" in Path(f"/proc/{child}/cmdline").read_bytes():
                        return int(child)
        time.sleep(0.02)
    raise AssertionError(f"process {pid} has started none in {seconds} s")
