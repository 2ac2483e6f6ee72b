"""The real command as a process, and servers for it: the sandbox, faulty and hostile ones."""

from __future__ import annotations

import gzip
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any, BinaryIO

import yaml
from waitress.server import create_server

from conformance import report
from conformance.report import view
from conformance.run import runfile
from conformance.server.application import Application, application
from conformance.server.declaration import declaration
from conformance.server.messages import Refusal, Reply, Request
from tests.support import contracts, warm

FILES = frozenset({*report.FILES, runfile.RUN, runfile.PACKED})
"""The files that a run of the command leaves in its directory."""

BRIEF = "envelope-unrouted"
"""A clause that a dozen reads with one key verify, for tests that want any run."""

CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that act on a terminal; only the line end may stand in what the command prints."""

NO_NETWORK = """\
import socket

def refuse(*_args, **_kwargs):
    raise RuntimeError("this process uses the network")

for name in ("connect", "connect_ex", "bind", "sendto"):
    setattr(socket.socket, name, refuse)
socket.getaddrinfo = socket.create_connection = refuse
"""
"""A sitecustomize that takes the network away from a Python process."""

NO_WAITING = """\
from conformance.scenarios.client import client

client.PAUSES = tuple(0.02 for _ in client.PAUSES)
"""
"""A sitecustomize with which a run looks as often for what a server does not show, but at once."""


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # a shell lets what it starts in the background ignore Ctrl-C, and all that this starts, too
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # the same for nohup
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


# --- the command ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """A finished process: exit code, both outputs, seconds, and the most memory it held, in MiB."""

    code: int
    out: str
    err: str
    seconds: float
    memory: float

    @property
    def said(self) -> str:
        """Everything it printed."""
        return self.out + self.err

    @property
    def verdict(self) -> str:
        """The line with the verdict of a run."""
        (line,) = [line for line in self.out.splitlines() if re.match(VERDICT, line)]
        return line

    @property
    def headline(self) -> str:
        """The headline in that line."""
        return headline_in(self.verdict)

    @property
    def counts(self) -> str:
        """The line with the counts of cells."""
        (line,) = [line for line in self.out.splitlines() if re.match("[0-9,]+ passed", line)]
        return line

    @property
    def report(self) -> str:
        """The last line, with the path of the report."""
        return self.out.splitlines()[-1].strip()


def allowed(megabytes: float) -> float:
    """A bound of memory in MiB; a process is charged for what its parent held at its start."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return max(megabytes, own + 100)


VERDICT = rf"[{''.join(sign.symbol for sign in view.SIGNS.values())}] "
"""How the line with the verdict begins."""
COUNTED = r"[:,] [0-9,]+ (causes?|warnings?|waived)\b.*"
"""The causes after a headline."""


def headline_in(line: str) -> str:
    """The headline in a line with the verdict of a run, or in the value of a badge."""
    words = re.sub(f"^(# )?{VERDICT}", "", line)
    return re.sub(COUNTED, "", re.sub(r" \([^()]*\b[0-9]+:[0-9]{2}\)$", "", words))


