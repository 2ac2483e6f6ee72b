"""The benchmarks run, and their page has each of them."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

import pytest

from benchmarks import NAMES, schemathesis, table
from benchmarks.filling import KIND, fill
from benchmarks.proxy import proxied
from benchmarks.table import Row
from conformance.contract import load
from conformance.server import seeding
from conformance.server.application import application
from conformance.server.store import Page
from tests.faults.faults import FAULTS
from tests.subjects import SUBJECTS

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
DELAY = 0.5


def test_a_benchmark_runs(tmp_path: Path) -> None:
    """The command measures, prints a table and writes the same as JSON."""
    file = tmp_path / "figures.json"
    command = [sys.executable, "-m", "benchmarks", "startup", "--tries", "1", "--json", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[: len(table.HEAD)] == list(table.HEAD)
    rows = json.loads(file.read_text(encoding="utf-8"))["startup"]
    assert "first request" in rows[0]["what"]
    assert all(row["ratio"] > 1 for row in rows if row["against"] != "the goal")


@pytest.mark.parametrize("name", NAMES)
def test_the_page_has_every_benchmark(name: str) -> None:
    """Each has rows to measure, a section that explains it, and figures."""
    assert callable(import_module(f"benchmarks.{name}").rows)
    assert f"### {name}\n" in PAGE
    assert f"| {name} | " in PAGE.partition("## Figures")[2].partition("## Goals")[0]


def test_a_goal_bounds_the_ratio() -> None:
    """A goal is met up to its bound, and a row without one is neither met nor missed."""
    rows = [
        Row("a", 1.6, "s", "b", 1.0, most=1.6),
        Row("a", 1.7, "s", "b", 1.0, most=1.6),
        Row("a", 19, "faults", "of", 20, least=1),
        Row("a", 3, "s", "b", 0),
    ]
    assert [row.met for row in rows] == ["yes", "no", "no", ""]
    assert [row.goal for row in rows] == ["at most 1.6", "at most 1.6", "at least 1", ""]


def test_the_faults_are_of_every_subject() -> None:
    """Twenty faults that exist, two or three of each subject."""
    subjects = [FAULTS[name].subject for name in schemathesis.FAULTS]

    assert len(set(schemathesis.FAULTS)) == 20
    assert {subjects.count(subject) for subject in SUBJECTS} == {2, 3}


def test_a_database_is_filled(tmp_path: Path) -> None:
    """It has as many calls as it was asked for, of which no two share id or place."""
    path = str(tmp_path / "filled.db")
    fill(path, 1_000)
    store = application(load(None), 0, database=path).store
    rows = store.page(Page(KIND, seeding.tenant_id(0, seeding.MAIN), 2_000))
    store.close()

    assert len(rows) == len({row.id for row in rows}) == len({row.sort for row in rows}) == 1_000
    assert all(row.document["created_at"] == row.position for row in rows)


# --- the proxy ------------------------------------------------------------------------------------


class _Echo(StreamRequestHandler):
    """Answers each line with the same line and the address of the client, in two parts."""

    def handle(self) -> None:
        for line in self.rfile:
            self.wfile.write(line[:2])
            self.wfile.write(line[2:-1] + f" {self.client_address[0]}\n".encode())


@pytest.fixture
def through() -> Iterator[tuple[str, int]]:
    """The address of a proxy in front of a server that echoes."""
    with ThreadingTCPServer(("127.0.0.1", 0), _Echo) as behind:
        behind.daemon_threads = True
        with proxied(f"http://127.0.0.1:{behind.server_address[1]}/api", DELAY) as (proxy, url):
            for server in (behind, proxy):
                Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            assert url == f"http://127.0.0.1:{proxy.server_address[1]}/api"
            yield "127.0.0.1", int(proxy.server_address[1])
            for server in (behind, proxy):
                server.shutdown()


def asked(address: tuple[str, int], source: str, lines: int = 1) -> list[tuple[str, float]]:
    """Some answers over one connection, and how long each took."""
    taken = []
    with (
        socket.create_connection(address, 10, source_address=(source, 0)) as connection,
        connection.makefile("rb") as answers,
    ):
        for number in range(lines):
            began = time.monotonic()
            connection.sendall(f"line \xe9 {number}\n".encode("latin-1"))
            answer = answers.readline().decode("latin-1")
            taken.append((answer, time.monotonic() - began))
    return taken


def test_the_proxy_passes_bytes_on_late_over_a_connection_that_stays(
    through: tuple[str, int],
) -> None:
    """What comes back is what the server sent to this client, once the delay is over."""
    answers = asked(through, "127.0.0.2", lines=2)

    assert [text for text, _ in answers] == [f"line \xe9 {n} 127.0.0.2\n" for n in range(2)]
    assert all(DELAY <= seconds < 2 * DELAY for _, seconds in answers)


def test_the_proxy_delays_nothing_for_the_sake_of_another(through: tuple[str, int]) -> None:
    """Ten clients together wait hardly longer than one."""
    began = time.monotonic()
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: asked(through, "127.0.0.1"), range(10)))

    assert len(answers) == 10
    assert time.monotonic() - began < 5 * DELAY
