"""Nights: a month of them on one server, what each must say, and what the state must survive."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from conformance.server.application import Application
from conformance.server.messages import Refusal, Reply, Request
from tests import month, servers
from tests.faults.base import altered

OPERATIONS = ["list_agents", "read_agent", "create_agent", "update_agent"]
SELECTION = ("--clause", "status-401", "--clause", "status-404")
SECRET = "s3cr3t-of-the-channel"


# --- a server with switches, and a channel --------------------------------------------------------


class Switched(Application):
    """The reference server, whose faults can be switched on and off while it runs.

    ``on`` names the faults. ``hung`` is set once a request hangs, until ``released`` is set.
    """

    on: set[str]
    hung: Event
    released: Event

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        if "hangs" in self.on:
            self.hung.set()
            self.released.wait(60)
        if "locked" in self.on:
            reply = self.refused(request, Refusal("unauthenticated"))
            return reply, self.encode(reply)
        return super().answer(request)

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        reply = super().refused(request, refusal)
        operation = self.named(request)
        if "keys" in self.on and reply.status == 401 and operation == "read_agent":
            return altered(reply, 403, code="forbidden")
        if "silent" in self.on and reply.status == 404 and operation == "update_agent":
            return altered(reply, message="")
        return reply

    def named(self, request: Request) -> str:
        """The id of the operation of a request; empty for an unknown route."""
        try:
            return self.route(request)[0].id
        except Refusal:
            return ""


def switched(*on: str) -> Switched:
    """A server with some faults on."""
    app = servers.faulty(Switched)
    assert isinstance(app, Switched)
    app.on, app.hung, app.released = set(on), Event(), Event()
    return app


@dataclass
class Channel:
    """A real HTTP server that Apprise sends to, and that can be down."""

    received: list[dict[str, Any]] = field(default_factory=list)
    port: int = 0
    server: ThreadingHTTPServer | None = None

    @property
    def address(self) -> str:
        """Its address for Apprise, with a secret."""
        return f"json://user:{SECRET}@127.0.0.1:{self.port}/{SECRET}"

    def up(self) -> None:
        """Listen, on the same port as before."""
        received = self.received

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_port
        Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def down(self) -> None:
        """Stop listening."""
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


@pytest.fixture
def channel() -> Iterator[Channel]:
    """A channel that is up."""
    it = Channel()
    it.up()
    yield it
    it.down()


class Nights:
    """A process that spends nights at given moments, and another one once it was killed."""

    def __init__(self, directory: Path, target: Path, channel: Channel) -> None:
        self.directory, self.target, self.channel = directory, target, channel
        self.said = directory / "said.txt"
        self.process = self._started()

    def _started(self) -> subprocess.Popen[str]:
        env = servers._environment({"CONFORMANCE_NOTIFY": self.channel.address})
        with self.said.open("a") as said:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.nights"],
                cwd=self.directory,
                env=env | {"PYTHONPATH": servers.before_path(Path(__file__).parent.parent)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )

    def begin(self, night: month.Spent, *more: str) -> None:
        """Begin a night."""
        arguments = ["nightly", "--target", str(self.target), *SELECTION, "--keep", "3", *more]
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([night.at.isoformat(), arguments]) + "\n")
        self.process.stdin.flush()

    def end(self) -> int:
        """The exit code of the night that began last."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.said.read_text()
        return int(line)

    def kill(self) -> None:
        """Kill the process in the middle of a night, and start another one."""
        self.process.kill()
        self.process.wait()
        self.process = self._started()

    def close(self) -> None:
        """Stop the process."""
        self.process.kill()
        self.process.wait()


@contextmanager
def serving(app: Application, directory: Path, **more: Any) -> Iterator[Path]:
    """Serve an application, and write its target file with the operations of these tests."""
    with servers.serving(app) as origin:
        path = servers.target_file(app, origin, directory / "target.yaml", only=OPERATIONS, **more)
        path.chmod(0o600)
        yield path


# --- a month --------------------------------------------------------------------------------------

SWITCHES = {
    month.Event.BROKEN: ({"keys"}, set()),
    month.Event.UNHEARD: ({"keys"}, set()),
    month.Event.REPAIRED: (set(), {"keys"}),
    month.Event.DEAF: (set(), {"keys"}),
    month.Event.LOCKED: ({"locked"}, set()),
    month.Event.UNLOCKED: (set(), {"locked"}),
}
"""The faults that come, and those that go, with what happens in a night."""


def spend(night: month.Spent, nights: Nights, app: Switched) -> int | None:
    """Spend a night as it happens; returns its exit code, None if it did not end."""
    come, gone = SWITCHES.get(night.event, (set(), set()))
    app.on = (app.on | come) - gone
    if night.event is month.Event.ABSENT:
        return None
    if night.event is month.Event.UNHEARD:
        nights.channel.down()
    if night.event is month.Event.HEARD:
        nights.channel.up()
    if night.event is month.Event.KILLED:
        app.on.add("hangs")
        nights.begin(night)
        assert app.hung.wait(30)
        nights.kill()
        app.on.remove("hangs")
        app.released.set()
        return None
    nights.begin(night, *(["--budget", "20"] if night.event is month.Event.THINNER else []))
    return nights.end()


def notices_in(directory: Path) -> tuple[str, ...]:
    """The notices on the page of the last night."""
    page = (directory / "nightly.md").read_text(encoding="utf-8")
    lines, _, _ = page.partition("Reported before")
    return tuple(line[2:].strip("`") for line in lines.splitlines() if line.startswith("- "))


@pytest.mark.long
def test_a_month_of_nights(tmp_path: Path, channel: Channel) -> None:
    """Each night gives its exit code and exactly its notices, and each message arrives once."""
    waiver = {
        "clause": month.WAIVED,
        "operations": ["update_agent"],
        "statement": "known since May",
        "owner": "Ann",
        "ticket": "X-1",
        "expires": month.ENDS.isoformat(),
    }
    app, seen, sent = switched("silent"), [], []
    with serving(app, tmp_path, waivers=[waiver]) as target:
        nights = Nights(tmp_path, target, channel)
        try:
            for night in month.NIGHTS:
                code = spend(night, nights, app)
                notices = () if code is None else notices_in(tmp_path / "reports")
                seen.append(month.Spent(night.day, night.event, code, notices))
                sent.append(len(channel.received))
        finally:
            nights.close()
    print(*seen, sep="\n"); print(sent); print(*channel.received, sep="\n")
    assert tuple(seen) == month.NIGHTS