class Command:
    """A process of the command, begun at once; ``end`` waits for it."""

    def __init__(
        self,
        *arguments: object,
        cwd: Path,
        module: str = "conformance",
        env: Mapping[str, str] = {},
    ) -> None:
        self._files = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115 - closed with the command
        self._began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *[str(argument) for argument in arguments]],
            cwd=cwd,
            env=_environment(env),
            stdin=subprocess.DEVNULL,
            stdout=self._files[0],
            stderr=self._files[1],
            start_new_session=True,
        )

    def end(self, timeout: float = 300) -> Outcome:
        """Wait for the end of the process. Fails the test after ``timeout`` seconds."""
        while True:
            found, status, usage = os.wait4(self.process.pid, os.WNOHANG)
            seconds = time.monotonic() - self._began
            if found:
                self.process.returncode = os.waitstatus_to_exitcode(status)
                return Outcome(
                    self.process.returncode,
                    self._text(0),
                    self._text(1),
                    seconds,
                    usage.ru_maxrss / 1024,
                )
            if seconds > timeout:
                os.killpg(
                    self.process.pid, signal.SIGKILL
                )  # with the server that it may have started
                self.process.wait()
                raise AssertionError(
                    f"still running after {timeout} s\n{self._text(0)}\n{self._text(1)}"
                )
            time.sleep(0.02)

    def children(self) -> list[int]:
        """The processes that it has started and that still run."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(word) for word in path.read_text().split()]

    def said(self) -> str:
        """What it has printed so far."""
        return self._text(0)

    def _text(self, which: int) -> str:
        file = self._files[which]
        file.seek(0)
        return file.read().decode("utf-8", "surrogateescape")


def command(
    *arguments: object, cwd: Path, timeout: float = 300, env: Mapping[str, str] = {}
) -> Outcome:
    """Run the command to its end, in a fork of a process that has imported it.

    Where the start of the interpreter matters, as for signals, a test begins a ``Command``.
    """
    if not warm.can_run(env):
        return Command(*arguments, cwd=cwd, env=env).end(timeout)
    environment = _environment(env)
    with tempfile.TemporaryDirectory() as directory:
        outputs = (Path(directory) / "out", Path(directory) / "err")
        for path in outputs:
            path.touch()
        forking = warm.POOL.take(_environment({}))
        began = time.monotonic()
        process = forking.begin([str(word) for word in arguments], environment, cwd, outputs)
        ended = forking.end(timeout)
        seconds = time.monotonic() - began
        if ended is None:
            os.killpg(process, signal.SIGKILL)  # with the server that it may have started
            forking.end(timeout)
        warm.POOL.idle.append(forking)
        out, err = [path.read_bytes().decode("utf-8", "surrogateescape") for path in outputs]
    assert ended, f"still running after {timeout} s\n{out}\n{err}"
    return Outcome(ended[0], out, err, seconds, ended[1])


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    ours = ("CONFORMANCE_", "PYTEST_", "FORCE_COLOR", "COLUMNS", "GITHUB_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    asked = {"CONFORMANCE_YES": "1"}  # nobody sits before a test
    return kept | {"NO_COLOR": "1", "PYTHONUNBUFFERED": "1", **asked, **more}


def without_network(directory: Path) -> dict[str, str]:
    """The environment of a process that may not use the network."""
    return beginning_with(NO_NETWORK, directory)


def without_waiting(directory: Path) -> dict[str, str]:
    """The environment of a run against a server whose writes show at once or never."""
    return beginning_with(NO_WAITING, directory)


def before_path(directory: Path) -> str:
    """The search path of Python with a directory at its front."""
    path = os.environ.get("PYTHONPATH")
    return os.pathsep.join([str(directory), path]) if path else str(directory)


def beginning_with(code: str, directory: Path) -> dict[str, str]:
    """The environment of a Python process that begins with some code."""
    (directory / "sitecustomize.py").write_text(code, encoding="utf-8")
    return {"PYTHONPATH": before_path(directory)}


def run_of(directory: Path) -> Path:
    """The one run in the reports of a directory."""
    return (directory / "reports" / "latest").resolve()


def stored(run: Path) -> Any:
    """What run.json of a run says."""
    return json.loads((run / "run.json").read_text(encoding="utf-8"))


def text_of(run: Path, name: str) -> str:
    """What a file of a run says; the log is compressed."""
    content = (run / name).read_bytes()
    return (gzip.decompress(content) if name == runfile.PACKED else content).decode()


def lines_of(run: Path) -> list[dict[str, Any]]:
    """The exchanges of a run, as its log holds them."""
    lines = text_of(run, runfile.PACKED).splitlines()
    values = [json.loads(line) for line in lines]
    return [value for value in values if "exchange" in value]


def no_traceback(outcome: Outcome) -> None:
    """What a process printed holds no traceback and nothing that acts on a terminal."""
    assert "Traceback" not in outcome.said
    assert not CONTROL.findall(outcome.said)


# --- proper servers -------------------------------------------------------------------------------


def connections(listening: socket.socket) -> Iterator[tuple[socket.socket, BinaryIO]]:
    """Each connection to a listening socket with what it sends, until the socket is shut down."""
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection, connection.makefile("rb") as sent:
            yield connection, sent


@contextmanager
def serving(app: Any, port: int = 0) -> Iterator[str]:
    """Serve a WSGI application from a thread, on a free port or a given one; gives its origin."""
    server = create_server(
        app,
        host="127.0.0.1",
        port=port,
        threads=8,
        ident="sandbox",
        clear_untrusted_proxy_headers=True,
    )
    Thread(target=server.run, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.close()  # its thread notices within a second


def keys_of(app: Application) -> dict[str, str]:
    """The keys of an application, by role and by scope."""
    told = declaration(app, "http://127.0.0.1")
    return {**told["keys"], **told["scoped_keys"]}


def faulty(kind: type[Application] = Application, seed: int = 0) -> Application:
    """The reference application, or a subclass that differs from it."""
    return application(contracts.real(), seed, kind=kind)


class Remembering(Application):
    """The reference server, which remembers what it was asked, and may lack routes."""

    def lacks(self, request: Request) -> bool:
        """Whether there is no such route."""
        return False

    def dispatch(self, request: Request) -> Reply:
        if self.lacks(request):
            raise Refusal("not_found", "There is no such path")
        return super().dispatch(request)

    @cached_property
    def asked(self) -> list[Request]:
        """The requests so far."""
        return []

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        self.asked.append(request)
        return super().answer(request)


class EverythingFound(Application):
    """A server behind a proxy that turns every 404 into 200."""

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        reply, body = super().answer(request)
        return (replace(reply, status=200) if reply.status == 404 else reply), body


def target_file(app: Application, origin: str, path: Path, **more: Any) -> Path:
    """Write the target file of an application, with further members."""
    told = declaration(app, origin + app.contract.base_path) | more
    path.write_text(yaml.safe_dump(told), encoding="utf-8")
    return path


@dataclass(frozen=True)
class Sandbox:
    """A running process of `serve`: its address, keys by role, target file, log and the command."""

    url: str
    keys: Mapping[str, str]
    target: Path
    log: Path
    process: subprocess.Popen[str]
    said: tuple[str, ...]

    def requests(self) -> list[dict[str, Any]]:
        """The requests that its log holds so far."""
        return [
            json.loads(line)
            for line in self.log.read_text(encoding="utf-8").splitlines()
            if line.endswith("}")
        ]


def slowed(target: Path, path: Path, rate: int) -> Path:
    """Write a target file with a rate of requests a second, so that a run takes long."""
    told = yaml.safe_load(target.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump({**told, "rate": rate}), encoding="utf-8")
    return path


@contextmanager
def sandbox(directory: Path) -> Iterator[Sandbox]:
    """A process of `serve` on a free port, with a log."""
    target, log = directory / "target.yaml", directory / "requests.jsonl"
    arguments = ["serve", "--target-out", str(target), "--log", str(log)]
    with subprocess.Popen(
        [sys.executable, "-m", "conformance", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env=_environment({}),
    ) as process:
        try:
            assert process.stdout is not None
            said: list[str] = []
            while not said or not said[-1].startswith("ready "):
                line = process.stdout.readline()
                assert line, f"serve ended before it was ready: {said}"
                said.append(line.strip())
            keys = dict(line.split(" ") for line in said[:-1])
            yield Sandbox(said[-1].split(" ")[1], keys, target, log, process, tuple(said))
        finally:
            process.kill()


# --- servers that speak no proper HTTP ------------------------------------------------------------

Answer = Callable[[Callable[[bytes], Any]], None]
"""Writes an answer, byte by byte if it likes."""


@contextmanager
def raw(answers: Mapping[str, Answer]) -> Iterator[str]:
    """A server that answers by the first segment of the path, one request per connection."""

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            try:
                line = self.rfile.readline(70_000)
                while self.rfile.readline(70_000).strip():
                    pass
                answers[line.split(b" ")[1].split(b"/")[1].decode()](self.wfile.write)
            except (OSError, IndexError, KeyError):
                pass

    class Server(ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
