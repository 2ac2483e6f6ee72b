"""A whole run beside a bare loop that sends the same requests to an equal server."""

from __future__ import annotations

import base64
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Cost, Process, medians
from benchmarks.servers import Server, counted, run, serving, stored
from benchmarks.table import Row
from conformance import checks, contract, target
from conformance.log import evidence
from conformance.model import Body, Exchange
from conformance.run.runfile import LOG
from conformance.transport.redaction.secrets import SecretStore

MOST = 1.6
"""The goal: seconds of a run in units of those of the bare loop."""


def rows(tries: int) -> Iterator[Row]:
    """Seconds and requests of a full run beside those of the bare loop."""
    with tempfile.TemporaryDirectory() as name:
        pair = _Pair(Path(name) / "requests.json")
        ran, bare = medians(tries, [pair.run, pair.bare])
    against = "bare loop"
    yield Row("full run, start to last report", ran.seconds, "s", against, bare.seconds, most=MOST)
    yield Row("requests sent", ran.requests, "requests", against, bare.requests)
    yield Row("CPU time", ran.cpu, "CPU s", against, bare.cpu)


class _Pair:
    """A run, and then the loop over what it sent."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def run(self) -> Cost:
        """Run against a new server, and keep what was sent."""
        with tempfile.TemporaryDirectory() as name, serving(Path(name)) as server:
            cost = counted(server, run(server))
            sent = list(_sent(server))
            self._file.write_text(json.dumps(sent), encoding="utf-8")
        return cost

    def bare(self) -> Cost:
        """Send the same to another new server, in the order of the log."""
        with tempfile.TemporaryDirectory() as name, serving(Path(name)) as server:
            loop = [sys.executable, "-m", "benchmarks.bare", self._file, server.url]
            return counted(server, Process(loop))


def _sent(server: Server) -> Iterator[tuple[str, str, dict[str, str], str | None]]:
    """The requests of the last run against a server: method, path, headers and body in base64.

    The keys of the target file are put back. Other secrets stay the placeholders that the log has.
    """
    loaded = contract.load(None, frozenset(checks.RULES))
    keys = target.from_file(loaded, server.target).keys
    secrets = SecretStore(keys, loaded.authentication.prefixes)
    origin = "/".join(server.url.split("/")[:3])
    for exchange in evidence.read(stored(server).with_name(LOG)).exchanges:
        yield _request(exchange, secrets, origin)


def _request(
    exchange: Exchange, secrets: SecretStore, origin: str
) -> tuple[str, str, dict[str, str], str | None]:
    request = exchange.request
    filled = {name: secrets.fill(value) for name, value in request.headers}
    headers = {name: value for name, value in filled.items() if name.lower() not in OF_LIBRARY}
    path = secrets.fill(request.url).removeprefix(origin)
    return request.method, path, headers, None if request.body is None else _bytes(request.body)


OF_LIBRARY = ("host", "content-length")
"""Headers that the library writes itself."""


def _bytes(body: Body) -> str:
    """A body in base64."""
    return body.base64 or base64.b64encode(body.written.encode()).decode()
